/*
 * npm run bench -- <command> [flags]
 *
 * Every command starts a Redis of its own, measures in processes of their own, and fails when a job was
 * not handled exactly once. Only `goals` and `guard` judge speed, and end with 1 when it is missed; a command
 * line that cannot be meant ends with 2.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type Command, COMMANDS } from './commands/index.js';
import { FLAG_HELP, type Flags, readFlags } from './flags.js';
import { BenchServer } from './server.js';
import { UsageError } from './usage-error.js';

const MISSED = 1;
const MISUSED = 2;

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\nnpm run bench -- --help shows commands and flags.`);
  process.exitCode = MISUSED;
}

async function main(args: string[]): Promise<void> {
  const { command: name, help, flags } = readFlags(args);
  if (help) return console.log(usage());
  if (name === undefined) throw new UsageError(`Expected a command.\n\n${usage()}`);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(`There is no command "${name}".`);
  if (flags.only && !command.hasParts) {
    throw new UsageError(`"${name}" has no parts of which --only could choose some.`);
  }
  await run(command, flags, args);
}

async function run(command: Command, flags: Flags, args: readonly string[]): Promise<void> {
  const server = await BenchServer.start(flags);
  try {
    const { figures, text, isMet } = await command.run(server, flags);
    const conditions = conditionsOf(server, command, flags);
    console.log(`\`npm run bench -- ${args.join(' ')}\`: ${conditions}\n\n${text}`);
    const { json } = flags;
    if (json) writeFileSync(json, `${JSON.stringify({ args, conditions, figures }, null, 2)}\n`);
    if (!isMet) process.exitCode = MISSED;
  } finally {
    await server.stop();
  }
}

function conditionsOf({ version }: BenchServer, { shows }: Command, flags: Flags): string {
  return [
    `Node ${process.version}`,
    `Redis ${version} ${flags.aof ? 'with an append-only file, synced every second' : 'without persistence'}`,
    `${cpus().length} CPUs`,
    shows === 'medians' ? `medians of ${flags.rounds} rounds` : shows,
    `${flags.payloadBytes} bytes per job`,
    flags.workMs > 0 ? `handlers sleep ${flags.workMs} ms` : 'handlers do nothing',
  ].join(', ');
}

function usage(): string {
  const commands = Object.entries(COMMANDS).map(
    ([word, { does }]) => `  ${word.padEnd(15)} ${does}`,
  );
  return `npm run bench -- <command> [flags]\n\n${commands.join('\n')}\n${FLAG_HELP}`;
}
