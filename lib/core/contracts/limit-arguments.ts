import { LONGEST_DURATION } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { KeyLimits, NameLimits, RateLimit } from './job-broker.js';

/** Limits as a store takes them. @throws InvalidOptionError */
export function checkLimits(limits: NameLimits): void {
  checkKnownKeys('limits', limits, ['concurrency', 'rate', 'key', 'maxQueued']);
  const { concurrency, rate, key, maxQueued } = limits;
  if (concurrency !== undefined) wholeNumber('limits.concurrency', concurrency, 1);
  if (rate !== undefined) checkRate('limits.rate', rate);
  if (key !== undefined) checkKeyLimits(key);
  if (maxQueued !== undefined) wholeNumber('limits.maxQueued', maxQueued, 1);
}

function checkKeyLimits(limits: KeyLimits): void {
  checkKnownKeys('limits.key', limits, ['concurrency', 'order', 'rate']);
  const { concurrency, order, rate } = limits;
  if (concurrency !== undefined) wholeNumber('limits.key.concurrency', concurrency, 1);
  if (order !== undefined && order !== 'fifo') {
    throw new InvalidOptionError('limits.key.order', order, "'fifo', or left out");
  }
  if (order === 'fifo' && concurrency !== undefined && concurrency > 1) {
    throw new InvalidOptionError('limits.key.concurrency', concurrency, '1, or left out');
  }
  if (rate !== undefined) checkRate('limits.key.rate', rate);
}

function checkRate(path: string, rate: RateLimit): void {
  checkKnownKeys(path, rate, ['max', 'perMs', 'spread']);
  const { max, perMs, spread = false } = rate;
  wholeNumber(`${path}.max`, max, 1);
  if (!(typeof perMs === 'number' && perMs >= 1 && perMs <= LONGEST_DURATION)) {
    throw new InvalidOptionError(
      `${path}.perMs`,
      perMs,
      'a number of milliseconds, from 1 to 100 years',
    );
  }
  if (trueOrFalse(`${path}.spread`, spread) && perMs / max < 1) {
    const remedy = `false: ${max} starts in ${perMs} ms would be less than 1 ms apart`;
    throw new InvalidOptionError(`${path}.spread`, spread, remedy);
  }
}
