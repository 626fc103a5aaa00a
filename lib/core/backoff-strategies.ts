import type { BackoffContext } from './backoff.js';
import { InvalidOptionError } from './errors.js';

/*
 * The backoff strategies of Agenda v6: functions that decide both how long a failed job waits and
 * when to stop. Their jitter reaches to both sides of the delay, unlike that of our declarative
 * forms, and without jitter a delay is not rounded. All times are in ms.
 */

/** What a strategy is told. `random` is ours and may be left out. */
export type StrategyContext = Pick<BackoffContext, 'attempt' | 'error' | 'jobName' | 'jobData'> &
  Partial<BackoffContext>;

/** The wait in ms, or `null` to stop. */
export type BackoffStrategy = (context: StrategyContext) => number | null;

export interface StrategyOptions {
  /** @default 1000 */
  delay?: number;
  /** @default Infinity */
  maxDelay?: number;
  /** Retries after the first run: 3 means 4 runs. @default 3 */
  maxRetries?: number;
  /** The wait varies by this share to both sides, 0 to 1. @default 0 */
  jitter?: number;
}

export interface LinearStrategyOptions extends StrategyOptions {
  /** What each wait is longer than the one before. @default delay */
  increment?: number;
}

export interface ExponentialStrategyOptions extends StrategyOptions {
  /** @default 2 */
  factor?: number;
}

/** The same wait each time. */
export function constant(options: StrategyOptions = {}): BackoffStrategy {
  const { delay = 1_000 } = options;
  return strategy(options, () => delay);
}

/** delay + increment · (attempt − 1) */
export function linear(options: LinearStrategyOptions = {}): BackoffStrategy {
  const { delay = 1_000 } = options;
  const increment = atLeastZero('increment', options.increment ?? delay);
  return strategy(options, (attempt) => delay + increment * (attempt - 1));
}

/** delay · factor^(attempt − 1) */
export function exponential(options: ExponentialStrategyOptions = {}): BackoffStrategy {
  const { delay = 1_000 } = options;
  const factor = atLeastZero('factor', options.factor ?? 2);
  return strategy(options, (attempt) => delay * factor ** (attempt - 1));
}

/** The first strategy that does not stop decides. All count the same attempts. */
export function combine(...strategies: BackoffStrategy[]): BackoffStrategy {
  return (context) => {
    for (const decide of strategies) {
      const wait = decide(context);
      // Null and undefined both stop.
      if (wait !== null && wait !== undefined) return wait;
    }
    return null;
  };
}

/** The strategy while a condition holds, else stop. */
export function when(
  condition: (context: StrategyContext) => boolean,
  decide: BackoffStrategy,
): BackoffStrategy {
  return (context) => (condition(context) ? decide(context) : null);
}

/** All strategies, and three that are set up for common cases. */
export const backoffStrategies = {
  constant,
  linear,
  exponential,
  combine,
  when,
  /** 100, 200, 400 ms. */
  aggressive: (): BackoffStrategy => exponential({ delay: 100, factor: 2, maxRetries: 3 }),
  /** 1, 2, 4, 8, 16 s, each ± 10 %. */
  standard: (): BackoffStrategy =>
    exponential({ delay: 1_000, factor: 2, maxRetries: 5, jitter: 0.1 }),
  /** 5, 15, 45, 135 s, each ± 10 %. */
  relaxed: (): BackoffStrategy =>
    exponential({ delay: 5_000, factor: 3, maxRetries: 4, jitter: 0.1 }),
} as const;

function strategy(options: StrategyOptions, waitFor: (attempt: number) => number): BackoffStrategy {
  const maxDelay = atLeastZero('maxDelay', options.maxDelay ?? Infinity);
  const maxRetries = atLeastZero('maxRetries', options.maxRetries ?? 3);
  const jitter = atLeastZero('jitter', options.jitter ?? 0);
  atLeastZero('delay', options.delay ?? 1_000);
  if (jitter > 1) throw new InvalidOptionError('jitter', jitter, 'a number from 0 to 1');

  return ({ attempt, random = Math.random }) => {
    if (attempt > maxRetries) return null;
    const wait = Math.min(waitFor(attempt), maxDelay);
    if (jitter === 0) return wait;
    return Math.max(0, Math.round(wait + wait * jitter * (2 * random() - 1)));
  };
}

function atLeastZero(option: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new InvalidOptionError(option, value, 'a number of 0 or more');
}
