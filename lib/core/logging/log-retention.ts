import { durationOption, type Duration } from '../duration.js';
import { wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';

/**
 * How much of the log is kept. Every write drops what is over, oldest first. In Redis an entry takes about
 * half a kilobyte.
 */
export interface LogRetention {
  /** How old an entry may get, by its `timestamp`. @default no limit: their number alone decides */
  maxAge?: Duration;
  /** How many entries there may be, of all jobs together; each partition of a store keeps its part of them. @default 100000 */
  maxCount?: number;
}

/** As given, checked, in plain numbers. */
export interface ResolvedLogRetention {
  /** Infinity for no limit. */
  readonly maxAgeMs: number;
  readonly maxCount: number;
}

const DEFAULT_MAX_COUNT = 100_000;

/** @throws InvalidOptionError */
export function readLogRetention(path: string, retention: LogRetention = {}): ResolvedLogRetention {
  checkKnownKeys(path, retention, ['maxAge', 'maxCount']);
  const { maxAge, maxCount = DEFAULT_MAX_COUNT } = retention;
  return {
    maxAgeMs: maxAge === undefined ? Infinity : durationOption(`${path}.maxAge`, maxAge),
    maxCount: wholeNumber(`${path}.maxCount`, maxCount, 1),
  };
}
