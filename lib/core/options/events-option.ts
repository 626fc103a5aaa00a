import type { EventBounds } from '../contracts/event-store.js';
import { durationOption, type Duration } from '../duration.js';
import { wholeNumber } from './checks.js';
import { checkKnownKeys } from './known-keys.js';

export interface EventsOptions {
  /**
   * Keep a durable stream of what happens to jobs, in all processes, for `scheduler.events()`: a store of jobs
   * has one, and whoever connects last with this option sets its bounds. It stays, also over restarts, until an
   * engine connects with `false`, which drops it. Only for Redis and memory.
   *
   * @default as the store has it; a new one keeps none
   */
  durable?: boolean | DurableEventsOptions;
}

/** What is over a bound goes, oldest first, with the events that come and by the janitor. */
export interface DurableEventsOptions {
  /** How many events are kept; 1,000 or more. @default 100000 */
  maxCount?: number;
  /** How long they are kept; a minute or more. @default '7 days' */
  maxAge?: Duration;
  /** How many bytes of text are kept, of about 100 each; 1 MiB or more. @default 67108864 (64 MiB) */
  maxBytes?: number;
}

const DEFAULT = { maxCount: 100_000, maxAge: 7 * 86_400_000, maxBytes: 64 * 1024 * 1024 } as const;
// Events of one step are kept or dropped together: a stream must have room for some steps.
const FEWEST = 1_000;
const FEWEST_BYTES = 1024 * 1024;

/**
 * `null` to switch the stream off, `undefined` to leave it as it is.
 *
 * @throws InvalidOptionError
 */
export function readEventsOption(options: EventsOptions): EventBounds | null | undefined {
  checkKnownKeys('events', options, ['durable']);
  const { durable } = options;
  if (durable === undefined) return undefined;
  if (durable === false) return null;
  const bounds = durable === true ? {} : durable;
  checkKnownKeys('events.durable', bounds, ['maxCount', 'maxAge', 'maxBytes']);
  const { maxCount, maxAge, maxBytes } = { ...DEFAULT, ...bounds };
  return {
    maxCount: wholeNumber('events.durable.maxCount', maxCount, FEWEST),
    maxAgeMs: durationOption('events.durable.maxAge', maxAge, { min: 60_000 }),
    maxBytes: wholeNumber('events.durable.maxBytes', maxBytes, FEWEST_BYTES),
  };
}
