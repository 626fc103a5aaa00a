import { InvalidOptionError } from '../errors.js';
import type { JobHeaders } from './job-record.js';

/** The most headers of a job. */
const MAX_HEADERS = 32;
/** The most bytes of a header's name. */
const MAX_HEADER_NAME_BYTES = 128;
/** The most bytes of all headers of a job, as JSON. */
export const MAX_HEADERS_BYTES = 8 * 1024;

export const NO_HEADERS: JobHeaders = Object.freeze({});

/** Control characters, and halves of surrogate pairs. */
const UNFIT_NAME = /[\0-\x1f\x7f-\x9f]|\p{Surrogate}/u;
const UNFIT_VALUE = /[\0-\x08\x0a-\x1f\x7f-\x9f]|\p{Surrogate}/u;

/**
 * What is given along with a job, checked; a frozen copy.
 *
 * @param path - the option as the user writes it
 * @throws InvalidOptionError unless it is an object of at most 32 texts by names of 1 to 128 bytes, without control
 * characters but tabs in the texts, and of at most 8 KiB as JSON
 */
export function readHeaders(path: string, value: unknown): JobHeaders {
  if (!isPlainObject(value)) {
    throw new InvalidOptionError(path, value, 'an object of texts by name');
  }
  const headers = Object.entries(value);
  if (headers.length > MAX_HEADERS) {
    throw new InvalidOptionError(path, headers.length, `an object of at most ${MAX_HEADERS} texts`);
  }
  for (const [name, text] of headers) checkHeader(path, name, text);
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > MAX_HEADERS_BYTES) {
    const expected = `texts of at most ${MAX_HEADERS_BYTES} bytes as JSON, names included`;
    throw new InvalidOptionError(path, bytes, expected);
  }
  return Object.freeze(Object.fromEntries(headers) as Record<string, string>);
}

/** The same of what users write: what is undefined is left out, as in data. @throws InvalidOptionError */
export function readGivenHeaders(path: string, value: unknown): JobHeaders {
  if (!isPlainObject(value)) return readHeaders(path, value);
  const given = Object.entries(value).filter(([, text]) => text !== undefined);
  return readHeaders(path, Object.fromEntries(given));
}

function checkHeader(path: string, name: string, text: unknown): void {
  if (name === '' || Buffer.byteLength(name) > MAX_HEADER_NAME_BYTES || UNFIT_NAME.test(name)) {
    const expected = `named by texts of 1 to ${MAX_HEADER_NAME_BYTES} bytes without control characters and broken surrogates`;
    throw new InvalidOptionError(path, name, expected);
  }
  if (typeof text !== 'string') throw new InvalidOptionError(`${path}.${name}`, text, 'a text');
  if (UNFIT_VALUE.test(text)) {
    const expected = 'free of control characters but tabs, and of broken surrogates';
    throw new InvalidOptionError(`${path}.${name}`, text, expected);
  }
}

/** The same; `undefined` where nothing is carried. */
export const unlessEmpty = (headers: JobHeaders | undefined): JobHeaders | undefined =>
  headers && Object.keys(headers).length > 0 ? headers : undefined;

/** A class of its own (a `Map`, a `Headers`) would come out empty. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
