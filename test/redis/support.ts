import { Redis } from 'ioredis';
import type { ClaimRequest, Settlement } from '../../lib/core/contracts/job-broker.js';
import { newJobId, randomToken } from '../../lib/core/job/job-id.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { monitor } from '../support/monitor.js';

/** For the tests of one file: a client that looks at the store, and what is to be closed after each of them. */
export function makeStand() {
  const cleanups: (() => unknown)[] = [];
  const redis = new Redis(process.env.TEST_REDIS_URL!, { lazyConnect: true });
  afterAll(() => redis.disconnect());
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  const backendWith = (options: RedisBackendOptions): RedisBackend => {
    const backend = new RedisBackend(options);
    cleanups.push(() => backend.disconnect());
    return backend;
  };
  return { redis, cleanups, backendWith };
}

export const newPrefix = (): string => `test-${randomToken()}:`;

export const job = (more: Partial<NewJob> = {}): NewJob => ({
  id: newJobId(),
  name: 'mail',
  data: '{"to":"ann"}',
  priority: 0,
  due: { delayMs: 0 },
  ...more,
});

export const claim = (slots = 10, more: Partial<ClaimRequest> = {}): ClaimRequest => ({
  claimId: randomToken(),
  host: 'host-1',
  leaseMs: 30_000,
  slots,
  names: [{ name: 'mail', slots }],
  ...more,
});

export const completed = (lease: Settlement['lease'], more = {}): Settlement => ({
  kind: 'completed',
  lease,
  ...more,
});

export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Command {
  args: string[];
  byScript: boolean;
}

/** Every command that the store sends meanwhile, and those inside its scripts. */
export async function commandsOf(
  { redis, keyPrefix }: { redis: Redis; keyPrefix: string },
  act: () => Promise<unknown>,
): Promise<Command[]> {
  const seen: Command[] = [];
  const mark = randomToken();
  let sawMark!: () => void;
  const marked = new Promise<void>((resolve) => (sawMark = resolve));
  const stop = await monitor(redis, (args, client) => {
    if (args[1] === mark) sawMark();
    else if (args.some((arg) => arg.startsWith(keyPrefix)))
      seen.push({ args, byScript: client === 'lua' });
  });
  await act();
  await redis.call('ECHO', mark);
  await marked;
  stop();
  return seen;
}

/** Of how many jobs the records were read. */
export const recordsRead = (commands: readonly Command[]): number =>
  commands
    .filter(({ args }) => /^hmget$/i.test(args[0]!) && args[1]!.endsWith(':jobs'))
    .reduce((sum, { args }) => sum + args.length - 2, 0);

/** Of the version, as it is known to clients: Valkey says which Redis it is like. */
export async function isAtLeast(client: Redis, major: number, minor: number): Promise<boolean> {
  const [, ...found] = /redis_version:(\d+)\.(\d+)/.exec(await client.info('server'))!.map(Number);
  return found[0]! > major || (found[0] === major && found[1]! >= minor);
}

/** Rules of an ACL user about channels, or what stands for them where there are none: before 6.2. */
export const channelRules = async (
  client: Redis,
  rules: readonly string[],
  instead: readonly string[] = [],
): Promise<readonly string[]> => ((await isAtLeast(client, 6, 2)) ? rules : instead);
