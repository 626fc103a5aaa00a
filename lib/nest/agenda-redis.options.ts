import {
  checkKnownKeys,
  ENGINE_OPTION_KEYS,
  InvalidOptionError,
  type AgendaChannel,
  type EngineOptions,
} from '../core/index.js';
import { trueOrFalse } from '../core/options/checks.js';
import { REDIS_OPTION_NAMES } from '../redis/redis-options.js';
import type { ConnectionOptions } from './connection.js';
import {
  calledHandlers,
  engineHandlers,
  everyOverrides,
  type ConfiguredHandlers,
  type HandlerOverrides,
} from './handler-overrides.js';
import type { InstanceHostOptions } from './lifecycle/instance-host.js';
import { type Enhancers, EnhancersOption } from './pipeline/enhancers.js';

/**
 * The options of `AgendaRedisModule`. Everything may be left out but the connection: exactly one of
 * `connectionString`, `redisOptions`, `cluster`, `redis` or `backend`. With none, the environment
 * decides: `REDIS_URL`, else `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD`,
 * `REDIS_DB`, `REDIS_TLS`.
 */
export interface AgendaRedisOptions extends ConnectionOptions, Omit<EngineOptions, 'handlers'> {
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
  /**
   * Handler options by job name, from configuration; they win over those in the code. A function is called once, while
   * the application is made. A name that this process might run, and has no handler for, is an error at start.
   *
   * @example
   * handlers: { render: () => ({ concurrency: config.getOrThrow('RENDERERS') }), report: { every: '0 3 * * *' } }
   */
  handlers?: ConfiguredHandlers;
  /** What becomes of stored schedules whose `@Every` is no longer in the code. */
  schedules?: SchedulesOptions;
  /**
   * Which guards, pipes, interceptors and filters run for handlers that do not say it themselves: see {@link Enhancers}.
   *
   * @default 'local'
   */
  enhancers?: Enhancers;
}

export interface SchedulesOptions {
  /**
   * Removes those of jobs that this process handles, when it starts. Otherwise they go on, and a warning at each start
   * names them; so it is anyway with those of jobs that no living process handles, whose worker may just be away.
   * Only what `@Every` has made is meant, never what `scheduler.every` has.
   *
   * @default false
   */
  prune?: boolean;
}

/** The options once their names are known to be right, and what is a function has been called. */
export interface CheckedOptions extends Omit<AgendaRedisOptions, 'handlers'> {
  handlers: Readonly<Record<string, HandlerOverrides>>;
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
  ...new Set([
    ...REDIS_OPTION_NAMES,
    'backend',
    'notificationChannel',
    'schedules',
    'enhancers',
    ...ENGINE_OPTION_KEYS,
  ]),
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
export function checkModuleOptions(options: AgendaRedisOptions): CheckedOptions {
  if (typeof options === 'object' && options !== null) {
    const misplaced = EXTRA_KEYS.find((key) => key in options);
    if (misplaced !== undefined) {
      const value = (options as Record<string, unknown>)[misplaced];
      const place = 'given beside useFactory, useClass or useExisting, since it shapes the module';
      throw new InvalidOptionError(misplaced, value, place);
    }
  }
  checkKnownKeys('', options, OPTION_KEYS, FOREIGN_WORDS);
  return { ...options, handlers: calledHandlers(options.handlers ?? {}) };
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
  trueOrFalse('isGlobal', isGlobal);
  checkInstance(instance);
}

/** @throws InvalidOptionError unless it is the name of an instance */
export function checkInstance(instance: unknown): void {
  if (typeof instance === 'string' && instance !== '') return;
  throw new InvalidOptionError('instance', instance, 'a name, such as `reports`');
}

/** The part of the options that the engine knows. */
export function engineOptionsOf(options: CheckedOptions): EngineOptions {
  return {
    ...pick<EngineOptions>(options, ENGINE_OPTION_KEYS),
    handlers: engineHandlers(options.handlers),
  };
}

/** The part that says how the instance lives in the application. */
export function hostOptionsOf(options: CheckedOptions): InstanceHostOptions {
  const { handlers, schedules = {}, waitForRedis } = options;
  checkKnownKeys('schedules', schedules, ['prune']);
  return {
    prunesSchedules: trueOrFalse('schedules.prune', schedules.prune ?? false),
    waits: waitForRedis ?? false,
    every: everyOverrides(handlers),
    enhancers: new EnhancersOption(options.enhancers, handlers),
  };
}

/** The part of the options that says where and how jobs are stored. */
export function connectionOptionsOf(options: CheckedOptions): ConnectionOptions {
  return pick<ConnectionOptions>(options, [...REDIS_OPTION_NAMES, 'backend']);
}

function pick<T extends object>(options: T, keys: readonly (keyof T)[]): Partial<T> {
  const given = keys.filter((key) => options[key] !== undefined);
  return Object.fromEntries(given.map((key) => [key, options[key]])) as Partial<T>;
}
