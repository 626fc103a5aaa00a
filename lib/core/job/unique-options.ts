import type { UniqueOptions } from '../contracts/job-parameters.js';
import type { Duration } from '../duration.js';
import { trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { readDebounceOptions } from './debounce.js';

export interface DebounceOptions {
  /** The longest time that saves may put a run off. @default no limit */
  maxWait?: Duration;
  /**
   * `trailing` runs when no save has come for the whole window, with the newest data; `leading` runs
   * at once, and not again before the window is over.
   *
   * @default 'trailing'
   */
  strategy?: 'trailing' | 'leading';
}

/** @throws InvalidOptionError */
export function readUniqueOptions({
  insertOnly,
  ...others
}: {
  insertOnly?: boolean;
}): Pick<UniqueOptions, 'insertOnly'> {
  checkKnownKeys('unique', others, []);
  if (insertOnly === undefined) return {};
  return { insertOnly: trueOrFalse('unique.insertOnly', insertOnly) };
}

/** What is asked of a debounced save, in milliseconds. @throws InvalidOptionError */
export function readDebounce(
  delay: Duration,
  options: DebounceOptions,
): NonNullable<UniqueOptions['debounce']> {
  checkKnownKeys('debounce', options, ['maxWait', 'strategy']);
  const { maxWait, strategy } = options;
  // As the store will read it, so that nothing is found wrong only then.
  const read = readDebounceOptions({
    delay: delay as number,
    strategy,
    maxWait: maxWait as number | undefined,
  });
  const debounce = { delay: read.delayMs, strategy: read.strategy };
  return maxWait === undefined ? debounce : { ...debounce, maxWait: read.maxWaitMs };
}
