import { checkKnownKeys, InvalidOptionError, parseDate, type DateInput } from '../core/index.js';
import type { AgendaRedisModuleExtras, AgendaRedisOptions } from '../nest/index.js';
import type { RedisBackendOptions } from '../redis/index.js';

/** Where a test keeps its jobs, and when it begins. */
export interface TestStoreOptions extends Pick<
  RedisBackendOptions,
  'connectionString' | 'redisOptions' | 'redis' | 'maxDataBytes' | 'sort'
> {
  /**
   * Where the clock of the test stands at first: a Date, milliseconds since the epoch, or a text such as
   * `'2027-03-27T12:00:00Z'`.
   *
   * @default the present
   */
  now?: DateInput;
}

type OfOtherStores =
  Exclude<keyof RedisBackendOptions, keyof TestStoreOptions | 'name'> | 'backend';

/**
 * The options of `AgendaRedisModule`, for which it stands in. Without a connection (`connectionString`,
 * `redisOptions` or `redis`) jobs are kept in memory; with one in that Redis, under a prefix of the test's own,
 * whose keys are removed when the application is closed.
 */
export interface AgendaRedisTestingOptions
  extends TestStoreOptions, AgendaRedisModuleExtras, Omit<AgendaRedisOptions, OfOtherStores> {}

export interface OverrideOptions extends TestStoreOptions {
  /** The instance whose store is replaced. @default 'default' */
  instance?: string;
}

const STORE_KEYS = [
  'connectionString',
  'redisOptions',
  'redis',
  'maxDataBytes',
  'sort',
  'now',
] as const satisfies readonly (keyof TestStoreOptions)[];
const REDIS_WAYS = ['connectionString', 'redisOptions', 'redis'] as const;
/** They are the store's, and the module knows them, too. */
const SHARED_KEYS: readonly string[] = ['maxDataBytes'];

/** @throws InvalidOptionError */
export function checkOverrideOptions(options: OverrideOptions): void {
  checkKnownKeys('override', options, [...STORE_KEYS, 'instance']);
}

/** The part of the options that says where jobs are stored, and all else. */
export function splitOptions(options: AgendaRedisTestingOptions): {
  readonly store: TestStoreOptions;
  readonly module: Omit<AgendaRedisTestingOptions, Exclude<keyof TestStoreOptions, 'maxDataBytes'>>;
} {
  const isOfStore = ([key]: [string, unknown]) => (STORE_KEYS as readonly string[]).includes(key);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const forModule = given.filter((one) => !isOfStore(one) || SHARED_KEYS.includes(one[0]));
  return {
    store: Object.fromEntries(given.filter(isOfStore)),
    module: Object.fromEntries(forModule),
  };
}

/** Where the clock stands at first. @throws InvalidScheduleError */
export function startOf({ now = Date.now() }: TestStoreOptions): number {
  return parseDate(now, { now: Date.now() });
}

/** The way to Redis, if the test shall use one. @throws InvalidOptionError for more than one */
export function redisOptionsOf(options: TestStoreOptions): RedisBackendOptions | undefined {
  const ways = REDIS_WAYS.filter((way) => options[way] !== undefined);
  if (ways.length === 0) return undefined;
  if (ways.includes('redis') && ways.length > 1) {
    throw new InvalidOptionError(
      'connection',
      ways.join(' and '),
      `one of ${REDIS_WAYS.join(', ')}`,
    );
  }
  const { now: _, ...redis } = options;
  return redis;
}
