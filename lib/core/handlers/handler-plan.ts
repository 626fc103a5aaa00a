import type { Backoff } from '../backoff.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { DEFAULT_MAX_RESULT_BYTES } from '../job/job-result.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { FOREIGN_HANDLER_WORDS } from '../options/foreign-words.js';
import { checkKnownKeys, pathOf } from '../options/known-keys.js';
import { LIMIT_KEYS, type LimitLayer, mergeLimits, readLimits } from '../options/limits.js';
import { parsePriority } from '../options/priority.js';
import { readRemovals } from '../options/removal.js';
import { mergeRetention, type RetentionLayer } from '../options/retention.js';
import { DATA_KEYS, type DataLayer, expectEveryStep, readDataOptions } from './data-options.js';
import type { HandlerOptions } from './handler-options.js';
import {
  type BackoffChoice,
  checkBackoff,
  compileChoice,
  mergeBackoff,
} from './handler-backoff.js';

type IsFailure = NonNullable<HandlerOptions['isFailure']>;
type KeyOf = NonNullable<HandlerOptions['key']>;

/** One layer of handler options, checked and in plain numbers; what was left out is `undefined`. */
export interface HandlerLayer extends DataLayer {
  concurrency?: number | undefined;
  /** Infinity for no limit. */
  lockLimit?: number | undefined;
  timeoutMs?: number | undefined;
  lockLifetimeMs?: number | undefined;
  attempts?: number | undefined;
  backoff?: BackoffChoice | undefined;
  isFailure?: IsFailure | undefined;
  priority?: number | undefined;
  removeOnComplete?: boolean | undefined;
  removeOnFail?: boolean | undefined;
  retention?: RetentionLayer | undefined;
  maxRescues?: number | undefined;
  maxResultBytes?: number | undefined;
  logging?: boolean | undefined;
  key?: KeyOf | undefined;
  limits?: LimitLayer | undefined;
}

/** How jobs of one name are run: all layers together. */
export interface HandlerPlan {
  readonly concurrency: number;
  readonly lockLimit: number;
  readonly timeoutMs: number | undefined;
  readonly lockLifetimeMs: number | undefined;
  /** `undefined` when nobody said: then one run, or as many as a backoff function wants. */
  readonly attempts: number | undefined;
  /** As given, so that a job's own can be laid over it. */
  readonly backoffChoice: BackoffChoice | undefined;
  readonly backoff: Backoff | undefined;
  /** `undefined` when nobody said: then everything thrown is one. */
  readonly isFailure: IsFailure | undefined;
  readonly priority: number;
  readonly removeOnComplete: boolean;
  /** A dead letter is not kept. */
  readonly removeOnFail: boolean;
  /** What was said of it; `undefined` when nobody said anything. */
  readonly retention: RetentionLayer | undefined;
  readonly maxRescues: number;
  readonly maxResultBytes: number;
  /** `undefined` when nobody said: then the engine's option `logging` decides. */
  readonly logging: boolean | undefined;
  /** Which jobs share the limits per key; `undefined` when nobody said. */
  readonly key: KeyOf | undefined;
  /** What was said of limits over all processes; `undefined` when nobody said anything. */
  readonly limits: LimitLayer | undefined;
  readonly schema: DataLayer['schema'];
  /** Of the data that is added, and the newest that is run. */
  readonly version: number;
  readonly upcast: DataLayer['upcast'];
}

const KEYS: readonly (keyof HandlerOptions)[] = [
  'concurrency',
  'lockLimit',
  'timeout',
  'lockLifetime',
  'attempts',
  'backoff',
  'isFailure',
  'priority',
  'removeOnComplete',
  'removeOnFail',
  'retention',
  'maxRescues',
  'maxResultBytes',
  'logging',
  'key',
  ...LIMIT_KEYS,
  ...DATA_KEYS,
];

/**
 * @param path - where the options stand in what the user wrote
 * @throws InvalidOptionError
 */
export function readHandlerOptions(path: string, options: HandlerOptions): HandlerLayer {
  checkKnownKeys(path, options, KEYS, FOREIGN_HANDLER_WORDS);
  const read = <T>(key: keyof HandlerOptions, check: (path: string, value: unknown) => T) =>
    options[key] === undefined ? undefined : check(pathOf(path, key), options[key]);
  return {
    concurrency: read('concurrency', (at, value) => wholeNumber(at, value, 1)),
    lockLimit: read('lockLimit', readLockLimit),
    timeoutMs: read('timeout', (at, value) => durationOption(at, value)),
    lockLifetimeMs: read('lockLifetime', (at, value) => durationOption(at, value)),
    attempts: read('attempts', (at, value) => wholeNumber(at, value, 1)),
    backoff: read('backoff', (at, value) => {
      checkBackoff(at, value);
      return value as BackoffChoice;
    }),
    isFailure: read('isFailure', readFunction<IsFailure>),
    priority: read('priority', parsePriority),
    ...readRemovals(path, options),
    maxRescues: read('maxRescues', (at, value) => wholeNumber(at, value, 0)),
    maxResultBytes: read('maxResultBytes', (at, value) => wholeNumber(at, value, 1)),
    logging: read('logging', trueOrFalse),
    key: read('key', readFunction<KeyOf>),
    limits: readLimits(path, options),
    ...readDataOptions(path, options),
  };
}

function readFunction<Kind>(path: string, value: unknown): Kind {
  if (typeof value !== 'function') throw new InvalidOptionError(path, value, 'a function');
  return value as Kind;
}

/** @throws InvalidOptionError */
export function readLockLimit(path: string, value: unknown): number {
  return wholeNumber(path, value, 0) || Infinity;
}

/** Lays the layers over each other: a later one wins, and the members of a backoff, a retention or a rate are merged. */
export function planOf(path: string, layers: readonly HandlerLayer[]): HandlerPlan {
  const merged: HandlerLayer = {};
  for (const layer of layers) {
    for (const key of Object.keys(layer) as (keyof HandlerLayer)[]) {
      if (layer[key] === undefined) continue;
      Object.assign(merged, { [key]: laidOver(merged, layer, key) });
    }
  }
  const { backoff } = merged;
  expectEveryStep(path, merged);
  return {
    concurrency: merged.concurrency ?? 5,
    lockLimit: merged.lockLimit ?? Infinity,
    timeoutMs: merged.timeoutMs,
    lockLifetimeMs: merged.lockLifetimeMs,
    attempts: merged.attempts,
    backoffChoice: backoff,
    backoff: backoff === undefined ? undefined : compileChoice(pathOf(path, 'backoff'), backoff),
    isFailure: merged.isFailure,
    priority: merged.priority ?? 0,
    removeOnComplete: merged.removeOnComplete ?? false,
    removeOnFail: merged.removeOnFail ?? false,
    retention: merged.retention,
    maxRescues: merged.maxRescues ?? 2,
    maxResultBytes: merged.maxResultBytes ?? DEFAULT_MAX_RESULT_BYTES,
    logging: merged.logging,
    key: merged.key,
    limits: merged.limits,
    schema: merged.schema,
    version: merged.version ?? 1,
    upcast: merged.upcast,
  };
}

function laidOver(wider: HandlerLayer, nearer: HandlerLayer, key: keyof HandlerLayer): unknown {
  if (key === 'backoff') return mergeBackoff(wider.backoff, nearer.backoff);
  if (key === 'retention') return mergeRetention(wider.retention, nearer.retention!);
  if (key === 'limits') return mergeLimits(wider.limits, nearer.limits!);
  return nearer[key];
}
