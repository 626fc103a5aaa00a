import { InvalidOptionError } from '../errors.js';

/** Higher goes first: any finite number, or one of Agenda's words. */
export type Priority = number | 'lowest' | 'low' | 'normal' | 'high' | 'highest';

const WORDS = new Map<unknown, number>([
  ['lowest', -20],
  ['low', -10],
  ['normal', 0],
  ['high', 10],
  ['highest', 20],
]);

/** @throws InvalidOptionError */
export function parsePriority(path: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const number = WORDS.get(value);
  if (number !== undefined) return number;
  throw new InvalidOptionError(
    path,
    value,
    `a finite number or one of ${[...WORDS.keys()].join(', ')}`,
  );
}
