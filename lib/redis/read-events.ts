import type { EventsPage, EventsRequest, StoredEvent } from '../core/contracts/event-store.js';
import { EventsLostError, InvalidCursorError } from '../core/errors.js';
import type { DurableEventKind } from '../core/events/durable-event.js';
import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';

/** Behind which event a page begins: the entry that it came in, and its number. */
interface Place {
  readonly entry: string;
  readonly number: number;
}

/** An entry of the stream: all events of one call. */
interface Entry {
  readonly id: string;
  readonly firstNumber: number;
  readonly at: number;
  readonly events: readonly PackedEvent[];
}

type PackedEvent = [
  kind: DurableEventKind,
  id: string | null,
  name: string | null,
  attempt: number | null,
  host: string | null,
  reason: string | null,
  nextRunAt: number | null,
];

/** Before every entry. */
const FRONT = '0-0';
const CURSOR = /^(\d+-\d+)\.(\d{1,15})$/;

/** A page of one stream. */
export interface StreamPage extends EventsPage {
  /** Where it begins. */
  readonly start: string;
  /** Whether nothing was behind it. */
  readonly isNewest: boolean;
}

/** A page of the stream of a partition. @throws InvalidCursorError, EventsLostError */
export async function readStream(
  partition: RedisStore,
  { from, limit }: EventsRequest,
): Promise<StreamPage> {
  const place = from === 'start' || from === 'end' ? undefined : placeOf(from);
  const beginning = from === 'end' ? 'end' : (place?.entry ?? FRONT);
  const [, isKept, newest, dropped, ...parts] = await partition.run(scripts.readEvents, [
    beginning,
    String(limit),
  ]);
  const entries = entriesOf(parts);
  if (isKept === '') {
    return { isKept: false, events: [], cursor: from, start: from, isNewest: true };
  }
  const last = entries.at(-1);
  if (from === 'end' || (!place && !last)) {
    const end = { entry: last?.id ?? FRONT, number: Number(newest) };
    return page(end, [], end, end.number);
  }
  const start = place ?? { entry: FRONT, number: entries[0]!.firstNumber - 1 };
  return pageFrom(
    start,
    entries,
    Number(newest),
    cursorAt({ entry: FRONT, number: Number(dropped) }),
  );
}

/** @param oldest - the cursor before the oldest event that is kept */
function pageFrom(
  start: Place,
  entries: readonly Entry[],
  newest: number,
  oldest: string,
): StreamPage {
  const events: StoredEvent[] = [];
  let place = start;
  for (const entry of entries) {
    const wasRead = entry.id === start.entry && entry.firstNumber <= place.number;
    if (!wasRead && entry.firstNumber !== place.number + 1) {
      // What was read before the gap is told first; the next page begins at the gap.
      if (events.length > 0) return page(start, events, place, newest);
      throw new EventsLostError(cursorAt(start), cursorBefore(entry));
    }
    entry.events.forEach((packed, i) => {
      const number = entry.firstNumber + i;
      if (number <= place.number) return;
      place = { entry: entry.id, number };
      events.push(storedEvent(packed, entry.at, cursorAt(place)));
    });
  }
  if (events.length === 0 && newest !== place.number) {
    const [read] = entries;
    const after = read ? cursorAt({ entry: read.id, number: newest }) : oldest;
    throw new EventsLostError(cursorAt(start), after);
  }
  return page(start, events, place, newest);
}

function page(
  start: Place,
  events: readonly StoredEvent[],
  end: Place,
  newest: number,
): StreamPage {
  const isNewest = end.number === newest;
  return { isKept: true, events, cursor: cursorAt(end), start: cursorAt(start), isNewest };
}

function entriesOf(parts: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; i < parts.length; i += 4) {
    const [id, firstNumber, at, events] = parts.slice(i, i + 4) as [string, string, string, string];
    entries.push({
      id,
      firstNumber: Number(firstNumber),
      at: Number(at),
      events: JSON.parse(events) as PackedEvent[],
    });
  }
  return entries;
}

function storedEvent(
  [kind, id, name, attempt, host, reason, nextRunAt]: PackedEvent,
  at: number,
  cursor: string,
): StoredEvent {
  return { kind, id, name, at, attempt, host, reason, nextRunAt, cursor };
}

const cursorAt = ({ entry, number }: Place): string => `${entry}.${number}`;

const cursorBefore = ({ id, firstNumber }: Entry): string =>
  cursorAt({ entry: id, number: firstNumber - 1 });

/** Whether a cursor tells a place in one stream. */
export const isPlace = (cursor: string): boolean => CURSOR.test(cursor);

function placeOf(cursor: string): Place {
  const [, entry, number] = CURSOR.exec(cursor) ?? [];
  if (entry === undefined) throw new InvalidCursorError(cursor, 'damaged');
  return { entry, number: Number(number) };
}
