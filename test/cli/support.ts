import type { CommandIo, Screen } from '../../lib/cli/command.js';
import { runCommand } from '../../lib/cli/run.js';
import { Engine } from '../../lib/core/engine.js';
import type { EngineOptions } from '../../lib/core/options/engine-options.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { newPrefix } from '../redis/support.js';

export interface Ran {
  readonly code: number;
  /** What stands on the standard output. */
  readonly out: string;
  readonly err: string;
  /** Both, in the order of writing. */
  readonly said: string;
}

export interface Surroundings {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly screen?: Screen;
  readonly signal?: AbortSignal;
}

/** Runs the program in this process. */
export const command = (...args: string[]): Promise<Ran> => commandIn({}, ...args);

export async function commandIn(
  { environment, input = '', screen, signal }: Surroundings,
  ...args: string[]
): Promise<Ran> {
  const lines: { readonly of: 'out' | 'err'; readonly line: string }[] = [];
  const io: CommandIo = {
    environment: environment ?? { REDIS_URL: process.env.TEST_REDIS_URL },
    screen,
    signal: signal ?? new AbortController().signal,
    print: (line) => void lines.push({ of: 'out', line }),
    tell: (line) => void lines.push({ of: 'err', line }),
    readInput: async () => input,
  };
  const code = await runCommand(args, io);
  const textOf = (...streams: string[]): string =>
    lines
      .filter(({ of }) => streams.includes(of))
      .map(({ line }) => line)
      .join('\n');
  return { code, out: textOf('out'), err: textOf('err'), said: textOf('out', 'err') };
}

/** An application with a store of its own, and the program pointed at it. */
export interface TestStore {
  readonly engine: Engine;
  readonly keyPrefix: string;
  run(...args: string[]): Promise<Ran>;
  runIn(surroundings: Surroundings, ...args: string[]): Promise<Ran>;
  /** Runs with `--json`. */
  json(...args: string[]): Promise<{ readonly code: number; readonly document: any }>;
  close(): Promise<void>;
}

export async function openTestStore(
  options: RedisBackendOptions = {},
  engineOptions: EngineOptions = {},
): Promise<TestStore> {
  const keyPrefix = newPrefix();
  const backend = new RedisBackend({
    connectionString: process.env.TEST_REDIS_URL!,
    keyPrefix,
    ...options,
  });
  const engine = new Engine(backend, { processEvery: 100, ...engineOptions });
  engine.events.on('warning', () => undefined);
  await engine.connect();
  const runIn = (surroundings: Surroundings, ...[name = '', ...args]: string[]): Promise<Ran> =>
    commandIn(surroundings, name, ...args, '--prefix', keyPrefix);
  return {
    engine,
    keyPrefix,
    runIn,
    run: (...args) => runIn({}, ...args),
    json: async (...args) => {
      const { code, out } = await runIn({}, ...args, '--json');
      return { code, document: JSON.parse(out) };
    },
    close: async () => {
      await engine.workerHost.stop();
      await backend.removeEverything();
      await engine.close();
    },
  };
}
