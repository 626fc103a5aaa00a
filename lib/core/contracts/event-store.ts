import type { DurableEventKind } from '../events/durable-event.js';

/*
 * How a store keeps the durable stream of events.
 *
 * Events are numbered without gaps, and a cursor tells the number of the last event that was read. So a
 * reader knows whether one was missed, whatever became of the stream meanwhile: trimmed, switched off, or
 * lost with the store.
 */

/** How much of the stream is kept; what is over goes, oldest first. */
export interface EventBounds {
  readonly maxCount: number;
  readonly maxAgeMs: number;
  /** Of their text as it is stored. */
  readonly maxBytes: number;
}

export interface EventsRequest {
  /** `start`: with the oldest event that is kept; `end`: behind the newest; else a cursor. */
  readonly from: string;
  /** About how many events to answer: the last of what is stored together come along. */
  readonly limit: number;
}

export interface EventsPage {
  /** Whether the stream is kept at present. */
  readonly isKept: boolean;
  readonly events: readonly StoredEvent[];
  /** Where the next page begins. */
  readonly cursor: string;
}

export interface StoredEvent {
  readonly kind: DurableEventKind;
  readonly id: string | null;
  readonly name: string | null;
  readonly at: number;
  readonly attempt: number | null;
  readonly host: string | null;
  readonly reason: string | null;
  readonly nextRunAt: number | null;
  readonly cursor: string;
}

/** The most events of one page, but for the last of those that are stored together. */
export const EVENTS_PAGE = 100;
