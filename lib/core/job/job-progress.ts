import { InvalidOptionError } from '../errors.js';
import { encodeData } from './job-data.js';

/** The most bytes of JSON that a progress may have. */
export const MAX_PROGRESS_BYTES = 16 * 1024;

/**
 * How far a handler has come, as JSON text.
 *
 * @throws InvalidOptionError for what is not JSON, or is larger than 16 KiB
 */
export function encodeProgress(progress: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = encodeData(progress, MAX_PROGRESS_BYTES, 'progress');
  } catch (thrown) {
    cause = thrown;
  }
  if (text !== undefined) return text;
  const expected = `JSON of at most ${MAX_PROGRESS_BYTES} bytes, with finite numbers alone`;
  throw new InvalidOptionError('progress', progress, expected, { cause });
}
