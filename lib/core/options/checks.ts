import { InvalidOptionError } from '../errors.js';

/** @throws InvalidOptionError unless it is a whole number in the limits */
export function wholeNumber(
  path: string,
  value: unknown,
  min: number,
  max = 1_000_000_000,
): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    const limit = max === 1_000_000_000 ? `of ${min} or more` : `from ${min} to ${max}`;
    throw new InvalidOptionError(path, value, `a whole number ${limit}`);
  }
  return value as number;
}

/** @throws InvalidOptionError */
export function trueOrFalse(path: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new InvalidOptionError(path, value, 'true or false');
  return value;
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws InvalidOptionError unless it is an object of options */
export function optionsObject(path: string, value: unknown): Record<string, unknown> {
  if (!isPlainObject(value)) throw new InvalidOptionError(path, value, 'an object');
  return value;
}

/**
 * Comes before every other check: who has given up need not learn what else was wrong.
 *
 * @throws the reason of a signal that has fired
 */
export function expectNotAborted(options: unknown): void {
  const signal = isPlainObject(options) ? options.signal : undefined;
  if (signal instanceof AbortSignal) signal.throwIfAborted();
}

/** @throws InvalidOptionError unless it is an `AbortSignal` */
export function abortSignal(path: string, value: unknown): AbortSignal {
  if (!(value instanceof AbortSignal)) {
    throw new InvalidOptionError(path, value, 'an AbortSignal');
  }
  return value;
}
