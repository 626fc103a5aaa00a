import type { EventBounds } from '../../core/contracts/event-store.js';
import type { Layouts } from './layout.js';
import { readHash, writeHash } from './read-hash.js';
import type { RedisConnection } from '../redis-connection.js';

const PAGE = '100';

/** An entry of a stream: what one call has told. */
interface Entry {
  readonly id: string;
  readonly at: string;
  readonly events: string;
}

/**
 * Copies the durable stream of events: each old one goes whole to one of the new ones, and where several go to the
 * same they are merged by time. They are numbered anew, without gaps, above all numbers there were.
 */
export async function copyEvents(layouts: Layouts): Promise<void> {
  const { connection, source, target } = layouts;
  const metas = await Promise.all(
    source.partitions.map(({ keys }) => readHash(connection, keys.meta)),
  );
  const bounds = metas.find((meta) => meta.has('stream'))?.get('stream');
  if (bounds === undefined) return;
  const base = Math.max(...metas.map((meta) => Number(meta.get('eventSeq') ?? 0)));
  const share = source.partitions.length / target.partitions.length;
  for (let number = 0; number < target.partitions.length; number++) {
    const streams = source.partitions
      .filter((_, i) => i % target.partitions.length === number)
      .map(({ keys }) => entriesOf(connection, keys.events));
    const prefix = layouts.stagingOf(number);
    const told = await writeStream(connection, `${prefix}events`, byTime(streams), base);
    await writeHash(connection, `${prefix}meta`, [
      ['stream', scaled(bounds, share)],
      ['eventSeq', String(base + told.count)],
      ['eventBytes', String(told.bytes)],
      ['eventsDropped', String(base)],
      ['eventBytesDropped', '0'],
      ['oldestEventAt', told.oldestAt],
    ]);
  }
}

/** Of the bounds of the whole each partition keeps its share. */
function scaled(bounds: string, share: number): string {
  const told = JSON.parse(bounds) as EventBounds;
  const { maxCount, maxBytes } = told;
  return JSON.stringify({
    ...told,
    maxCount: Math.ceil(maxCount * share),
    maxBytes: Math.ceil(maxBytes * share),
  });
}

async function writeStream(
  connection: RedisConnection,
  key: string,
  entries: AsyncIterable<Entry>,
  base: number,
): Promise<{ count: number; bytes: number; oldestAt: string }> {
  const told = { count: 0, bytes: 0, oldestAt: '0' };
  let last = '0-0';
  for await (const { id, at, events } of entries) {
    if (told.count === 0) told.oldestAt = at;
    last = isAfter(id, last) ? id : next(last);
    const first = String(base + told.count + 1);
    await append(connection, key, last, ['n', first, 'at', at, 'e', events]);
    told.count += (JSON.parse(events) as unknown[]).length;
    told.bytes += Buffer.byteLength(events);
  }
  return told;
}

/** An entry whose answer was lost is there already: its id is taken. */
async function append(
  connection: RedisConnection,
  key: string,
  id: string,
  fields: readonly string[],
): Promise<void> {
  try {
    await connection.commandAt(key, 'XADD', key, id, ...fields);
  } catch (error) {
    if (!/equal or smaller/.test(String(error))) throw error;
  }
}

async function* entriesOf(connection: RedisConnection, key: string): AsyncGenerator<Entry> {
  for (let from = '-'; ;) {
    const answer = await connection.commandAt(key, 'XRANGE', key, from, '+', 'COUNT', PAGE);
    const entries = answer as [id: string, fields: string[]][];
    for (const [id, [, , , at, , events]] of entries) yield { id, at: at!, events: events! };
    if (entries.length < Number(PAGE)) return;
    from = next(entries.at(-1)![0]);
  }
}

/** The entries of several streams, the earliest first. */
async function* byTime(streams: readonly AsyncGenerator<Entry>[]): AsyncGenerator<Entry> {
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let first = -1;
    heads.forEach(({ done, value }, i) => {
      if (!done && (first < 0 || isAfter((heads[first]!.value as Entry).id, value.id))) first = i;
    });
    if (first < 0) return;
    yield heads[first]!.value as Entry;
    heads[first] = await streams[first]!.next();
  }
}

const parts = (id: string): readonly [ms: number, number: number] => {
  const [ms, number] = id.split('-').map(Number);
  return [ms!, number!];
};

function isAfter(id: string, other: string): boolean {
  const [[ms, number], [otherMs, otherNumber]] = [parts(id), parts(other)];
  return ms === otherMs ? number > otherNumber : ms > otherMs;
}

/** The id directly behind. */
function next(id: string): string {
  const [ms, number] = parts(id);
  return `${ms}-${number + 1}`;
}
