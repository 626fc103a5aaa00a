import type {
  EventBounds,
  EventsPage,
  EventsRequest,
  StoredEvent,
} from '../core/contracts/event-store.js';
import { EventsLostError, InvalidCursorError } from '../core/errors.js';
import { scripts } from './all-scripts.js';
import { inAll } from './partitions.js';
import { isPlace, readStream, type StreamPage } from './read-events.js';
import type { RedisStore } from './redis-store.js';

/*
 * The durable stream of a store with several partitions: each of these keeps one of its own, and readers get
 * them merged by time. Those of a partition stay in their order, whatever its clock does. A cursor holds a
 * place in every one of the streams, so nothing is missed, and what is missing in one of them is told.
 */

const BETWEEN = '_';
/** So many events of each stream are asked for at least. */
const LEAST_SHARE = 8;

/** Of the bounds of the whole each partition keeps its share. */
export async function keepEvents(store: RedisStore, bounds: EventBounds | null): Promise<void> {
  const shares = store.partitions.length;
  const share = bounds && {
    ...bounds,
    maxCount: Math.ceil(bounds.maxCount / shares),
    maxBytes: Math.ceil(bounds.maxBytes / shares),
  };
  const said = share ? JSON.stringify(share) : '';
  await inAll(store, (partition) => partition.run(scripts.keepEvents, [said]));
}

/** @throws InvalidCursorError, EventsLostError */
export async function readEvents(store: RedisStore, request: EventsRequest): Promise<EventsPage> {
  const { partitions } = store;
  if (partitions.length === 1) {
    const { isKept, events, cursor } = await readStream(partitions[0]!, request);
    return { isKept, events, cursor };
  }
  const { from, limit } = request;
  const places = placesOf(from, partitions.length);
  const share = Math.max(Math.ceil((2 * limit) / partitions.length), LEAST_SHARE);
  const parts = await inAll(store, (partition, number) =>
    readPart(partition, { from: places[number]!, limit: share }),
  );
  const pages = parts.filter(isPage);
  if (pages.some(({ isKept }) => !isKept)) return { isKept: false, events: [], cursor: from };
  if (pages.length === parts.length) return merged(pages);
  const after = parts.map((part, number) => (isLost(part) ? part.resumeFrom : places[number]!));
  throw new EventsLostError(from, after.join(BETWEEN));
}

async function readPart(
  partition: RedisStore,
  request: EventsRequest,
): Promise<StreamPage | EventsLostError> {
  try {
    return await readStream(partition, request);
  } catch (thrown) {
    if (isLost(thrown)) return thrown;
    throw thrown;
  }
}

const isLost = (part: unknown): part is EventsLostError => part instanceof EventsLostError;
const isPage = (part: StreamPage | EventsLostError): part is StreamPage => !isLost(part);

/** As far as it is certain what comes next. */
function merged(pages: readonly StreamPage[]): EventsPage {
  const places = pages.map(({ start }) => start);
  const heads = pages.map(() => 0);
  const events: StoredEvent[] = [];
  for (;;) {
    const next = earliest(pages, heads);
    if (next === undefined) break;
    const event = pages[next]!.events[heads[next]!++]!;
    places[next] = event.cursor;
    events.push({ ...event, cursor: places.join(BETWEEN) });
  }
  return { isKept: true, events, cursor: places.join(BETWEEN) };
}

/** The page whose next event is the earliest; `undefined` when one may follow that is earlier. */
function earliest(pages: readonly StreamPage[], heads: readonly number[]): number | undefined {
  let first: number | undefined;
  let firstAt = Infinity;
  for (const [number, { events, isNewest }] of pages.entries()) {
    const head = events[heads[number]!];
    if (!head) {
      if (!isNewest) return undefined;
    } else if (head.at < firstAt) {
      first = number;
      firstAt = head.at;
    }
  }
  return first;
}

function placesOf(from: string, partitions: number): readonly string[] {
  if (from === 'start' || from === 'end') return new Array<string>(partitions).fill(from);
  const places = from.split(BETWEEN);
  if (places.length === partitions) return places;
  throw new InvalidCursorError(from, places.every(isPlace) ? 'other-version' : 'damaged');
}
