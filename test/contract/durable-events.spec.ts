import type { EventBounds, StoredEvent } from '../../lib/core/contracts/event-store.js';
import { EventsLostError, InvalidCursorError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  claimOne,
  claimRequest,
  complete,
  failure,
  LEASE,
  loseAndRescue,
  release,
  retry,
  settleOne,
  snooze,
} from './support/builders.js';

const BOUNDS: EventBounds = { maxCount: 1_000, maxAgeMs: 86_400_000, maxBytes: 1_000_000 };

describeBackends('The durable stream of events', (openBackend) => {
  let store: OpenBackend;

  beforeEach(async () => {
    store = await openBackend();
    await store.manager.keepEvents(BOUNDS);
  });

  async function read(from = 'start', limit = 100): Promise<readonly StoredEvent[]> {
    return (await store.manager.readEvents({ from, limit })).events;
  }

  const kinds = async (): Promise<string[]> => (await read()).map(({ kind }) => kind);

  /** What is told of the one job besides its names. */
  async function facts(): Promise<unknown[]> {
    return (await read()).map(({ kind, attempt, host, reason, nextRunAt }) => {
      const rest = Object.entries({ attempt, host, reason, nextRunAt });
      const told = rest.filter(([, value]) => value !== null);
      return told.length === 0 ? kind : [kind, Object.fromEntries(told)];
    });
  }

  it('tells the way of a job, each step by the store that made it', async () => {
    const { id } = await add(store.broker, { id: 'job-1', name: 'mail' });
    store.clock.advance(5);
    const job = await claimOne(store.broker);
    store.clock.advance(5);
    await settleOne(store.broker, complete(job));

    const empty = { attempt: null, host: null, reason: null, nextRunAt: null };
    expect(await read()).toEqual(
      [
        { ...empty, kind: 'enqueued', id, name: 'mail', at: START, nextRunAt: START },
        {
          ...empty,
          kind: 'started',
          id,
          name: 'mail',
          at: START + 5,
          attempt: 1,
          host: 'host-a',
        },
        {
          ...empty,
          kind: 'completed',
          id,
          name: 'mail',
          at: START + 10,
          attempt: 1,
          host: 'host-a',
        },
        { ...empty, kind: 'emptied', id: null, name: 'mail', at: START + 10 },
      ].map((event) => ({ ...event, cursor: expect.any(String) as string })),
    );
  });

  it('tells each failed attempt, and what comes of it', async () => {
    await add(store.broker);
    await settleOne(store.broker, retry(await claimOne(store.broker)));
    await settleOne(store.broker, bury(await claimOne(store.broker), 'unrecoverable'));

    expect((await facts()).slice(2)).toEqual([
      ['failed', { attempt: 1, host: 'host-a' }],
      ['retrying', { attempt: 1, host: 'host-a', nextRunAt: START }],
      ['started', { attempt: 2, host: 'host-a' }],
      ['failed', { attempt: 2, host: 'host-a' }],
      ['dead', { attempt: 2, host: 'host-a', reason: 'unrecoverable' }],
      'emptied',
    ]);
  });

  it('tells of a recurring job that has failed for this time neither a retry nor a death', async () => {
    await store.repository.saveJob({
      name: 'mail',
      type: 'single',
      priority: 0,
      repeatInterval: 60_000,
      nextRunAt: new Date(START),
      data: {},
    });
    const job = await claimOne(store.broker);
    const next = START + 60_000;

    await settleOne(store.broker, {
      kind: 'retry',
      lease: job.lease,
      failure: failure('no luck'),
      due: { at: next },
      fresh: true,
    });

    expect(await kinds()).toEqual(['enqueued', 'started', 'failed', 'emptied']);
  });

  it('tells what was put off and what was handed back', async () => {
    await add(store.broker);
    await settleOne(store.broker, snooze(await claimOne(store.broker), { due: { delayMs: 50 } }));
    store.clock.advance(50);
    await settleOne(store.broker, release(await claimOne(store.broker)));

    expect((await facts()).slice(2)).toEqual([
      ['snoozed', { attempt: 1, host: 'host-a', nextRunAt: START + 50 }],
      'emptied',
      ['started', { attempt: 1, host: 'host-a' }],
      ['interrupted', { attempt: 1, host: 'host-a', nextRunAt: START + 50 }],
    ]);
  });

  it('tells a lost process with its job, and the death of one that lost too many', async () => {
    await store.broker.register([{ name: 'mail', maxRescues: 1 }]);
    await add(store.broker);
    for (let lost = 0; lost < 2; lost++) {
      await claimOne(store.broker);
      await loseAndRescue(store);
    }

    expect((await facts()).slice(1)).toEqual([
      ['started', { attempt: 1, host: 'host-a' }],
      ['stalled', { attempt: 1, host: 'host-a', nextRunAt: START }],
      ['started', { attempt: 2, host: 'host-a' }],
      ['stalled', { attempt: 2, host: 'host-a' }],
      ['dead', { attempt: 2, host: 'host-a', reason: 'stalled' }],
    ]);
  });

  it('tells a claim whose answer nobody heard as one that was handed back', async () => {
    await add(store.broker);
    await claim(store.broker, { heard: '' });

    await claim(store.broker, { heard: randomToken(), slots: 0, names: [] });

    expect(await kinds()).toEqual(['enqueued', 'started', 'interrupted']);
  });

  it('tells cancelled, requeued and removed jobs, and why they are removed', async () => {
    const [cancelled, dead] = await addMany(store.broker, 3);
    await store.manager.cancel([cancelled!.id], 'said somebody');
    const [job, other] = (await claim(store.broker)).jobs;
    await settleOne(store.broker, bury(job!));
    await store.manager.requeue([dead!.id], { due: { delayMs: 7 }, resetAttempts: true });
    await settleOne(store.broker, complete(other!, { remove: true }));

    expect((await facts()).slice(3)).toEqual([
      'cancelled',
      ['started', { attempt: 1, host: 'host-a' }],
      ['started', { attempt: 1, host: 'host-a' }],
      ['failed', { attempt: 1, host: 'host-a' }],
      ['dead', { attempt: 1, host: 'host-a', reason: 'exhausted' }],
      ['requeued', { nextRunAt: START + 7 }],
      ['completed', { attempt: 1, host: 'host-a' }],
      ['removed', { reason: 'completed' }],
      'emptied',
    ]);
  });

  it('tells what retention and cleaning remove', async () => {
    const rule = { ageMs: 1_000, count: null };
    const settings = { name: 'mail', maxRescues: 2, retention: { completed: rule, failed: rule } };
    await store.broker.register([settings]);
    await addMany(store.broker, 2);
    const { jobs } = await claim(store.broker);
    for (const job of jobs) await settleOne(store.broker, complete(job));
    await store.manager.clean({ name: 'mail', place: 'completed', olderThanMs: 0, limit: 1 });
    store.clock.advance(1_000);
    await store.broker.prune!('');

    expect((await facts()).slice(-2)).toEqual([
      ['removed', { reason: 'clean' }],
      ['removed', { reason: 'retention' }],
    ]);
  });

  it('tells pauses once, and their ends', async () => {
    await store.manager.pause({ name: 'mail', reason: 'a deploy' });
    await store.manager.pause({ name: 'mail' });
    await store.manager.pause({});
    await store.manager.resume('mail');
    await store.manager.resume('mail');
    await store.manager.resume();

    expect((await read()).map(({ kind, name }) => [kind, name])).toEqual([
      ['paused', 'mail'],
      ['paused', null],
      ['resumed', 'mail'],
      ['resumed', null],
    ]);
  });

  it('tells an emptying once, by the call that ends the last run', async () => {
    await addMany(store.broker, 2);
    await add(store.broker, { due: { delayMs: 1_000 } });
    const { jobs } = await claim(store.broker);
    await settleOne(store.broker, complete(jobs[0]!));
    expect(await kinds()).not.toContain('emptied');

    await settleOne(store.broker, complete(jobs[1]!));
    await settleOne(store.broker, complete(jobs[1]!));

    expect((await kinds()).filter((kind) => kind === 'emptied')).toHaveLength(1);
  });

  it('tells nothing twice when a call is repeated', async () => {
    const job = { id: 'mine', name: 'mail', data: undefined, priority: 0, due: { delayMs: 0 } };
    const request = claimRequest();
    await store.broker.enqueue([{ ...job, nonce: 'aa' }]);
    await store.broker.enqueue([{ ...job, nonce: 'aa' }]);
    const { jobs } = await store.broker.settleAndClaim([], request);
    await store.broker.settleAndClaim([], request);
    const end = claimRequest({ slots: 0 });
    await store.broker.settleAndClaim([complete(jobs[0]!)], end);
    await store.broker.settleAndClaim([complete(jobs[0]!)], end);

    expect(await kinds()).toEqual(['enqueued', 'started', 'completed', 'emptied']);
  });

  it('tells refused settlements nothing', async () => {
    await add(store.broker);
    const job = await claimOne(store.broker);
    store.clock.advance(LEASE);

    await settleOne(store.broker, complete(job));

    expect(await kinds()).toEqual(['enqueued', 'started']);
  });

  describe('read from page to page', () => {
    it('goes on behind any event, and ends with a cursor for what comes next', async () => {
      await addMany(store.broker, 7, (i) => ({ id: `job-${i}` }));
      const events = await read();
      expect(events.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `job-${i}`));
      for (const [i, { cursor }] of events.entries()) {
        expect((await read(cursor)).map(({ id }) => id)).toEqual(
          events.slice(i + 1).map(({ id }) => id),
        );
      }

      const { cursor } = await store.manager.readEvents({ from: 'end', limit: 100 });
      await add(store.broker, { id: 'later' });

      expect((await read(cursor)).map(({ id }) => id)).toEqual(['later']);
    });

    it('reads every event once through many small pages', async () => {
      for (let i = 0; i < 30; i++) await add(store.broker, { id: `job-${i}` });
      const seen: (string | null)[] = [];
      for (let from = 'start'; ;) {
        const page = await store.manager.readEvents({ from, limit: 4 });
        if (page.events.length === 0) break;
        seen.push(...page.events.map(({ id }) => id));
        from = page.cursor;
      }

      expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `job-${i}`));
    });

    it('begins with what comes next in a stream that is empty', async () => {
      const { cursor } = await store.manager.readEvents({ from: 'start', limit: 100 });
      await add(store.broker, { id: 'first' });

      expect((await read(cursor)).map(({ id }) => id)).toEqual(['first']);
    });

    it.each(['', 'mail', '1-1', '1.1', '1-1.x', 'memory.', 'memory.1e3'])(
      'refuses the damaged cursor %p',
      async (cursor) => {
        await expect(read(cursor)).rejects.toThrow(InvalidCursorError);
      },
    );
  });

  describe('within its bounds', () => {
    async function oldestId(): Promise<string | null | undefined> {
      return (await read('start', 1))[0]?.id;
    }

    it('keeps so many events, the newest', async () => {
      await store.manager.keepEvents({ ...BOUNDS, maxCount: 3 * store.shares });
      for (let i = 0; i < 5; i++) await add(store.broker, { id: `job-${i}` });

      expect((await read()).map(({ id }) => id)).toEqual(['job-2', 'job-3', 'job-4']);
    });

    it('keeps so many bytes', async () => {
      await store.manager.keepEvents({ ...BOUNDS, maxBytes: 2_000 * store.shares });
      for (let i = 0; i < 40; i++) await add(store.broker, { id: `${i}-${'x'.repeat(200)}` });

      const kept = (await read()).map(({ id }) => Number.parseInt(id!, 10));
      expect(kept.length).toBeGreaterThan(5);
      expect(kept.length).toBeLessThan(10);
      expect(kept.at(-1)).toBe(39);
    });

    it('drops what is too old with the next event, and by the janitor', async () => {
      await store.manager.keepEvents({ ...BOUNDS, maxAgeMs: 1_000 });
      await add(store.broker, { id: 'old' });
      store.clock.advance(999);
      await add(store.broker, { id: 'young' });
      expect(await oldestId()).toBe('old');

      store.clock.advance(1);
      await add(store.broker, { id: 'new' });
      expect(await oldestId()).toBe('young');

      store.clock.advance(1_000);
      await store.broker.prune!('');
      expect(await oldestId()).toBeUndefined();
    });

    it('tells a reader whose next event is gone, and where it can go on', async () => {
      await store.manager.keepEvents({ ...BOUNDS, maxCount: 2 * store.shares });
      await add(store.broker, { id: 'job-0' });
      const [{ cursor } = { cursor: '' }] = await read();
      for (let i = 1; i < 3; i++) await add(store.broker, { id: `job-${i}` });
      // What is read is gone, and nothing else.
      expect((await read(cursor)).map(({ id }) => id)).toEqual(['job-1', 'job-2']);

      await add(store.broker, { id: 'job-3' });
      const lost = await read(cursor).catch((error: unknown) => error);

      expect(lost).toBeInstanceOf(EventsLostError);
      expect((lost as EventsLostError).cursor).toBe(cursor);
      const rest = await read((lost as EventsLostError).resumeFrom);
      expect(rest.map(({ id }) => id)).toEqual(['job-2', 'job-3']);
    });

    it('goes on for a reader that had read all of a stream whose events are all gone', async () => {
      await store.manager.keepEvents({ ...BOUNDS, maxAgeMs: 1_000 });
      await add(store.broker, { id: 'old' });
      const [{ cursor } = { cursor: '' }] = await read();
      store.clock.advance(1_000);
      await store.broker.prune!('');
      expect(await read(cursor)).toEqual([]);

      await add(store.broker, { id: 'new' });

      expect((await read(cursor)).map(({ id }) => id)).toEqual(['new']);
    });
  });

  describe('switched off', () => {
    it('tells nothing, and says so', async () => {
      await add(store.broker);
      await store.manager.keepEvents(null);
      await add(store.broker);

      const page = await store.manager.readEvents({ from: 'start', limit: 100 });

      expect(page).toMatchObject({ isKept: false, events: [] });
    });

    it('is a gap for those who read before, and a new beginning for others', async () => {
      await add(store.broker, { id: 'before' });
      const [{ cursor } = { cursor: '' }] = await read();
      await store.manager.keepEvents(null);
      await store.manager.keepEvents(BOUNDS);
      await add(store.broker, { id: 'after' });

      await expect(read(cursor)).rejects.toThrow(EventsLostError);
      expect((await read()).map(({ id }) => id)).toEqual(['after']);
    });

    it('is no gap to be switched on twice', async () => {
      await add(store.broker, { id: 'before' });
      const [{ cursor } = { cursor: '' }] = await read();
      await store.manager.keepEvents({ ...BOUNDS, maxCount: 2_000 });
      await add(store.broker, { id: 'after' });

      expect((await read(cursor)).map(({ id }) => id)).toEqual(['after']);
    });
  });
});
