import {
  checkKnownKeys,
  ENGINE_OPTION_KEYS,
  InvalidOptionError,
  type AgendaChannel,
  type EngineOptions,
} from '../core/index.js';
import { REDIS_OPTION_NAMES } from '../redis/redis-options.js';
import type { ConnectionOptions } from './connection.js';

/**
 * The options of `AgendaRedisModule`. Everything may be left out but the connection: exactly one of
 * `connectionString`, `redisOptions`, `cluster`, `redis` or `backend`. With none, the environment
 * decides: `REDIS_URL`, else `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD`,
 * `REDIS_DB`, `REDIS_TLS`.
 */
export interface AgendaRedisOptions extends ConnectionOptions, EngineOptions {
  /** This process, as it is kept with the jobs it adds or changes (`lastModifiedBy`). @default '' */
  name?: string;
  /** The most bytes of JSON a job's data may have. @default 262144 (256 KiB) */
  maxDataBytes?: number;
  /**
   * News goes here instead of to the channel of the storage: the one of another backend, or any
   * channel of Agenda's contract. It is connected and disconnected with the application.
   *
   * @default the channel of the storage
   */
  notificationChannel?: AgendaChannel;
}

/** Makes the options where `forRootAsync` is given `useClass` or `useExisting`. */
export interface AgendaRedisOptionsFactory {
  createAgendaRedisOptions(): AgendaRedisOptions | Promise<AgendaRedisOptions>;
}

/** What stands beside the options, or beside the factory, because it shapes the module itself. */
export interface AgendaRedisModuleExtras {
  /**
   * Whether every module can inject what this one exports without importing it.
   *
   * @default true
   */
  isGlobal?: boolean;
  /**
   * Tells several instances in one application apart. The default one is injected by class.
   *
   * @default 'default'
   */
  instance?: string;
}

const OPTION_KEYS: readonly string[] = [
  ...new Set([...REDIS_OPTION_NAMES, 'backend', 'notificationChannel', ...ENGINE_OPTION_KEYS]),
];
const EXTRA_KEYS: readonly string[] = ['isGlobal', 'instance'];
const ASYNC_KEYS: readonly string[] = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
  'provideInjectionTokensFrom',
  ...EXTRA_KEYS,
];

/** Options of other libraries' modules, and what they are called here. */
const FOREIGN_WORDS: Readonly<Record<string, string>> = {
  connection: 'use `connectionString`, `redisOptions`, or `redis` for a client',
  prefix: 'it is called `keyPrefix` here',
  defaultJobOptions: 'it is called `defaults` here',
};

/** @throws InvalidOptionError for what is no option, with the nearest one that is */
export function checkModuleOptions(options: AgendaRedisOptions): AgendaRedisOptions {
  if (typeof options === 'object' && options !== null) {
    const misplaced = EXTRA_KEYS.find((key) => key in options);
    if (misplaced !== undefined) {
      const value = (options as Record<string, unknown>)[misplaced];
      const place = 'given beside useFactory, useClass or useExisting, since it shapes the module';
      throw new InvalidOptionError(misplaced, value, place);
    }
  }
  checkKnownKeys('', options, OPTION_KEYS, FOREIGN_WORDS);
  return options;
}

/** @throws InvalidOptionError */
export function checkAsyncOptions(options: object): void {
  checkKnownKeys('forRootAsync', options, ASYNC_KEYS);
  const sources = ['useFactory', 'useClass', 'useExisting'].filter((key) => {
    return (options as Record<string, unknown>)[key] !== undefined;
  });
  if (sources.length === 1) return;
  throw new InvalidOptionError(
    'forRootAsync',
    sources.length === 0 ? undefined : sources.join(' and '),
    'given exactly one of useFactory, useClass or useExisting',
  );
}

/** @throws InvalidOptionError */
export function checkExtras({ isGlobal, instance }: AgendaRedisModuleExtras): void {
  if (typeof isGlobal !== 'boolean') {
    throw new InvalidOptionError('isGlobal', isGlobal, 'true or false');
  }
  if (typeof instance !== 'string' || instance === '') {
    throw new InvalidOptionError('instance', instance, 'a name, such as `reports`');
  }
}

/** The part of the options that the engine knows. */
export function engineOptionsOf(options: AgendaRedisOptions): EngineOptions {
  return pick(options, ENGINE_OPTION_KEYS);
}

/** The part of the options that says where and how jobs are stored. */
export function connectionOptionsOf(options: AgendaRedisOptions): ConnectionOptions {
  return pick(options, [...REDIS_OPTION_NAMES, 'backend']);
}

function pick<T extends object>(options: T, keys: readonly (keyof T)[]): Partial<T> {
  const given = keys.filter((key) => options[key] !== undefined);
  return Object.fromEntries(given.map((key) => [key, options[key]])) as Partial<T>;
}
