import { InvalidJobError } from '../errors.js';
import { checkText } from './job-id.js';

/** The most tags of a job, and of a search. */
export const MAX_TAGS = 16;

/** Each once. @throws InvalidJobError unless it is a list of at most 16 texts of 1 to 256 bytes */
export function readTags(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidJobError('tags', value, 'a list of texts');
  const tags = [...new Set(value as readonly string[])];
  checkTags(tags);
  return tags;
}

/** @throws InvalidJobError */
export function checkTags(tags: readonly string[]): void {
  if (tags.length > MAX_TAGS) {
    throw new InvalidJobError('tags', tags.length, `a list of at most ${MAX_TAGS}`);
  }
  for (const tag of tags) checkText('tag', tag);
}
