import type { Backoff } from '../backoff.js';
import { durationOption } from '../duration.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys, pathOf } from '../options/known-keys.js';
import { parsePriority } from '../options/priority.js';
import type { HandlerOptions } from './handler-options.js';
import {
  type BackoffChoice,
  checkBackoff,
  compileChoice,
  mergeBackoff,
} from './handler-backoff.js';

/** One layer of handler options, checked and in plain numbers; what was left out is `undefined`. */
export interface HandlerLayer {
  concurrency?: number | undefined;
  /** Infinity for no limit. */
  lockLimit?: number | undefined;
  timeoutMs?: number | undefined;
  lockLifetimeMs?: number | undefined;
  attempts?: number | undefined;
  backoff?: BackoffChoice | undefined;
  priority?: number | undefined;
  removeOnComplete?: boolean | undefined;
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
  readonly priority: number;
  readonly removeOnComplete: boolean;
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
  'priority',
  'removeOnComplete',
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
    priority: read('priority', parsePriority),
    removeOnComplete: read('removeOnComplete', trueOrFalse),
    maxRescues: read('maxRescues', (at, value) => wholeNumber(at, value, 0)),
    logging: read('logging', trueOrFalse),
  };
}

/** @throws InvalidOptionError */
export function readLockLimit(path: string, value: unknown): number {
  return wholeNumber(path, value, 0) || Infinity;
}

/** Lays the layers over each other: a later one wins, and a backoff's members are merged. */
export function planOf(path: string, layers: readonly HandlerLayer[]): HandlerPlan {
  const merged: HandlerLayer = {};
  for (const layer of layers) {
    for (const key of Object.keys(layer) as (keyof HandlerLayer)[]) {
      if (layer[key] === undefined) continue;
      const value = key === 'backoff' ? mergeBackoff(merged.backoff, layer.backoff) : layer[key];
      Object.assign(merged, { [key]: value });
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
    priority: merged.priority ?? 0,
    removeOnComplete: merged.removeOnComplete ?? false,
    maxRescues: merged.maxRescues ?? 2,
    logging: merged.logging,
  };
}
