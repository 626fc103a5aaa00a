import type { EventBounds, EventsPage, StoredEvent } from '../../lib/core/contracts/event-store.js';
import type { JobManager } from '../../lib/core/contracts/job-manager.js';
import { EventsLostError, InvalidCursorError } from '../../lib/core/errors.js';
import { DurableEvents } from '../../lib/core/events/durable-events.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { newJob } from '../contract/support/builders.js';
import { keysWith, newClient } from '../support/redis-endpoint.js';
import { PARTITIONS, SpreadTwin, type End } from './spread-twin.js';

const BOUNDS: EventBounds = { maxCount: 8_000, maxAgeMs: 86_400_000, maxBytes: 8_000_000 };
const redis = newClient();
afterAll(() => redis.disconnect());

describe('The durable stream of a store of several partitions', () => {
  let twin: SpreadTwin;

  beforeEach(async () => {
    twin = new SpreadTwin();
    await twin.open();
    await twin.both(({ manager }) => manager.keepEvents(BOUNDS));
  });
  afterEach(() => twin.close());

  const readPage = (from: string, limit = 100): Promise<EventsPage> =>
    twin.redis.manager.readEvents({ from, limit });

  /** All that comes behind a place, and where that ends. */
  async function readAll(
    from: string,
    limit = 100,
    { manager }: { manager: JobManager } = twin.redis,
  ) {
    const events: StoredEvent[] = [];
    for (let cursor = from; ;) {
      const page = await manager.readEvents({ from: cursor, limit });
      if (page.events.length === 0) return { events, cursor: page.cursor };
      events.push(...page.events);
      ({ cursor } = page);
    }
  }

  const addJobs = async (count: number): Promise<NewJob[]> => {
    const jobs = Array.from({ length: count }, () => newJob());
    await twin.add(jobs);
    return jobs;
  };

  /** Jobs that live and end, in the course of time. */
  async function live(count: number): Promise<readonly NewJob[]> {
    const jobs = await addJobs(count);
    const ends: readonly End[] = ['complete', 'retry', 'bury', 'run'];
    for (const [i, { id }] of jobs.entries()) {
      twin.clock.advance(i % 3);
      await twin.run(id, ends[i % ends.length]!);
    }
    return jobs;
  }

  it('tells of each job what one store tells, merged by time', async () => {
    await live(60);

    const { events } = await readAll('start');
    const { events: memory } = await readAll('start', 100, twin.memory);

    expect(byJob(events)).toEqual(byJob(memory));
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).sort((a, b) => a - b));
  });

  it('is the same however many events a page has, and goes on behind each of them', async () => {
    await live(20);
    const { events } = await readAll('start');

    for (const limit of [1, 3, 20]) {
      expect(plain((await readAll('start', limit)).events)).toEqual(plain(events));
    }
    for (const [i, { cursor }] of events.entries()) {
      expect(plain((await readAll(cursor)).events)).toEqual(plain(events.slice(i + 1)));
    }
  });

  it('gives two readers the same, each from where it was', async () => {
    const other = await twin.another();
    await live(10);
    const first = await readAll('start');
    const second = await readAll('start', 5, other);
    await live(10);

    const [more, others] = [await readAll(first.cursor), await readAll(second.cursor, 7, other)];

    expect(plain(second.events)).toEqual(plain(first.events));
    expect(plain(others.events)).toEqual(plain(more.events));
    expect(more.events.length).toBeGreaterThan(30);
  });

  it('begins at the end with what comes next', async () => {
    await live(10);
    const { cursor, events } = await readPage('end');
    expect(events).toEqual([]);
    expect((await readPage(cursor)).events).toEqual([]);

    const [job] = await addJobs(1);

    expect((await readPage(cursor)).events.map(({ kind, id }) => [kind, id])).toEqual([
      ['enqueued', job!.id],
    ]);
  });

  it('tells once that a name is paused, and that it is resumed', async () => {
    await twin.both(({ manager }) => manager.pause({ name: 'mail' }));
    await twin.both(({ manager }) => manager.resume('mail'));
    await twin.both(({ manager }) => manager.pause({}));

    const told = plain((await readAll('start')).events);

    expect(told).toEqual(plain((await readAll('start', 100, twin.memory)).events));
  });

  it('is kept within its bounds, as a whole', async () => {
    await twin.redis.manager.keepEvents({ ...BOUNDS, maxCount: 80 });
    await addJobs(100);
    for (let i = 0; i < 400; i++) await addJobs(1);

    const { length } = (await readAll('start')).events;

    expect(length).toBeLessThanOrEqual(80);
    expect(length).toBeGreaterThan(60);
  });

  it('tells a reader that it has missed events of some partitions, and from where it can go on', async () => {
    const start = (await readPage('end')).cursor;
    await addJobs(40);
    await addJobs(40);
    const streams = (await keysWith(twin.keyPrefix, redis)).filter((key) => /:events$/.test(key));
    expect(streams).toHaveLength(PARTITIONS);
    const gone = (await Promise.all(streams.slice(0, 3).map((key) => cut(key)))).flat();

    const lost = await readPage(start).catch((error: unknown) => error);

    expect(lost).toBeInstanceOf(EventsLostError);
    expect((lost as EventsLostError).cursor).toBe(start);
    const { events } = await readAll((lost as EventsLostError).resumeFrom);
    expect(events).toHaveLength(80 - gone.length);
  });

  it('refuses cursors that are damaged, and those of a store of one partition', async () => {
    const { cursor } = await readPage('end');
    const [place] = cursor.split('_');

    await expect(readPage('nonsense')).rejects.toThrow(InvalidCursorError);
    await expect(readPage(`${cursor}x`)).rejects.toMatchObject({ reason: 'damaged' });
    await expect(readPage(place!)).rejects.toMatchObject({ reason: 'other-version' });
  });

  it('is not kept any more as soon as one partition does not', async () => {
    await addJobs(10);
    const { cursor } = await readPage('end');
    await twin.redis.manager.keepEvents(null);

    expect(await readPage(cursor)).toEqual({ isKept: false, events: [], cursor });
    expect(await readPage('start')).toMatchObject({ isKept: false, events: [] });
  });

  it('is read by those who wait for the next event', async () => {
    const reading = new DurableEvents({
      manager: twin.redis.manager,
      channel: undefined,
      report: (error) => {
        throw error;
      },
    });
    const jobs = await addJobs(30);
    const seen: string[] = [];
    for await (const { id } of reading.read({ from: 'start', kinds: ['enqueued'] })) {
      seen.push(id!);
      if (seen.length === 30) break;
    }
    expect(seen.sort()).toEqual(jobs.map(({ id }) => id).sort());
    reading.close();
  });

  /** Takes the oldest entry of a stream away. @returns its events */
  async function cut(stream: string): Promise<unknown[]> {
    const [[id, fields]] = (await redis.xrange(stream, '-', '+', 'COUNT', 1)) as [
      [string, string[]],
    ];
    await redis.xdel(stream, id);
    return JSON.parse(fields[fields.indexOf('e') + 1]!) as unknown[];
  }
});

/** What is told of each job, in order; of names, what has a partition to itself is left out. */
function byJob(events: readonly StoredEvent[]): Map<string, unknown[]> {
  const told = new Map<string, unknown[]>();
  for (const { cursor: _, ...event } of events) {
    if (event.id === null) continue;
    told.set(event.id, [...(told.get(event.id) ?? []), event]);
  }
  return told;
}

const plain = (events: readonly StoredEvent[]): unknown[] =>
  events.map((event) => ({ ...event, cursor: '' }));
