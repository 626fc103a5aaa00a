import { checksum } from '../core/job/placement.js';

/** Over so many slots a Cluster spreads its keys. */
export const SLOTS = 16_384;

/** The slot of a key: Redis hashes what stands between the first brace and the next closing one, if anything does. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  return checksum(close > open + 1 ? key.slice(open + 1, close) : key) % SLOTS;
}
