import { AgendaError } from '../core/index.js';
import { repartitionCommand } from './repartition-command.js';
import { UsageError, type Command, type CommandIo } from './usage.js';

const PROGRAM = 'nestjs-agenda-redis';

/** By their names. */
const COMMANDS: Readonly<Record<string, Command>> = { repartition: repartitionCommand };

/** Done; could not be done; not understood. */
export type ExitCode = 0 | 1 | 2;

/** Runs what the arguments ask for, and says on `tell` how it went. Never rejects. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === 'help') {
    io.tell(overview());
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    io.tell(`There is no command "${name}".\n\n${overview()}`);
    return 2;
  }
  if (rest.includes('--help')) {
    io.tell(`${PROGRAM} ${command.usage}`);
    return 0;
  }
  return carriedOut(command, rest, io);
}

async function carriedOut(
  command: Command,
  args: readonly string[],
  io: CommandIo,
): Promise<ExitCode> {
  try {
    await command.run(args, io);
    return 0;
  } catch (error) {
    if (isMisuse(error)) {
      io.tell(`${error.message}\n\n${PROGRAM} ${command.usage}`);
      return 2;
    }
    // Ours say what to do; of others it helps to know where they come from.
    io.tell(error instanceof AgendaError ? error.message : String((error as Error).stack ?? error));
    return 1;
  }
}

const isMisuse = (error: unknown): error is Error =>
  error instanceof UsageError ||
  String((error as { code?: unknown } | null)?.code).startsWith('ERR_PARSE_ARGS');

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { purpose }]) => `  ${name}  ${purpose}`);
  return `${PROGRAM} <command> [options]\n\n${lines.join('\n')}\n\n<command> --help tells its options.`;
}
