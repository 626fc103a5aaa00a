import type {
  EventBounds,
  EventsPage,
  EventsRequest,
  StoredEvent,
} from '../core/contracts/event-store.js';
import { EventsLostError, InvalidCursorError } from '../core/errors.js';
import type { DurableEventKind } from '../core/events/durable-event.js';

/** What may be told of an event besides its kind. */
export interface ToldFacts {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly attempt?: number | undefined;
  readonly host?: string | undefined;
  readonly reason?: string | undefined;
  readonly nextRunAt?: number | null | undefined;
}

interface Kept {
  readonly event: Omit<StoredEvent, 'cursor'>;
  readonly number: number;
  readonly bytes: number;
}

/** The durable stream of events, in a list. Its events are numbered; the cursor is the number of the last that was read. */
export class EventStream {
  private bounds: EventBounds | undefined;
  private events: Kept[] = [];
  private newest = 0;
  private bytes = 0;

  constructor(private readonly now: () => number) {}

  get isKept(): boolean {
    return this.bounds !== undefined;
  }

  keep(bounds: EventBounds | null): void {
    // A number is left out, by which a reader sees that it has missed something.
    if (bounds && !this.bounds) this.newest += 1;
    this.bounds = bounds ?? undefined;
    if (bounds === null) this.drop(this.events.length);
  }

  tell(kind: DurableEventKind, facts: ToldFacts): void {
    if (!this.bounds) return;
    const { id = null, name = null, attempt = null, reason = null, nextRunAt = null } = facts;
    const host = facts.host === '' ? null : (facts.host ?? null);
    const event = { kind, id, name, at: this.now(), attempt, host, reason, nextRunAt };
    const bytes = Buffer.byteLength(JSON.stringify(Object.values(event)));
    this.newest += 1;
    this.bytes += bytes;
    this.events.push({ event, number: this.newest, bytes });
    this.trim();
  }

  /** Drops what is over the bounds. */
  trim(): void {
    const { bounds, events } = this;
    if (!bounds) return;
    const { maxCount, maxBytes, maxAgeMs } = bounds;
    const notBefore = this.now() - maxAgeMs;
    let over = 0;
    let { bytes } = this;
    while (
      over < events.length &&
      (events.length - over > maxCount || bytes > maxBytes || events[over]!.event.at <= notBefore)
    ) {
      bytes -= events[over]!.bytes;
      over += 1;
    }
    this.drop(over);
  }

  /** @throws InvalidCursorError, EventsLostError */
  read({ from, limit }: EventsRequest): EventsPage {
    const { events, newest, isKept } = this;
    const oldest = events[0]?.number ?? newest + 1;
    const last = from === 'start' ? oldest - 1 : from === 'end' ? newest : numberOf(from);
    if (!isKept) return { isKept, events: [], cursor: from };
    if (last < oldest - 1 || last > newest) {
      throw new EventsLostError(from, cursorOf(oldest - 1));
    }
    const begin = last + 1 - oldest;
    const page = events.slice(begin, begin + limit);
    return {
      isKept,
      events: page.map(({ event, number }) => ({ ...event, cursor: cursorOf(number) })),
      cursor: cursorOf(page.at(-1)?.number ?? last),
    };
  }

  snapshot(): unknown {
    return { events: this.events, newest: this.newest };
  }

  private drop(count: number): void {
    if (count === 0) return;
    const gone = this.events.slice(0, count);
    this.events = this.events.slice(count);
    for (const { bytes } of gone) this.bytes -= bytes;
  }
}

const cursorOf = (number: number): string => `memory.${number}`;

function numberOf(cursor: string): number {
  const [, number] = /^memory\.(\d{1,15})$/.exec(cursor) ?? [];
  if (number === undefined) throw new InvalidCursorError(cursor, 'damaged');
  return Number(number);
}
