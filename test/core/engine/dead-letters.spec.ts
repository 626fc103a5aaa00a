import {
  ConnectionError,
  DurabilityError,
  InvalidCursorError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
  NonRetryableError,
} from '../../../lib/core/errors.js';
import type { DeathReason } from '../../../lib/core/job/job-record.js';
import type { JobScheduler } from '../../../lib/core/scheduler/job-scheduler.js';
import type {
  CleanOptions,
  DeadLetterFilter,
  FindOptions,
  RequeueProgress,
} from '../../../lib/core/scheduler/upkeep-options.js';
import { addMany, bury, claim, complete, retry, settle } from '../../contract/support/builders.js';
import { HOUR, MINUTE, NOW, standStill, type Still } from '../job/support.js';
import { closeBenches, makeBench, nextEvent, nextEvents } from './support.js';

afterEach(closeBenches);

const names = ['mail'];

/** Makes so many dead letters; their ids. */
async function dieOf(
  { broker }: Still,
  count: number,
  { name = 'mail', reason = 'exhausted', data }: Partial<Letter> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 100) {
    const text = data === undefined ? undefined : JSON.stringify(data);
    await addMany(broker, Math.min(left, 100), () => ({ name, data: text }));
    const { jobs } = await claim(broker, { names: [name] });
    await settle(broker, ...jobs.map((job) => bury(job, reason)));
    ids.push(...jobs.map(({ lease }) => lease.id));
  }
  return ids;
}

interface Letter {
  name: string;
  reason: DeathReason;
  data: unknown;
}

const dead = async (scheduler: JobScheduler, name = 'mail'): Promise<number> =>
  (await scheduler.counts(name)).dead;

describe('find', () => {
  it('goes from page to page, of 50 jobs unless told otherwise', async () => {
    const { engine, broker } = await standStill();
    await addMany(broker, 60, () => ({ data: '{"n":1}' }));
    await addMany(broker, 5, () => ({ name: 'other' }));
    const { scheduler } = engine;

    const first = await scheduler.find<{ n: number }>({ name: 'mail', state: 'queued' });
    const second = await scheduler.find({ name: 'mail', state: 'queued', cursor: first.cursor });

    expect([first.jobs.length, second.jobs.length]).toEqual([50, 10]);
    expect(second.cursor).toBeUndefined();
    expect(first.jobs[0]!.data.n).toBe(1);
    expect(new Set([...first.jobs, ...second.jobs].map(({ id }) => id)).size).toBe(60);
    expect((await scheduler.find({ names: ['other', 'mail'], limit: 200 })).jobs).toHaveLength(65);
    expect((await scheduler.find()).jobs).toHaveLength(50);
  });

  it('refuses what cannot be meant', async () => {
    const { scheduler } = (await standStill()).engine;
    const wrong: object[] = [{ limit: 0 }, { limit: 201 }, { state: 'lost' }, { nmae: 'x' }];

    for (const options of wrong) {
      await expect(scheduler.find(options as FindOptions)).rejects.toThrow(InvalidOptionError);
    }
    await expect(scheduler.find({ cursor: 'nonsense' })).rejects.toThrow(InvalidCursorError);
  });
});

describe('history and inspection', () => {
  it('tell when attempts waited and ran, and who has the job', async () => {
    const { engine, broker, clock } = await standStill();
    const { scheduler } = engine;
    await addMany(broker, 1, () => ({ id: 'a' }));
    clock.advance(40);
    const { jobs } = await claim(broker, { host: 'host-x' });
    const running = await scheduler.inspect('a');
    clock.advance(7);
    await settle(broker, bury(jobs[0]!));

    const entry = {
      kind: 'dead',
      attempt: 1,
      plannedAt: new Date(NOW),
      startedAt: new Date(NOW + 40),
      endedAt: new Date(NOW + 47),
      waitMs: 40,
      runMs: 7,
      host: 'host-x',
      failure: expect.objectContaining({ message: 'no hope' }) as unknown,
    };
    expect(await scheduler.history('a')).toEqual([entry]);
    expect(running).toMatchObject({
      state: 'running',
      lease: { host: 'host-x', lockedAt: new Date(NOW + 40), fence: jobs[0]!.lease.fence },
      deadReason: undefined,
      history: [],
    });
    expect(await scheduler.inspect('a')).toMatchObject({
      job: { id: 'a' },
      state: 'failed',
      lease: undefined,
      deadReason: 'exhausted',
      failure: { message: 'no hope' },
      history: [entry],
    });
  });

  it('are not needed to know why jobs of a list are dead, and say nothing of one that came back', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    const [id] = await dieOf(store, 1, { reason: 'stalled' });

    const { jobs } = await scheduler.find({ state: 'dead' });
    expect(jobs.map(({ deadReason }) => deadReason)).toEqual(['stalled']);
    await scheduler.requeue(id!);
    expect((await scheduler.get(id!))!.deadReason).toBeUndefined();
  });

  it('know nothing of a job that is not there', async () => {
    const { scheduler } = (await standStill()).engine;

    expect(await scheduler.history('nobody')).toBeUndefined();
    expect(await scheduler.inspect('nobody')).toBeUndefined();
    await expect(scheduler.inspect('')).rejects.toThrow(InvalidJobError);
  });
});

describe('requeue by id', () => {
  it('brings a dead letter back to run now, with the data it has', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    const [id] = await dieOf(store, 1, { data: { to: 'ann' } });

    expect(await scheduler.requeue(id!)).toEqual({ outcome: 'ok' });

    const job = await scheduler.get(id!);
    expect(job).toMatchObject({ data: { to: 'ann' } });
    expect(job!.attrs.nextRunAt).toEqual(new Date(NOW));
    expect(await scheduler.requeue(id!)).toEqual({ outcome: 'not-dead' });
  });

  it('brings it back at a time, with other data', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    const [id, other] = await dieOf(store, 2);

    await scheduler.requeue(id!, { runAt: 'in 1 hour', data: { to: 'bob' } });
    await scheduler.requeue(other!, { runAt: new Date(NOW - HOUR), data: undefined });

    expect((await scheduler.get(id!))!.attrs).toMatchObject({
      nextRunAt: new Date(NOW + HOUR),
      data: { to: 'bob' },
    });
    expect((await scheduler.get(other!))!.attrs.nextRunAt).toEqual(new Date(NOW));
  });

  it('lets it run as often as at first, or, if told so, once more', async () => {
    const { engine } = await makeBench();
    const { scheduler } = engine;
    engine.handlers.define('mail', () => Promise.reject(new Error('no')), { attempts: 2 });
    const died = nextEvent(engine, 'dead', () => true);
    await engine.workerHost.start();
    const { id } = await scheduler.now('mail');
    await died;

    const diedAgain = nextEvent(engine, 'dead');
    await scheduler.requeue(id, { resetAttempts: false });
    await diedAgain;
    expect((await scheduler.history(id))!.at(-1)).toMatchObject({ kind: 'dead', attempt: 3 });

    const diedAtLast = nextEvent(engine, 'dead');
    await scheduler.requeue(id);
    await diedAtLast;
    const kinds = (await scheduler.history(id))!.map(({ kind }) => kind);
    expect(kinds).toEqual([
      ...['failed', 'dead', 'requeued', 'dead'],
      ...['requeued', 'failed', 'dead'],
    ]);
  });

  it('says why a job stays dead', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    const [id] = await dieOf(store, 1);

    expect(await scheduler.requeue('nobody')).toEqual({ outcome: 'not-found' });
    expect(await scheduler.requeue(id!, { expectName: 'other' })).toEqual({
      outcome: 'name-mismatch',
    });
    expect(await dead(scheduler)).toBe(1);
  });

  it('refuses what cannot be meant, and then changes nothing', async () => {
    const store = await standStill({ maxDataBytes: 100 });
    const { scheduler } = store.engine;
    const [id] = await dieOf(store, 1);
    const wrong: [object, new (...args: never[]) => Error][] = [
      [{ runat: 5 }, InvalidOptionError],
      [{ resetAttempts: 'no' }, InvalidOptionError],
      [{ perSecond: 5 }, InvalidOptionError],
      [{ runAt: 'someday' }, InvalidScheduleError],
      [{ expectName: '' }, InvalidJobError],
      [{ data: { items: [1, NaN] } }, InvalidJobError],
      [{ data: 'x'.repeat(200) }, InvalidJobError],
    ];

    for (const [options, error] of wrong) {
      await expect(scheduler.requeue(id!, options)).rejects.toThrow(error);
    }
    await expect(scheduler.requeue('')).rejects.toThrow(InvalidJobError);
    expect(await dead(scheduler)).toBe(1);
  });
});

describe('requeue by filter', () => {
  it('brings back what all its criteria hold for', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    const [first] = await dieOf(store, 3, { data: { to: 'ann', n: 1 } });
    await dieOf(store, 2, { data: { to: 'bob' } });
    await dieOf(store, 1, { data: { to: 'ann' }, reason: 'stalled' });
    await dieOf(store, 4, { name: 'other', data: { to: 'ann' } });
    const ask = async (filter: DeadLetterFilter) => {
      const { matched, requeued, skipped, stopped } = await scheduler.requeue(filter, {
        dryRun: true,
      });
      expect({ requeued, skipped, stopped }).toEqual({ requeued: 0, skipped: 0 });
      return matched;
    };

    expect(await ask({ name: 'mail' })).toBe(6);
    expect(await ask({ names: ['mail', 'other', 'nobody'] })).toBe(10);
    expect(await ask({ data: { to: 'ann' } })).toBe(8);
    expect(await ask({ name: 'mail', data: { to: 'ann' } })).toBe(4);
    expect(await ask({ data: { to: 'ann' }, notNames: ['mail'] })).toBe(4);
    expect(await ask({ reason: 'stalled' })).toBe(1);
    expect(await ask({ reason: 'stalled', name: 'other' })).toBe(0);
    expect(await ask({ ids: [first!, first!, 'nobody'] })).toBe(1);
    expect(await ask({ id: first!, name: 'other' })).toBe(0);
    expect(await ask({ id: first!, reason: 'exhausted', data: { n: 1 } })).toBe(1);
    expect(await ask({ ids: [] })).toBe(0);
    expect(await ask({ names: [] })).toBe(0);
    expect((await scheduler.total()).dead).toBe(10);

    expect(await scheduler.requeue({ name: 'mail', data: { to: 'ann' } })).toEqual({
      matched: 4,
      requeued: 4,
      skipped: 0,
      stopped: undefined,
    });
    expect(await dead(scheduler)).toBe(2);
    expect((await scheduler.counts('mail')).queued).toBe(4);
  });

  it('leaves alone what is no dead letter', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    const [waiting] = await addMany(store.broker, 1, () => ({ due: { delayMs: HOUR } }));
    await dieOf(store, 2);

    expect(await scheduler.requeue({ ids: [waiting!.id] })).toMatchObject({ matched: 0 });
    expect(await scheduler.requeue({ name: 'mail' })).toMatchObject({ matched: 2, requeued: 2 });
    expect(await scheduler.counts('mail')).toMatchObject({ scheduled: 1, queued: 2 });
  });

  it('waits until letters are as old as asked for, to the millisecond', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    await dieOf(store, 150);
    store.clock.advance(MINUTE);
    await dieOf(store, 150);
    const filter = { name: 'mail', olderThan: '1 hour' };

    store.clock.advance(HOUR - MINUTE - 1);
    expect(await scheduler.requeue(filter, { dryRun: true })).toMatchObject({ matched: 0 });
    store.clock.advance(1);
    expect(await scheduler.requeue(filter)).toMatchObject({ matched: 150, requeued: 150 });
    expect(await dead(scheduler)).toBe(150);
  });

  it('brings back the oldest first, at most as many as asked for, and goes on when repeated', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    const ids = await dieOf(store, 130);
    store.clock.advance(1);
    await dieOf(store, 130);

    const once = await scheduler.requeue({ name: 'mail' }, { limit: 130, runAt: 'in 1 hour' });
    const { jobs } = await scheduler.find({ state: 'scheduled', limit: 200 });

    expect(once).toEqual({ matched: 130, requeued: 130, skipped: 0, stopped: 'limit' });
    expect(jobs.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(await scheduler.requeue({ name: 'mail' }, { limit: 130 })).toMatchObject({
      requeued: 130,
      stopped: undefined,
    });
    expect(await scheduler.requeue({ name: 'mail' })).toMatchObject({ matched: 0, requeued: 0 });
  });

  it('goes on in bounded calls, and tells after each', async () => {
    const store = await standStill();
    const told: RequeueProgress[] = [];
    await dieOf(store, 100);

    await store.engine.scheduler.requeue(
      { name: 'mail' },
      { onProgress: (progress) => told.push(progress) },
    );

    expect(told.map(({ requeued }) => requeued)).toEqual([40, 80, 100]);
  });

  it('says how far it came when the store fails midway', async () => {
    const store = await standStill();
    const { scheduler, parts } = store.engine;
    await dieOf(store, 250);
    const unconfirmed = new DurabilityError(0, 1, 1_000);
    const refuse = () => Promise.reject(unconfirmed);

    const result = await scheduler.requeue(
      { name: 'mail' },
      { onProgress: () => void (parts.manager.requeue = refuse) },
    );

    const known = { matched: 80, requeued: 40, skipped: 0 };
    expect(result).toEqual({ ...known, stopped: 'error', error: unconfirmed });
  });

  it('rejects when the store fails before anything was brought back', async () => {
    const store = await standStill();
    const { scheduler, parts } = store.engine;
    await dieOf(store, 1);
    const away = new ConnectionError('away', true);
    parts.manager.find = () => Promise.reject(away);

    await expect(scheduler.requeue({ name: 'mail' })).rejects.toBe(away);
  });

  it('stops between two calls when its signal fires, and can be repeated', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    await dieOf(store, 250);
    const stop = new AbortController();

    const first = await scheduler.requeue(
      { name: 'mail' },
      { signal: stop.signal, onProgress: () => stop.abort() },
    );

    expect(first).toEqual({ matched: 40, requeued: 40, skipped: 0, stopped: 'aborted' });
    expect(await dead(scheduler)).toBe(210);
    await expect(scheduler.requeue({ name: 'mail' }, { signal: stop.signal })).rejects.toBe(
      stop.signal.reason,
    );
    const misspelt = { signal: stop.signal, perSecnd: 5 } as never;
    await expect(scheduler.requeue({ name: 'mail' }, misspelt)).rejects.toBe(stop.signal.reason);
    expect(await scheduler.requeue({ name: 'mail' })).toMatchObject({ requeued: 210 });
  });

  it('keeps its pace, and stops also while it waits for it', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    await dieOf(store, 30);
    const told: { at: number; requeued: number }[] = [];
    const stop = new AbortController();
    const onProgress = ({ requeued }: RequeueProgress) => {
      told.push({ at: performance.now(), requeued });
      if (requeued === 20) setTimeout(() => stop.abort(), 20);
    };

    const result = await scheduler.requeue(
      { name: 'mail' },
      { perSecond: 10, signal: stop.signal, onProgress },
    );

    expect(result).toEqual({ matched: 20, requeued: 20, skipped: 0, stopped: 'aborted' });
    expect(told.map(({ requeued }) => requeued)).toEqual([10, 20]);
    expect(told[1]!.at - told[0]!.at).toBeGreaterThan(990);
  });

  it('goes on when a listener of its progress throws, and reports it', async () => {
    const store = await standStill();
    await dieOf(store, 5);
    const onProgress = () => {
      throw new Error('no listener');
    };

    const result = await store.engine.scheduler.requeue({ name: 'mail' }, { onProgress });

    expect(result.requeued).toBe(5);
    expect(store.errors).toMatchObject([{ message: 'no listener' }]);
  });

  it('brings each back once, also if it dies again at once', async () => {
    const { engine } = await makeBench();
    const { scheduler } = engine;
    engine.handlers.define('mail', () => Promise.reject(new NonRetryableError('no')), {
      concurrency: 100,
    });
    const died = nextEvents(engine, 'dead', 350);
    await engine.workerHost.start();
    await scheduler.enqueueMany(Array.from({ length: 350 }, () => ({ name: 'mail' })));
    await died;

    const diedAgain = nextEvents(engine, 'dead', 350);
    const result = await scheduler.requeue({ name: 'mail' });
    const ids = new Set((await diedAgain).map(({ job }) => job!.id));

    expect(result).toEqual({ matched: 350, requeued: 350, skipped: 0, stopped: undefined });
    expect(ids.size).toBe(350);
  });

  it.each<[object, string]>([
    [{}, 'filter'],
    [{ name: undefined }, 'filter'],
    [{ data: {} }, 'filter'],
    [{ olderThan: '1 hour' }, 'filter'],
    [{ notNames: ['x'] }, 'filter'],
    [{ state: 'failed' }, 'filter.state'],
    [{ reason: 'bored' }, 'filter.reason'],
    [{ reason: ['exhausted'] }, 'filter.reason'],
    [{ name: 'x', olderThan: 'long' }, 'filter.olderThan'],
    [{ names: 'x' }, 'filter.names'],
    [[], 'filter'],
  ])('refuses the filter %j', async (filter, option) => {
    const { scheduler } = (await standStill()).engine;

    await expect(scheduler.requeue(filter as DeadLetterFilter)).rejects.toMatchObject({
      name: 'InvalidOptionError',
      option,
    });
  });

  it.each([
    [{ limit: 0 }],
    [{ perSecond: 0 }],
    [{ dryRun: 1 }],
    [{ signal: {} }],
    [{ onProgress: 1 }],
    [{ data: { to: 'ann' } }],
    [{ expectName: 'mail' }],
  ])('refuses the options %j', async (options) => {
    const { scheduler } = (await standStill()).engine;

    await expect(scheduler.requeue({ name: 'mail' }, options as never)).rejects.toThrow(
      InvalidOptionError,
    );
  });
});

describe('clean', () => {
  /** Completes so many jobs. */
  async function end({ broker }: Still, count: number, name = 'mail'): Promise<void> {
    for (let left = count; left > 0; left -= 100) {
      await addMany(broker, Math.min(left, 100), () => ({ name }));
      const { jobs } = await claim(broker, { names: [name] });
      await settle(broker, ...jobs.map((job) => complete(job)));
    }
  }

  it('removes what ended so long ago, to the millisecond, and nothing else', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    await end(store, 3);
    await dieOf(store, 2);
    store.clock.advance(MINUTE);
    await end(store, 1);
    await addMany(store.broker, 1);
    const old = { olderThan: '1 hour', limit: Infinity } as const;

    store.clock.advance(HOUR - MINUTE - 1);
    expect(await scheduler.clean({ state: 'completed', ...old })).toBe(0);
    store.clock.advance(1);
    expect(await scheduler.clean({ state: 'completed', ...old })).toBe(3);
    expect(await scheduler.clean({ state: 'failed', ...old })).toBe(2);
    expect(await scheduler.counts('mail')).toMatchObject({ completed: 1, dead: 0, total: 2 });
  });

  it('removes at most as many as asked for, the oldest first, in bounded calls', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    await end(store, 450);
    store.clock.advance(1);
    await end(store, 50);

    expect(await scheduler.clean({ state: 'completed', olderThan: 0, limit: 10, names })).toBe(10);
    expect(await scheduler.clean({ state: 'completed', olderThan: 0, limit: 440, names })).toBe(
      440,
    );
    const { jobs } = await scheduler.find({ state: 'completed', limit: 200 });
    expect(new Set(jobs.map(({ attrs }) => attrs.lastFinishedAt?.getTime()))).toEqual(
      new Set([NOW + 1]),
    );
    expect(await scheduler.clean({ state: 'completed', olderThan: 0, limit: Infinity })).toBe(50);
  });

  it('goes by names', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    for (const name of ['a', 'b', 'c']) await end(store, 2, name);
    const all = { state: 'completed', olderThan: 0, limit: Infinity } as const;

    expect(await scheduler.clean({ ...all, name: 'a', names: ['b'] })).toBe(2);
    expect(await scheduler.clean({ ...all, names: [] })).toBe(0);
    expect(await scheduler.clean({ ...all, limit: 3 })).toBe(3);
    expect((await scheduler.total()).completed).toBe(1);
  });

  it('goes by the reason, over many pages, and leaves what died too short ago or comes back', async () => {
    const store = await standStill();
    const { scheduler } = store.engine;
    await dieOf(store, 150);
    await dieOf(store, 120, { reason: 'stalled' });
    store.clock.advance(HOUR);
    await dieOf(store, 5, { reason: 'stalled' });
    const stalled = { state: 'failed', reason: 'stalled', olderThan: '1 hour' } as const;

    expect(await scheduler.clean({ ...stalled, limit: 110 })).toBe(110);
    expect(await scheduler.clean({ ...stalled, limit: Infinity })).toBe(10);
    expect(await scheduler.clean({ ...stalled, limit: Infinity })).toBe(0);
    expect((await scheduler.counts('mail')).dead).toBe(155);
  });

  it('touches neither a job that waits for its retry nor a recurring one', async () => {
    const { engine, broker } = await standStill();
    const { scheduler } = engine;
    await scheduler.every('1 hour', 'mail', null, { endDate: NOW + MINUTE });
    await addMany(broker, 1);
    const [beat, job] = (await claim(broker)).jobs;
    await settle(broker, complete(beat!), retry(job!, { due: { delayMs: HOUR } }));
    expect(await scheduler.counts('mail')).toMatchObject({ completed: 1, failed: 1, dead: 0 });

    for (const state of ['completed', 'failed'] as const) {
      expect(await scheduler.clean({ state, olderThan: 0, limit: Infinity })).toBe(0);
    }
    expect((await scheduler.counts('mail')).total).toBe(2);
  });

  it.each<[object, string]>([
    [{ state: 'completed', olderThan: 0 }, 'clean.limit'],
    [{ state: 'completed', olderThan: 0, limit: 0 }, 'clean.limit'],
    [{ state: 'completed', limit: 1 }, 'clean.olderThan'],
    [{ state: 'queued', olderThan: 0, limit: 1 }, 'clean.state'],
    [{ olderThan: 0, limit: 1 }, 'clean.state'],
    [{ state: 'failed', olderThan: 0, limit: 1, reason: 'boredom' }, 'clean.reason'],
    [{ state: 'completed', olderThan: 0, limit: 1, reason: 'stalled' }, 'clean.reason'],
    [{ state: 'failed', olderThan: 0, limit: 1, nmae: 'x' }, 'clean.nmae'],
    [{ state: 'failed', olderThan: 0, limit: 1, names: 'x' }, 'clean.names'],
  ])('refuses %j', async (options, option) => {
    const { scheduler } = (await standStill()).engine;

    await expect(scheduler.clean(options as CleanOptions)).rejects.toMatchObject({
      name: 'InvalidOptionError',
      option,
    });
  });
});
