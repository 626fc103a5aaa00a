import { createHash } from 'node:crypto';
import { InvalidCursorError } from '../errors.js';

/*
 * Cursors: where the next page of a walk begins, as a text that is opaque to those who carry it. It is
 * tied to its filter and to the backend whose places it tells of; a sum tells a damaged one.
 */

/** What a cursor is made for. */
export interface CursorOwner {
  /** Which backend's places it holds, and in which form: another form is another version. */
  readonly version: string;
  /** JSON text of the filter. */
  readonly filter: string;
}

export function encodeCursor({ version, filter }: CursorOwner, place: unknown): string {
  const parts = [version, digest(filter), place];
  return Buffer.from(JSON.stringify([...parts, sumOf(parts)])).toString('base64url');
}

/** The place that was encoded. @throws InvalidCursorError */
export function decodeCursor<Place>({ version, filter }: CursorOwner, cursor: unknown): Place {
  const parts = partsOf(cursor);
  const sum = parts.pop();
  if (parts.length !== 3 || sum !== sumOf(parts)) throw new InvalidCursorError(cursor, 'damaged');
  if (parts[0] !== version) throw new InvalidCursorError(cursor, 'other-version');
  if (parts[1] !== digest(filter)) throw new InvalidCursorError(cursor, 'other-filter');
  return parts[2] as Place;
}

function partsOf(cursor: unknown): unknown[] {
  if (typeof cursor !== 'string') return [];
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

const sumOf = (parts: readonly unknown[]): string => digest(JSON.stringify(parts));

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
