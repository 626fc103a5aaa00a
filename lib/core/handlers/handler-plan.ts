import type { Backoff } from '../backoff.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys, pathOf } from '../options/known-keys.js';
import { parsePriority } from '../options/priority.js';
import { mergeRetention, readRetention, type RetentionLayer } from '../options/retention.js';
import type { HandlerOptions } from './handler-options.js';
import {
  type BackoffChoice,
  checkBackoff,
  compileChoice,
  mergeBackoff,
} from './handler-backoff.js';

type IsFailure = NonNullable<HandlerOptions['isFailure']>;

/** One layer of handler options, checked and in plain numbers; what was left out is `undefined`. */
export interface HandlerLayer {
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
  retention?: RetentionLayer | undefined;
  maxRescues?: number | undefined;
  logging?: boolean | undefined;
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
  /** What was said of it; `undefined` when nobody said anything. */
  readonly retention: RetentionLayer | undefined;
  readonly maxRescues: number;
  /** `undefined` when nobody said: then the engine's option `logging` decides. */
  readonly logging: boolean | undefined;
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
  'retention',
  'maxRescues',
  'logging',
];

/**
 * @param path - where the options stand in what the user wrote
 * @throws InvalidOptionError
 */
export function readHandlerOptions(path: string, options: HandlerOptions): HandlerLayer {
  checkKnownKeys(path, options, KEYS);
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
    isFailure: read('isFailure', readIsFailure),
    priority: read('priority', parsePriority),
    removeOnComplete: read('removeOnComplete', trueOrFalse),
    retention: read('retention', readRetention),
    maxRescues: read('maxRescues', (at, value) => wholeNumber(at, value, 0)),
    logging: read('logging', trueOrFalse),
  };
}

function readIsFailure(path: string, value: unknown): IsFailure {
  if (typeof value !== 'function') throw new InvalidOptionError(path, value, 'a function');
  return value as IsFailure;
}

/** @throws InvalidOptionError */
export function readLockLimit(path: string, value: unknown): number {
  return wholeNumber(path, value, 0) || Infinity;
}

/** Lays the layers over each other: a later one wins, and the members of a backoff or a retention are merged. */
export function planOf(path: string, layers: readonly HandlerLayer[]): HandlerPlan {
  const merged: HandlerLayer = {};
  for (const layer of layers) {
    for (const key of Object.keys(layer) as (keyof HandlerLayer)[]) {
      if (layer[key] === undefined) continue;
      Object.assign(merged, { [key]: laidOver(merged, layer, key) });
    }
  }
  const { backoff } = merged;
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
    retention: merged.retention,
    maxRescues: merged.maxRescues ?? 2,
    logging: merged.logging,
  };
}

function laidOver(wider: HandlerLayer, nearer: HandlerLayer, key: keyof HandlerLayer): unknown {
  if (key === 'backoff') return mergeBackoff(wider.backoff, nearer.backoff);
  if (key === 'retention') return mergeRetention(wider.retention, nearer.retention!);
  return nearer[key];
}
