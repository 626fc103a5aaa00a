import type { EventBounds } from '../contracts/event-store.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { refuseDataOptions } from '../handlers/data-options.js';
import type { HandlerOptions } from '../handlers/handler-options.js';
import {
  type ContextSource,
  type JobMiddleware,
  readContextSource,
  readMiddleware,
} from '../handlers/job-middleware.js';
import { type HandlerLayer, readHandlerOptions, readLockLimit } from '../handlers/handler-plan.js';
import { DEFAULT_MAX_DATA_BYTES } from '../job/job-data.js';
import { DEFAULT_MAX_RESULT_BYTES } from '../job/job-result.js';
import { readLogging, type ResolvedLogging } from '../logging/logging-option.js';
import { optionsObject, trueOrFalse, wholeNumber } from './checks.js';
import type { EngineOptions, ShutdownOptions } from './engine-options.js';
import { readEventsOption } from './events-option.js';
import { checkKnownKeys } from './known-keys.js';
import { readRemovals } from './removal.js';
import { WorkerNames } from './worker-names.js';

/** The engine's options: checked, complete, in plain numbers. */
export interface ResolvedEngineOptions {
  readonly name: string;
  readonly processEveryMs: number;
  readonly maxConcurrency: number;
  /** Infinity for no limit. */
  readonly lockLimit: number;
  readonly leaseMs: number;
  readonly maxDataBytes: number;
  readonly idempotencyWindowMs: number;
  readonly worker: WorkerNames;
  /** `undefined` when nothing is logged. */
  readonly logging: ResolvedLogging | undefined;
  /** Bounds of the durable stream; `null` to switch it off, `undefined` to leave it as it is. */
  readonly events: EventBounds | null | undefined;
  /** Whether this process counts, if its backend keeps metrics. */
  readonly metrics: boolean;
  /** Headers of new jobs; `undefined` when nobody said. */
  readonly context: ContextSource | undefined;
  readonly middleware: readonly JobMiddleware[];
  readonly shutdown: ResolvedShutdown;
  /** The layers of handler options for all names, the weakest first. */
  readonly defaults: readonly HandlerLayer[];
  /** By job name: what wins over a handler's own options. */
  readonly handlers: ReadonlyMap<string, HandlerLayer>;
}

export interface ResolvedShutdown {
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly flushMs: number;
}

/** The keys that `resolveEngineOptions` knows, for those who take them among their own. */
export const ENGINE_OPTION_KEYS: readonly (keyof EngineOptions)[] = [
  'name',
  'processEvery',
  'maxConcurrency',
  'defaultConcurrency',
  'lockLimit',
  'defaultLockLimit',
  'lease',
  'defaultLockLifetime',
  'defaults',
  'handlers',
  'removeOnComplete',
  'removeOnFail',
  'retention',
  'idempotencyWindow',
  'maxRescues',
  'maxDataBytes',
  'maxResultBytes',
  'worker',
  'shutdown',
  'logging',
  'events',
  'metrics',
  'context',
  'middleware',
];

const SHORTEST_LEASE = 100;
const DAY = 86_400_000;

/**
 * Checks what the user wrote, once and for all.
 *
 * @throws InvalidOptionError naming the option, the value and the remedy
 */
export function resolveEngineOptions(options: EngineOptions = {}): ResolvedEngineOptions {
  checkKnownKeys('', options, ENGINE_OPTION_KEYS);
  return {
    name: readName(options.name ?? ''),
    processEveryMs: durationOption('processEvery', options.processEvery ?? 5_000, { min: 10 }),
    maxConcurrency: wholeNumber('maxConcurrency', options.maxConcurrency ?? 20, 1),
    lockLimit: readLockLimit('lockLimit', options.lockLimit ?? 0),
    leaseMs: durationOption('lease', options.lease ?? 30_000, { min: SHORTEST_LEASE }),
    maxDataBytes: wholeNumber('maxDataBytes', options.maxDataBytes ?? DEFAULT_MAX_DATA_BYTES, 1),
    idempotencyWindowMs: durationOption('idempotencyWindow', options.idempotencyWindow ?? DAY, {
      min: 1_000,
    }),
    worker: WorkerNames.of(options.worker ?? true),
    logging: readLogging(options.logging ?? false),
    events: readEventsOption(options.events ?? {}),
    metrics: trueOrFalse('metrics', options.metrics ?? true),
    context: readContextSource('context', options.context),
    middleware: readMiddleware('middleware', options.middleware ?? []),
    shutdown: readShutdown(options.shutdown ?? {}),
    defaults: [moduleWide(options), readDefaults(options.defaults ?? {})],
    handlers: readHandlers(options.handlers ?? {}),
  };
}

function moduleWide(options: EngineOptions): HandlerLayer {
  return {
    concurrency: wholeNumber('defaultConcurrency', options.defaultConcurrency ?? 5, 1),
    lockLimit: readLockLimit('defaultLockLimit', options.defaultLockLimit ?? 0),
    lockLifetimeMs: readLockLifetime(options),
    ...readRemovals('', options),
    maxRescues: wholeNumber('maxRescues', options.maxRescues ?? 2, 0),
    maxResultBytes: wholeNumber(
      'maxResultBytes',
      options.maxResultBytes ?? DEFAULT_MAX_RESULT_BYTES,
      1,
    ),
  };
}

function readDefaults(options: HandlerOptions): HandlerLayer {
  const layer = readHandlerOptions('defaults', options);
  refuseDataOptions('defaults', options);
  return layer;
}

function readLockLifetime({ defaultLockLifetime }: EngineOptions): number | undefined {
  if (defaultLockLifetime === undefined) return undefined;
  return durationOption('defaultLockLifetime', defaultLockLifetime);
}

function readName(value: unknown): string {
  if (typeof value !== 'string') throw new InvalidOptionError('name', value, 'a text');
  return value;
}

function readShutdown(options: ShutdownOptions): ResolvedShutdown {
  checkKnownKeys('shutdown', options, ['timeout', 'grace', 'flush']);
  const { timeout = 10_000, grace = 1_000, flush = 2_000 } = options;
  return {
    timeoutMs: durationOption('shutdown.timeout', timeout, { min: 0 }),
    graceMs: durationOption('shutdown.grace', grace, { min: 0 }),
    flushMs: durationOption('shutdown.flush', flush, { min: 0 }),
  };
}

function readHandlers(handlers: unknown): ReadonlyMap<string, HandlerLayer> {
  const entries = Object.entries(optionsObject('handlers', handlers));
  return new Map(
    entries.map(([name, options]) => [name, readHandlerOptions(`handlers.${name}`, options ?? {})]),
  );
}
