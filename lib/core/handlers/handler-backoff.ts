import {
  type Backoff,
  type BackoffFunction,
  type BackoffRule,
  compileBackoff,
} from '../backoff.js';
import type { Duration } from '../duration.js';

/** How long a failed job waits. Of an object, members may be left to the layers below. */
export type BackoffChoice = DeclaredBackoff | BackoffFunction;

/** A backoff that is data, so that it can be stored with a job. */
export type DeclaredBackoff = Duration | Partial<BackoffRule>;

/**
 * Checks one layer alone.
 *
 * @throws InvalidOptionError
 */
export function checkBackoff(path: string, choice: unknown): void {
  const whole = isRule(choice) ? { type: 'fixed', delay: 0, ...choice } : choice;
  compileBackoff(whole as BackoffRule, path);
}

/** Makes the backoff of all layers together ready to be asked. */
export function compileChoice(path: string, choice: BackoffChoice): Backoff {
  const whole = isRule(choice) ? { type: 'fixed', ...choice } : choice;
  return compileBackoff(whole as BackoffRule, path);
}

/** Lays one choice over another: the members of objects are merged, unless the nearer one is of another type. */
export function mergeBackoff(
  below: BackoffChoice | undefined,
  above: BackoffChoice | undefined,
): BackoffChoice | undefined {
  if (above === undefined) return below;
  if (!isRule(above) || !isRule(below)) return above;
  const anotherType = above.type !== undefined && above.type !== (below.type ?? 'fixed');
  return anotherType ? { ...only(below, 'delay', 'max'), ...above } : { ...below, ...above };
}

const isRule = (choice: unknown): choice is Partial<BackoffRule> =>
  typeof choice === 'object' && choice !== null && !Array.isArray(choice);

/** The members that mean the same in every type. */
function only(rule: Partial<BackoffRule>, ...keys: (keyof BackoffRule)[]): Partial<BackoffRule> {
  return Object.fromEntries(keys.filter((key) => key in rule).map((key) => [key, rule[key]]));
}
