import type { KeyLimits, NameLimits, RateLimit } from '../contracts/job-broker.js';
import { type Duration, durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { trueOrFalse, wholeNumber } from './checks.js';
import { FOREIGN_RATE_WORDS } from './foreign-words.js';
import { checkKnownKeys, pathOf } from './known-keys.js';

/**
 * Limits of a job name over all processes, exact also when processes crash. Everything may be left out: then
 * there is no such limit, and it costs nothing.
 */
export interface LimitOptions {
  /** How many of its jobs run at once, in all processes together. */
  globalConcurrency?: number;
  /**
   * How many of its jobs start within a time. Of several layers of options, members that one leaves out are
   * those of the next wider one.
   */
  rateLimit?: Partial<RateLimitOptions>;
  /** How many of its jobs with the same `key` run at once. Keys take turns. */
  keyConcurrency?: number;
  /**
   * `'fifo'`: jobs with the same `key` run one at a time, in their order; one that fails or is put off keeps the
   * others waiting until it has ended.
   */
  keyOrder?: 'fifo';
  /** How many of its jobs with the same `key` start within a time. */
  keyRateLimit?: Partial<RateLimitOptions>;
  /**
   * How many of its jobs may wait, due or not: adding one more is refused with a `QueueFullError`, unless it is a
   * recurring one.
   */
  maxQueued?: number;
}

/**
 * No more than `max` starts within `per`, wherever that stretch of time begins. A start counts when the job is
 * handed to a process. Of a `max` above 100 one start in a hundred may be given away: near ones are kept as one.
 */
export interface RateLimitOptions {
  /** 1 or more. */
  max: number;
  /** 1 ms or more. */
  per: Duration;
  /**
   * Starts are at least `per / max` apart, which must be 1 ms or more, instead of as soon as the limit lets them.
   *
   * @default false
   */
  spread?: boolean;
}

/** What one layer of options says, checked and in plain numbers. */
export interface LimitLayer {
  readonly globalConcurrency?: number;
  readonly rateLimit?: Partial<RateLimit>;
  readonly keyConcurrency?: number;
  readonly keyOrder?: 'fifo';
  readonly keyRateLimit?: Partial<RateLimit>;
  readonly maxQueued?: number;
}

export const LIMIT_KEYS: readonly (keyof LimitOptions)[] = [
  'globalConcurrency',
  'rateLimit',
  'keyConcurrency',
  'keyOrder',
  'keyRateLimit',
  'maxQueued',
];

/**
 * Checks one layer alone, whatever else stands in the object; `undefined` when it says nothing of limits.
 *
 * @throws InvalidOptionError
 */
export function readLimits(path: string, options: LimitOptions): LimitLayer | undefined {
  const layer = Object.fromEntries(
    LIMIT_KEYS.filter((key) => options[key] !== undefined).map((key) => [
      key,
      READERS[key](pathOf(path, key), options[key]),
    ]),
  );
  return Object.keys(layer).length > 0 ? layer : undefined;
}

const READERS: Readonly<Record<keyof LimitOptions, (path: string, value: unknown) => unknown>> = {
  globalConcurrency: (path, value) => wholeNumber(path, value, 1),
  rateLimit: readRate,
  keyConcurrency: (path, value) => wholeNumber(path, value, 1),
  keyOrder: readOrder,
  keyRateLimit: readRate,
  maxQueued: (path, value) => wholeNumber(path, value, 1),
};

function readRate(path: string, value: unknown): Partial<RateLimit> {
  checkKnownKeys(path, value, ['max', 'per', 'spread'], FOREIGN_RATE_WORDS);
  const { max, per, spread } = value as Partial<RateLimitOptions>;
  return {
    ...(max !== undefined && { max: wholeNumber(pathOf(path, 'max'), max, 1) }),
    ...(per !== undefined && { perMs: durationOption(pathOf(path, 'per'), per) }),
    ...(spread !== undefined && { spread: trueOrFalse(pathOf(path, 'spread'), spread) }),
  };
}

function readOrder(path: string, value: unknown): 'fifo' {
  if (value !== 'fifo') throw new InvalidOptionError(path, value, "'fifo', or left out");
  return value;
}

/** Lays the nearer over the wider; the members of rates are merged. */
export function mergeLimits(wider: LimitLayer | undefined, nearer: LimitLayer): LimitLayer {
  const rateLimit = { ...wider?.rateLimit, ...nearer.rateLimit };
  const keyRateLimit = { ...wider?.keyRateLimit, ...nearer.keyRateLimit };
  return {
    ...wider,
    ...nearer,
    ...(Object.keys(rateLimit).length > 0 && { rateLimit }),
    ...(Object.keys(keyRateLimit).length > 0 && { keyRateLimit }),
  };
}

/** Whether limits hold over all jobs of a name, not over those of each key: then all of them must be in one place. */
export const holdOverName = ({
  globalConcurrency,
  rateLimit,
  maxQueued,
}: LimitLayer = {}): boolean =>
  globalConcurrency !== undefined || rateLimit !== undefined || maxQueued !== undefined;

/**
 * What all layers together say, as the store wants it; `undefined` when there is no limit.
 *
 * @throws InvalidOptionError for what cannot be meant together
 */
export function completeLimits(path: string, said: LimitLayer | undefined): NameLimits | undefined {
  if (!said) return undefined;
  const { globalConcurrency: concurrency, rateLimit, maxQueued } = said;
  const key = keyLimits(path, said);
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(rateLimit && { rate: completeRate(pathOf(path, 'rateLimit'), rateLimit) }),
    ...(key && { key }),
    ...(maxQueued !== undefined && { maxQueued }),
  };
}

function keyLimits(
  path: string,
  { keyConcurrency: concurrency, keyOrder: order, keyRateLimit }: LimitLayer,
): KeyLimits | undefined {
  if (order === 'fifo' && concurrency !== undefined && concurrency > 1) {
    const remedy = "1, or left out: jobs of a key run one at a time where `keyOrder` is 'fifo'";
    throw new InvalidOptionError(pathOf(path, 'keyConcurrency'), concurrency, remedy);
  }
  const limits: KeyLimits = {
    ...(concurrency !== undefined && { concurrency }),
    ...(order && { order }),
    ...(keyRateLimit && { rate: completeRate(pathOf(path, 'keyRateLimit'), keyRateLimit) }),
  };
  return Object.keys(limits).length > 0 ? limits : undefined;
}

function completeRate(path: string, { max, perMs, spread }: Partial<RateLimit>): RateLimit {
  if (max === undefined) {
    throw new InvalidOptionError(pathOf(path, 'max'), max, 'given: how many starts there may be');
  }
  if (perMs === undefined) {
    throw new InvalidOptionError(
      pathOf(path, 'per'),
      perMs,
      "given: a duration, such as '1 second'",
    );
  }
  if (spread && perMs < max) {
    const remedy = `false, or left out: ${max} starts in ${perMs} ms would be less than 1 ms apart`;
    throw new InvalidOptionError(pathOf(path, 'spread'), spread, remedy);
  }
  return { max, perMs, ...(spread !== undefined && { spread }) };
}
