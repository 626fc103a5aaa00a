import { encodeData } from './job-data.js';
import type { OmittedResult } from './job-record.js';
import { errorOf, messageOf } from './thrown.js';

/** The most bytes of JSON that a result may have, unless configured otherwise. */
export const DEFAULT_MAX_RESULT_BYTES = 64 * 1024;

/** What is kept of what a handler returned. */
export interface EncodedResult {
  /** JSON text; `undefined` for nothing. */
  readonly text?: string | undefined;
  /** Why it is not kept. */
  readonly omitted?: OmittedResult;
}

/** Never throws: a job whose result cannot be kept is done all the same. */
export function encodeResult(result: unknown, maxBytes: number): EncodedResult {
  let text: string | undefined;
  try {
    text = encodeData(result, Infinity, 'result');
  } catch (thrown) {
    return { omitted: { reason: messageOf(errorOf(thrown)) } };
  }
  if (text === undefined || text.length * 3 <= maxBytes) return { text };
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return { text };
  const reason = `It has ${bytes} bytes of JSON, and \`maxResultBytes\` allows ${maxBytes}.`;
  return { omitted: { bytes, reason } };
}
