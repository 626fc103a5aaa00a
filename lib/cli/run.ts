import {
  AgendaError,
  InvalidCursorError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
} from '../core/index.js';
import { COMMANDS } from './command-table.js';
import { EXIT, type Command, type CommandIo, type ExitCode } from './command.js';
import { WAITING_ADVICE } from '../redis/redis-errors.js';
import { jsonText } from './format/json.js';
import { plainLines, withoutPasswords } from './format/plain-text.js';
import { UsageError } from './usage-error.js';

const PROGRAM = 'nestjs-agenda-redis';

/** Runs what the arguments ask for. Never rejects. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined) {
    io.tell(overview());
    return EXIT.misused;
  }
  if (name === '--help' || name === 'help') {
    io.print(overview());
    return EXIT.done;
  }
  const isJson = rest.includes('--json');
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const remedy = `There is no command "${name}". --help lists those there are.`;
    return refused(new UsageError(remedy), isJson, io);
  }
  if (asksForHelp(rest)) {
    io.print(`${PROGRAM} ${command.usage}`);
    return EXIT.done;
  }
  return carriedOut(name, command, rest, isJson, io);
}

async function carriedOut(
  name: string,
  command: Command,
  args: readonly string[],
  isJson: boolean,
  io: CommandIo,
): Promise<ExitCode> {
  try {
    const code = await command.run(args, io);
    return io.signal.aborted ? EXIT.interrupted : code;
  } catch (error) {
    if (io.signal.aborted && error === io.signal.reason) return EXIT.interrupted;
    const code = refused(error, isJson, io);
    if (code === EXIT.misused && !isJson) io.tell(`\n${PROGRAM} ${name} --help tells its options.`);
    return code;
  }
}

/** Whatever stands behind `--` is no option. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).includes('--help');
}

function refused(error: unknown, isJson: boolean, io: CommandIo): ExitCode {
  const { name, message } = toldOf(error);
  io.tell(isJson ? jsonText({ error: { name, message } }) : plainLines(message));
  return isMisuse(error) ? EXIT.misused : EXIT.failed;
}

/** Ours say what to do; of others it helps to know where they come from. */
function toldOf(error: unknown): { readonly name: string; readonly message: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: withoutPasswords(String(error)) };
  const { message, stack = message } = error;
  const name = error instanceof TypeError && isMisuse(error) ? 'UsageError' : error.name;
  const isPlain = error instanceof AgendaError || isMisuse(error);
  return { name, message: withoutPasswords(isPlain ? message.replace(WAITING_ADVICE, '') : stack) };
}

/** Values that the engine does not take are no less misused than those that the command itself refuses. */
const MISUSES = [
  UsageError,
  InvalidOptionError,
  InvalidScheduleError,
  InvalidJobError,
  InvalidCursorError,
];

const isMisuse = (error: unknown): boolean =>
  MISUSES.some((misuse) => error instanceof misuse) ||
  String((error as { code?: unknown } | null)?.code).startsWith('ERR_PARSE_ARGS');

function overview(): string {
  const entries = Object.entries(COMMANDS);
  const width = Math.max(...entries.map(([name]) => name.length));
  const groups = grouped(entries);
  const parts = [...groups].map(([group, members]) => {
    const lines = members.map(([name, { purpose }]) => `  ${name.padEnd(width)}  ${purpose}`);
    return [group, ...lines].join('\n');
  });
  return [
    `${PROGRAM} <command> [options]`,
    ...parts,
    'Redis is where --url or REDIS_URL says. <command> --help tells its options, --json prints JSON.',
    'Exit codes: 0 done; 1 could not, or not all of it; 2 not understood; 3 nothing found or changed; 130 stopped.',
  ].join('\n\n');
}

function grouped(
  entries: readonly (readonly [string, Command])[],
): Map<string, (readonly [string, Command])[]> {
  const groups = new Map<string, (readonly [string, Command])[]>();
  for (const entry of entries) {
    const { group } = entry[1];
    groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  return groups;
}
