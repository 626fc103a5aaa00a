import { wholeNumber } from '../options/checks.js';

/** The highest version of a handler's input. */
const MAX_VERSION = 32_767;

/** @throws InvalidOptionError unless it is a whole number from 1 to 32767 */
export function checkVersion(path: string, version: unknown): number {
  return wholeNumber(path, version, 1, MAX_VERSION);
}
