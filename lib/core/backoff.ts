import { type Duration, durationOption, LONGEST_DURATION, parseDuration } from './duration.js';
import { BackoffError, InvalidOptionError } from './errors.js';

/*
 * How long a failed job waits for its next attempt.
 *
 * Declarative forms are data: they can be stored with a job. With n failures so far, delay d and
 * factor f the wait is
 *
 *   fixed         d
 *   linear        d · n
 *   exponential   d · f^(n−1)
 *   decorrelated  evenly between d and three times the wait before (d before the first)
 *
 * capped by `max`. Jitter j then picks evenly between v·(1−j) and v; 1 is full jitter.
 */

export interface BackoffContext {
  /** Failures so far, this one included: the first is 1. */
  readonly attempt: number;
  readonly error: Error;
  readonly jobName: string;
  readonly jobData: unknown;
  /** The present, in ms; what a date in the answer is measured from. */
  readonly now: number;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
}

export interface BackoffRule {
  type: 'fixed' | 'linear' | 'exponential' | 'decorrelated';
  delay: Duration;
  /** What each wait of `exponential` is multiplied with, 1 or more. @default 2 */
  factor?: number;
  /** The longest wait. @default 24 hours */
  max?: Duration;
  /** The share of the wait that is left to chance, 0 to 1. @default 0 */
  jitter?: number;
}

/** Decides alone: a duration, a date, or nothing to stop trying. The strategies of Agenda are of this kind. */
export type BackoffFunction = (
  context: BackoffContext,
) => Duration | Date | null | undefined | false;

/** A duration alone is a fixed wait. */
export type BackoffOption = Duration | BackoffRule | BackoffFunction;

/**
 * A checked backoff: the wait in ms, or `null` to stop trying.
 *
 * @throws BackoffError when a user's function throws or answers nonsense; the caller reports it and
 * goes on with the plain delay (none) while attempts allow
 */
export type Backoff = (context: BackoffContext) => number | null;

const DAY = 86_400_000;
const KEYS = ['type', 'delay', 'factor', 'max', 'jitter'];

// A wait that triples reaches any cap long before this; later attempts need no longer a walk.
const LONGEST_WALK = 64;

/**
 * Checks a backoff once and makes it ready to be asked.
 *
 * @param name - the option as the user writes it
 * @throws InvalidOptionError
 */
export function compileBackoff(option: BackoffOption, name = 'backoff'): Backoff {
  if (typeof option === 'function') return (context) => ask(option, context);
  if (typeof option === 'number' || typeof option === 'string') {
    const delay = durationOption(name, option, { min: 0 });
    return () => delay;
  }
  if (typeof option !== 'object' || option === null || Array.isArray(option))
    throw new InvalidOptionError(
      name,
      option,
      "a duration, a function, or { type: 'exponential', delay: '1s' }",
    );
  return compileRule(option, name);
}

function compileRule(rule: BackoffRule, name: string): Backoff {
  const unknown = Object.keys(rule).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw new InvalidOptionError(
      `${name}.${unknown}`,
      rule[unknown as keyof BackoffRule],
      `left out; a backoff has ${KEYS.join(', ')}`,
    );
  const delay = durationOption(`${name}.delay`, rule.delay, { min: 0 });
  const max = rule.max === undefined ? DAY : durationOption(`${name}.max`, rule.max, { min: 0 });
  const factor = numberIn(`${name}.factor`, rule.factor ?? 2, 1, Infinity);
  const jitter = numberIn(`${name}.jitter`, rule.jitter ?? 0, 0, 1);
  const wait = waitOf(rule.type, { delay, factor, max }, name);

  return (context) => {
    const capped = Math.min(wait(context), max);
    return Math.round(capped * (1 - jitter * (jitter > 0 ? context.random() : 0)));
  };
}

function waitOf(
  type: BackoffRule['type'],
  { delay, factor, max }: { delay: number; factor: number; max: number },
  name: string,
): (context: BackoffContext) => number {
  switch (type) {
    case 'fixed':
      return () => delay;
    case 'linear':
      return ({ attempt }) => delay * attempt;
    case 'exponential':
      // Zero times an overflow would be no number.
      return ({ attempt }) => (delay === 0 ? 0 : delay * factor ** (attempt - 1));
    case 'decorrelated':
      return ({ attempt, random }) => walk(delay, max, Math.min(attempt, LONGEST_WALK), random);
    default:
      throw new InvalidOptionError(
        `${name}.type`,
        type,
        "'fixed', 'linear', 'exponential' or 'decorrelated'",
      );
  }
}

/**
 * The wait after so many failures. Waits are not stored with the job, so the earlier ones are drawn
 * anew: what comes out is spread as if they had been.
 */
function walk(delay: number, max: number, failures: number, random: () => number): number {
  let wait = delay;
  for (let step = 0; step < failures; step += 1)
    wait = Math.min(max, delay + (3 * wait - delay) * random());
  return wait;
}

/** Asks a user's function, whose answer may be anything. */
function ask(decide: BackoffFunction, context: BackoffContext): number | null {
  const answer = call(decide, context);
  if (answer === null || answer === undefined || answer === false) return null;
  const wait = waitFrom(answer, context.now);
  if (wait === undefined) throw new BackoffError(context.jobName, answer);
  return wait;
}

function call(decide: BackoffFunction, context: BackoffContext): unknown {
  let answer: unknown;
  try {
    answer = decide(context);
  } catch (error) {
    throw new BackoffError(context.jobName, undefined, { cause: error });
  }
  // An async function is a mistake too; its rejection must not end the process.
  if (answer instanceof Promise) answer.catch(() => undefined);
  return answer;
}

/** `undefined` for nonsense. */
function waitFrom(answer: unknown, now: number): number | undefined {
  if (answer instanceof Date) {
    const wait = answer.getTime() - now;
    return Number.isNaN(wait) ? undefined : Math.max(0, wait);
  }
  if (typeof answer === 'number')
    return answer >= 0 && answer <= LONGEST_DURATION ? answer : undefined;
  if (typeof answer !== 'string') return undefined;
  try {
    return parseDuration(answer);
  } catch {
    return undefined;
  }
}

function numberIn(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max && value < Infinity) return value;
  const expected =
    max === Infinity ? `a number of ${min} or more` : `a number from ${min} to ${max}`;
  throw new InvalidOptionError(name, value, expected);
}
