import { hostname } from 'node:os';
import { z } from 'zod';
import {
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
  JobCancelledError,
  JobNotFoundError,
  JobsRunningError,
} from '../../../lib/core/errors.js';
import type { ClearOptions, ObliterateOptions } from '../../../lib/core/index.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { claim } from '../../contract/support/builders.js';
import { closeBenches, gate, makeBench, nextEvent, type TestBench } from './support.js';

const NOW = Date.UTC(2026, 2, 4, 10);
const MINUTE = 60_000;

afterEach(closeBenches);

/** An engine whose worker does not run, with time in the test's hand. */
async function standing() {
  const clock = new ManualClock(NOW);
  const bench = await makeBench({ name: 'support' }, new MemoryBackend({ clock }));
  return { ...bench, clock, scheduler: bench.engine.scheduler };
}

const nextRunAt = async ({ engine }: TestBench, id: string) =>
  (await engine.scheduler.get(id))!.attrs.nextRunAt?.getTime();

describe('update', () => {
  it('changes data, priority and time, and notes who did it', async () => {
    const bench = await standing();
    const { scheduler } = bench;
    const { id } = await scheduler.now('mail', { to: 'ann' });

    const update = { data: { to: 'bob' }, priority: 'high', nextRunAt: 'in 10 minutes' } as const;
    expect(await scheduler.update(id, update)).toBe('ok');

    const { attrs } = (await scheduler.get(id))!;
    expect(attrs).toMatchObject({ data: { to: 'bob' }, priority: 10, lastModifiedBy: 'support' });
    expect(attrs.nextRunAt).toEqual(new Date(NOW + 10 * MINUTE));
  });

  it('leaves what is left out, or undefined', async () => {
    const { scheduler } = await standing();
    const { id } = await scheduler.now('mail', 5, { priority: 3, delay: 1_000 });

    await scheduler.update(id, { data: undefined, priority: undefined, nextRunAt: undefined });

    const { attrs } = (await scheduler.get(id))!;
    expect(attrs).toMatchObject({ data: 5, priority: 3, nextRunAt: new Date(NOW + 1_000) });
  });

  it.each<[string, object, new (...args: never[]) => Error]>([
    ['an unknown key', { tags: ['a'] }, InvalidOptionError],
    ['a priority that is no word', { priority: 'urgent' }, InvalidOptionError],
    ['a time that is not understood', { nextRunAt: 'someday' }, InvalidScheduleError],
    ['data that JSON would change', { data: new Map() }, InvalidJobError],
    ['data that is too large', { data: 'x'.repeat(300_000) }, InvalidJobError],
  ])('refuses %s, and writes nothing', async (_, update, error) => {
    const { scheduler } = await standing();
    const job = await scheduler.now('mail', 1);

    await expect(scheduler.update(job.id, update)).rejects.toThrow(error);

    expect((await scheduler.get(job.id))!.attrs).toEqual(job.attrs);
  });

  it('tells of a job that ended, or that nobody knows', async () => {
    const { scheduler, engine } = await standing();
    engine.handlers.define('mail', () => 'sent');
    const job = await scheduler.now('mail');
    await job.run();

    expect(await scheduler.update(job.id, { data: 1 })).toBe('ended');
    expect(await scheduler.reschedule('nobody', 'tomorrow')).toBe('not-found');
  });
});

describe('reschedule', () => {
  it.each<[string, string | Date | number, number]>([
    ['a relative time', 'in 5 minutes', NOW + 5 * MINUTE],
    ['a Date', new Date(NOW + 7), NOW + 7],
    ['milliseconds', NOW + 9, NOW + 9],
  ])('takes %s', async (_, when, expected) => {
    const bench = await standing();
    const { id } = await bench.scheduler.now('mail');

    expect(await bench.scheduler.reschedule(id, when)).toBe('ok');

    expect(await nextRunAt(bench, id)).toBe(expected);
  });

  it('of a running job is kept for afterwards', async () => {
    const bench = await makeBench();
    const { engine } = bench;
    const done = gate();
    engine.handlers.define('mail', () => done.opened);
    const started = nextEvent(engine, 'started');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');
    await started;
    const completed = nextEvent(engine, 'completed');
    const at = Date.now() + 3_600_000;

    expect(await engine.scheduler.reschedule(id, at)).toBe('kept-for-next');
    done.open();
    await completed;

    expect(await nextRunAt(bench, id)).toBe(at);
  });
});

describe('promote', () => {
  it('makes a job due by its id', async () => {
    const bench = await standing();
    const { id } = await bench.scheduler.now('mail', 1, { delay: MINUTE });

    expect(await bench.scheduler.promote(id)).toBe('ok');
    expect(await bench.scheduler.promote('nobody')).toBe('not-found');
    expect(await nextRunAt(bench, id)).toBe(NOW);
  });

  it('makes those due that a filter means and that wait for a time ahead', async () => {
    const { scheduler } = await standing();
    const later = { delay: MINUTE };
    await scheduler.enqueueMany(
      Array.from({ length: 100 }, (_, n) => ({ name: 'mail', data: { n: n % 2 }, options: later })),
    );
    await scheduler.now('mail', { n: 0 });
    await scheduler.now('other', { n: 0 }, later);
    await scheduler.every('1 hour', 'mail', { n: 0 }, { skipImmediate: true });
    const disabled = await scheduler.now('mail', { n: 0 }, later);
    await scheduler.disable(disabled.id);

    expect(await scheduler.promote({ name: 'mail', data: { n: 0 } })).toEqual({
      matched: 52,
      promoted: 51,
      skipped: 1,
      stopped: undefined,
      error: undefined,
    });

    expect(await scheduler.counts('mail')).toMatchObject({ queued: 51, scheduled: 51 });
    expect(await scheduler.counts('other')).toMatchObject({ scheduled: 1 });
    // Repeated, it finds none but the disabled one.
    expect(await scheduler.promote({ name: 'mail', data: { n: 0 } })).toMatchObject({
      matched: 1,
      promoted: 0,
    });
  });

  it('means ids, and names that are not others', async () => {
    const { scheduler } = await standing();
    const jobs = await Promise.all(
      ['a', 'b', 'c'].map((name) => scheduler.now(name, 1, { delay: MINUTE })),
    );

    expect(await scheduler.promote({ ids: [jobs[0]!.id, 'nobody'] })).toMatchObject({
      matched: 1,
      promoted: 1,
    });
    expect(await scheduler.promote({ notNames: ['b'] })).toMatchObject({ promoted: 1 });
    expect(await scheduler.counts('b')).toMatchObject({ scheduled: 1, queued: 0 });
  });

  it('does no more than its limit, and nothing once its signal has fired', async () => {
    const { scheduler } = await standing();
    const addAll = Array.from({ length: 60 }, () => ({ name: 'mail', options: { delay: MINUTE } }));
    await scheduler.enqueueMany(addAll);

    const limited = await scheduler.promote({ name: 'mail' }, { limit: 45 });
    expect(limited).toMatchObject({ matched: 45, promoted: 45, stopped: 'limit' });
    const all = await scheduler.promote({ name: 'mail' }, { limit: 15 });
    expect(all).toMatchObject({ promoted: 15, stopped: undefined });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(scheduler.promote({ name: 'mail' }, { signal })).rejects.toThrow('enough');
  });

  it('tells how far it came before its signal fired, or the backend failed', async () => {
    const { scheduler, engine } = await standing();
    const addAll = Array.from({ length: 100 }, () => ({
      name: 'mail',
      options: { delay: MINUTE },
    }));
    await scheduler.enqueueMany(addAll);
    const { manager } = engine.parts;
    const promote = manager.promote.bind(manager);
    const controller = new AbortController();
    manager.promote = async (ids) => {
      controller.abort();
      return promote(ids);
    };

    const stopped = await scheduler.promote({ name: 'mail' }, { signal: controller.signal });
    expect(stopped).toMatchObject({ promoted: 40, stopped: 'aborted' });
    manager.promote = () => Promise.reject(new Error('gone'));
    const failed = await scheduler.promote({ name: 'mail' });
    expect(failed).toMatchObject({ matched: 40, promoted: 0, stopped: 'error' });
    expect(failed.error!.message).toBe('gone');
  });

  it.each([{}, { data: {} }, { notNames: [] }])(
    'refuses a filter without a criterion: %j',
    async (filter) => {
      const { scheduler } = await standing();

      await expect(scheduler.promote(filter)).rejects.toThrow(InvalidOptionError);
    },
  );
});

describe('remove', () => {
  it('tells whether the job was there', async () => {
    const { scheduler } = await standing();
    const { id } = await scheduler.now('mail');

    expect(await scheduler.remove(id)).toBe(true);
    expect(await scheduler.remove(id)).toBe(false);
    expect(await scheduler.get(id)).toBeUndefined();
  });

  it('fires the signal of a running job with the reason', async () => {
    const { engine } = await makeBench();
    const heard = gate<unknown>();
    engine.handlers.define('mail', (job) => {
      job.signal.addEventListener('abort', () => heard.open(job.signal.reason));
      return heard.opened;
    });
    const started = nextEvent(engine, 'started');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');
    await started;

    expect(await engine.scheduler.remove(id, { reason: 'no longer wanted' })).toBe(true);

    expect(await heard.opened).toBeInstanceOf(JobCancelledError);
    expect(await heard.opened).toMatchObject({ reason: 'no longer wanted' });
  });

  it('leaves a job alone that runs, when told', async () => {
    const { engine } = await makeBench();
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened);
    const [started, completed] = [nextEvent(engine, 'started'), nextEvent(engine, 'completed')];
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');
    await started;

    expect(await engine.scheduler.remove(id, { unlessRunning: true })).toBe(false);
    ends.open();
    await completed;
    expect(await engine.scheduler.remove(id, { unlessRunning: true })).toBe(true);
    expect(await engine.scheduler.get(id)).toBeUndefined();
  });

  it.each([{ unlessRunning: 'yes' }, { force: true }])('refuses %j', async (options) => {
    const { scheduler } = await standing();
    const { id } = await scheduler.now('mail');

    await expect(scheduler.remove(id, options as object)).rejects.toThrow(InvalidOptionError);
    expect(await scheduler.get(id)).toBeDefined();
  });
});

describe('runAgain', () => {
  it('adds another job with what was asked of this one, due now, whatever has become of it', async () => {
    const { scheduler, clock, engine } = await standing();
    engine.handlers.define('mail', () => undefined);
    const asked = { priority: 7, tags: ['a'], key: 'k', first: true, context: { tenant: 't' } };
    const own = { attempts: 3, timeout: 500, removeOnComplete: true };
    const options = { ...asked, ...own, idempotencyKey: 'once', expiresIn: '1 hour' } as const;
    const { id } = await scheduler.now('mail', { to: 'ann' }, { ...options, delay: MINUTE });
    clock.advance(1);

    const again = await scheduler.runAgain(id);

    expect(again.id).not.toBe(id);
    expect(again.created).toBe(true);
    const { attrs } = again;
    expect(attrs.nextRunAt).toEqual(new Date(NOW + 1));
    expect(attrs.lastModifiedBy).toBe('support');
    const same = { name: 'mail', data: { to: 'ann' }, ...asked, expiresAt: undefined };
    expect(again.toJSON()).toMatchObject(same);
    const { broker } = engine.parts;
    const claimed = await claim(broker, { names: ['mail'] });
    expect(claimed.jobs.map(({ record }) => record.overrides)).toEqual([
      { attempts: 3, timeout: 500, removeOnComplete: true },
    ]);
  });

  it('keeps the version of the data, and judges it no more', async () => {
    const memory = new MemoryBackend();
    const before = await makeBench({}, memory);
    const { id } = await before.engine.scheduler.now('mail', { to: 'ann' });
    const { engine } = await makeBench({}, memory);
    const schema = z.object({ recipient: z.string() });
    engine.handlers.define('mail', () => undefined, {
      schema,
      version: 2,
      upcast: { 1: ({ to }) => ({ recipient: to }) },
    });

    const again = await engine.scheduler.runAgain(id);

    expect(again.dataVersion).toBe(1);
    expect(again.data).toEqual({ to: 'ann' });
  });

  it('runs a recurring job once, beside its rule', async () => {
    const { scheduler } = await standing();
    const { id } = await scheduler.every('1 hour', 'mail', 5, { skipImmediate: true });

    const again = await scheduler.runAgain(id);

    expect(again.toJSON()).toMatchObject({ data: 5, state: 'queued', repeatInterval: undefined });
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 1, repeating: 1 });
  });

  it('refuses a job that is not there', async () => {
    const { scheduler } = await standing();

    await expect(scheduler.runAgain('nobody')).rejects.toThrow(JobNotFoundError);
    await expect(scheduler.runAgain('')).rejects.toThrow(InvalidJobError);
  });
});

describe('clear', () => {
  it('removes queued jobs of a name, and scheduled ones when told', async () => {
    const { scheduler } = await standing();
    for (const name of ['mail', 'other']) {
      for (const delay of [0, MINUTE]) {
        await scheduler.enqueueMany(
          Array.from({ length: 120 }, () => ({ name, options: { delay } })),
        );
      }
    }

    expect(await scheduler.clear('mail')).toBe(120);
    expect(await scheduler.clear('mail')).toBe(0);
    expect(await scheduler.counts('mail')).toMatchObject({ scheduled: 120, total: 120 });
    expect(await scheduler.clear('mail', { scheduled: true })).toBe(120);
    expect(await scheduler.counts('other')).toMatchObject({ total: 240 });
    expect(await scheduler.clear('other', { scheduled: 'only' })).toBe(120);
    expect(await scheduler.counts('other')).toMatchObject({ queued: 120, total: 120 });
  });

  it.each<[string, unknown, object]>([
    ['an unknown option', 'mail', { delayed: true }],
    ['a value that is neither true nor false', 'mail', { scheduled: 1 }],
    ['a signal that is none', 'mail', { signal: {} }],
  ])('refuses %s', async (_, name, options) => {
    const { scheduler } = await standing();
    await scheduler.now('mail');

    const clear = scheduler.clear(name as string, options as ClearOptions);
    await expect(clear).rejects.toThrow(InvalidOptionError);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 1 });
  });

  it('needs a name', async () => {
    const { scheduler } = await standing();

    await expect(scheduler.clear('')).rejects.toThrow(InvalidJobError);
    await expect(scheduler.clear(undefined as unknown as string)).rejects.toThrow(InvalidJobError);
  });
});

describe('obliterate', () => {
  it('removes every job of a name, recurring ones only when told', async () => {
    const { scheduler, engine } = await standing();
    engine.handlers.define('mail', () => 'sent');
    await (await scheduler.now('mail')).run();
    await scheduler.enqueueMany(Array.from({ length: 150 }, () => ({ name: 'mail' })));
    await scheduler.now('mail', 1, { delay: MINUTE });
    const schedule = await scheduler.every('1 hour', 'mail');
    await scheduler.now('other');

    expect(await scheduler.obliterate('mail', { confirm: 'mail' })).toBe(152);
    expect((await scheduler.get(schedule.id))!.attrs).toEqual(schedule.attrs);
    const told = { confirm: 'mail', recurring: true };
    expect(await scheduler.obliterate('mail', told)).toBe(1);
    expect(await scheduler.counts()).toEqual({ other: expect.objectContaining({ total: 1 }) });
  });

  it('ends, though jobs are added as fast as it removes them', async () => {
    const { engine, scheduler } = await standing();
    const add = () =>
      scheduler.enqueueMany(
        Array.from({ length: 100 }, () => ({ name: 'mail', when: 'in 1 hour' })),
      );
    await add();
    await add();
    const { manager } = engine.parts;
    const removeIf = manager.removeIf.bind(manager);
    let calls = 0;
    manager.removeIf = async (...args) => {
      calls += 1;
      if (calls < 50) await add();
      return removeIf(...args);
    };

    const removed = await scheduler.obliterate('mail', { confirm: 'mail' });

    expect(calls).toBeLessThan(50);
    expect(removed + (await scheduler.counts('mail')).total).toBe((calls + 2) * 100);
  });

  it('refuses while jobs run, and removes nothing', async () => {
    const { engine } = await makeBench();
    const done = gate();
    engine.handlers.define('mail', () => done.opened, { concurrency: 1 });
    const started = nextEvent(engine, 'started');
    await engine.workerHost.start();
    await engine.scheduler.now('mail');
    await started;
    await engine.scheduler.now('mail');

    const refused = await engine.scheduler
      .obliterate('mail', { confirm: 'mail' })
      .catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(JobsRunningError);
    expect(refused).toMatchObject({ jobName: 'mail', running: 1, removed: 0 });
    expect(await engine.scheduler.counts('mail')).toMatchObject({ running: 1, queued: 1 });
    done.open();
  });

  it('stops running jobs when forced: their signals fire', async () => {
    const { engine } = await makeBench();
    const heard = gate<unknown>();
    engine.handlers.define('mail', (job) => {
      job.signal.addEventListener('abort', () => heard.open(job.signal.reason));
      return heard.opened;
    });
    const started = nextEvent(engine, 'started');
    await engine.workerHost.start();
    await engine.scheduler.now('mail');
    await started;

    const forced = { confirm: 'mail', force: true };
    expect(await engine.scheduler.obliterate('mail', forced)).toBe(1);

    expect(await heard.opened).toBeInstanceOf(JobCancelledError);
    expect(await engine.scheduler.counts()).toEqual({});
  });

  it.each<[string, object]>([
    ['the name of another', { confirm: 'mails' }],
    ['no confirmation', {}],
    ['an unknown option', { confirm: 'mail', all: true }],
    ['a force that is neither true nor false', { confirm: 'mail', force: 'yes' }],
  ])('refuses %s, and removes nothing', async (_, options) => {
    const { scheduler } = await standing();
    await scheduler.now('mail');

    const obliterate = scheduler.obliterate('mail', options as ObliterateOptions);
    await expect(obliterate).rejects.toThrow(InvalidOptionError);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 1 });
  });
});

describe('hosts', () => {
  it('lists a host from its start to its stop, with what it does', async () => {
    const { engine, broker } = await makeBench({ maxConcurrency: 7 });
    const done = gate();
    engine.handlers.define('mail', () => done.opened, { concurrency: 3 });
    engine.handlers.define('report', () => 'made', { concurrency: 2 });
    expect(await engine.scheduler.hosts()).toEqual([]);

    const startedBy = Date.now();
    await engine.workerHost.start();
    const [host] = await engine.scheduler.hosts();
    const { startedAt, lastSeenAt, ...told } = host!;
    expect(told).toEqual({
      host: engine.workerHost.status().host,
      machine: hostname(),
      names: [
        { name: 'mail', concurrency: 3, running: 0, paused: false },
        { name: 'report', concurrency: 2, running: 0, paused: false },
      ],
      slots: 7,
      running: 0,
      paused: false,
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    });
    expect(startedAt.getTime()).toBeGreaterThanOrEqual(startedBy - 1);
    expect(lastSeenAt.getTime()).toBeGreaterThanOrEqual(startedAt.getTime());
    done.open();

    await engine.workerHost.stop();
    expect(await engine.scheduler.hosts()).toEqual([]);
    expect(broker.argsOf('leave')).toEqual([[told.host]]);
  });

  it('reports once that it cannot say that it is there, and works on', async () => {
    const { engine, broker, errors } = await makeBench();
    engine.handlers.define('mail', () => 'sent');
    broker.failNext('beat', new Error('no room'));
    const completed = nextEvent(engine, 'completed');

    await engine.workerHost.start();
    await engine.scheduler.now('mail');
    await completed;

    expect(errors.map(({ message }) => message)).toEqual(['no room']);
  });

  it('stops all the same when the store does not let it leave', async () => {
    const { engine, broker, errors } = await makeBench();
    await engine.workerHost.start();
    broker.failNext('leave', new Error('no room'));

    await engine.workerHost.stop();

    expect(engine.workerHost.status().state).toBe('stopped');
    expect(errors.map(({ message }) => message)).toEqual(['no room']);
  });
});
