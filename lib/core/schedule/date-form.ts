import type { Reading } from '../amounts.js';
import type { Zone } from './zone.js';

/** What a form of date may use to find its instant. */
export interface DateContext {
  readonly now: number;
  readonly zone: Zone;
  /** Whether the caller named the zone; otherwise it is that of the process. */
  readonly zoneGiven: boolean;
}

/**
 * One way to write a date. `text` is in lower case, with single blanks. A form answers `undefined`
 * for a text of another shape, and a reason for one of its own shape that has no meaning: forms
 * never share a shape, so a text has one meaning.
 */
export type DateForm = (text: string, context: DateContext) => Reading<number> | undefined;
