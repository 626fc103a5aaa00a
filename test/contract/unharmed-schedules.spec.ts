import type { JobScheduler } from '../../lib/core/scheduler/job-scheduler.js';
import { closeBenches, makeBench, until } from '../core/engine/support.js';
import { openers, START, type OpenBackend } from './support/backends.js';
import { bury, claim, settle } from './support/builders.js';

/*
 * Verbs that mend and clear, in a namespace with schedules: whatever they do to one-time jobs, the schedules keep
 * their rules and their times, and go on. The clock of the store is moved by hand.
 */

const MINUTE = 60_000;
const NAME = 'mail';

const verbs: Record<string, (scheduler: JobScheduler) => Promise<unknown>> = {
  clear: (scheduler) => scheduler.clear(NAME, { scheduled: true }),
  clean: async (scheduler) => {
    for (const state of ['completed', 'failed'] as const) {
      await scheduler.clean({ state, olderThan: 0, limit: Infinity });
    }
  },
  obliterate: (scheduler) => scheduler.obliterate(NAME, { confirm: NAME }),
  'obliterate, forced': (scheduler) => scheduler.obliterate(NAME, { confirm: NAME, force: true }),
  'promote of others': (scheduler) => scheduler.promote({ name: NAME, data: { once: true } }),
  'requeue of all': (scheduler) => scheduler.requeue({ name: NAME }),
  'update of data and priority': async (scheduler) => {
    const { jobs } = await scheduler.find({ state: 'repeating' });
    for (const { id } of jobs) await scheduler.update(id, { data: { tick: 2 }, priority: 5 });
  },
  'every() once more': (scheduler) => every(scheduler),
};

async function every(scheduler: JobScheduler): Promise<void> {
  const later = { skipImmediate: true };
  await scheduler.every('1 minute', NAME, { tick: 1 }, { ...later, key: 'minutely' });
  await scheduler.every(
    '0 11 * * *',
    NAME,
    { tick: 1 },
    { ...later, key: 'daily', timezone: 'UTC' },
  );
  await scheduler.every('1 hour', NAME, { tick: 1 }, { ...later, key: 'disabled' });
}

describe.each(Object.entries(openers))('schedules (%s)', (_, open) => {
  let store: OpenBackend;
  let scheduler: JobScheduler;
  const runs: number[] = [];

  beforeEach(async () => {
    store = await open();
    runs.length = 0;
    const { engine } = await makeBench({ processEvery: 10 }, await store.anotherBackend());
    ({ scheduler } = engine);
    engine.handlers.define<{ tick?: number }>(NAME, (job) => {
      if (job.data.tick) runs.push(store.clock.now() - START);
    });
    await oneTimeJobs();
    await every(scheduler);
    await scheduler.disable({ name: NAME, ids: [await idOf('disabled')] });
    startWorker = () => engine.workerHost.start();
  });
  afterEach(async () => {
    await closeBenches();
    await store.close();
  });

  let startWorker: () => Promise<void>;

  /** Dead ones, queued ones and scheduled ones. */
  async function oneTimeJobs(): Promise<void> {
    const once = { once: true };
    await scheduler.now(NAME, once);
    await scheduler.now(NAME, once);
    const { jobs } = await claim(store.broker);
    await settle(store.broker, ...jobs.map((job) => bury(job)));
    await scheduler.now(NAME, once);
    await scheduler.now(NAME, once, { delay: 90_000 });
  }

  const idOf = async (key: string) =>
    (await schedules()).find(({ repeat }) => repeat?.key === key)!.id;
  const schedules = async () => (await store.manager.find({ state: 'repeating', limit: 10 })).jobs;
  const plans = async () =>
    (await schedules()).map(({ repeat, nextRunAt, disabled }) => ({ repeat, nextRunAt, disabled }));

  async function tick(): Promise<void> {
    const before = runs.length;
    store.clock.advance(MINUTE);
    await until(() => runs.length > before);
    await untilIdle();
  }
  const untilIdle = async () => {
    while ((await scheduler.counts(NAME)).running > 0)
      await new Promise((next) => setTimeout(next, 1));
  };

  it.each(Object.keys(verbs))('are not harmed by %s', async (verb) => {
    const before = await plans();
    expect(before).toHaveLength(3);

    await verbs[verb]!(scheduler);

    expect(await plans()).toEqual(before);
    await startWorker();
    await tick();
    await tick();
    expect(runs).toEqual([MINUTE, 2 * MINUTE]);
  });

  it('run once more when they are promoted, and keep their grid', async () => {
    const before = await plans();
    store.clock.advance(20_000);

    expect(await scheduler.promote({ name: NAME, data: { tick: 1 } })).toMatchObject({
      promoted: 2,
      skipped: 1,
    });
    await startWorker();
    await until(() => runs.length === 2);
    await untilIdle();

    expect(await plans()).toEqual(before);
    store.clock.advance(MINUTE - 20_000);
    await until(() => runs.length === 3);
    expect(runs).toEqual([20_000, 20_000, MINUTE]);
  });

  it('run at another time when one is rescheduled, and keep their grid', async () => {
    await scheduler.reschedule(await idOf('minutely'), new Date(START + 90_000));
    await startWorker();

    store.clock.advance(90_000);
    await until(() => runs.length === 1);
    await untilIdle();
    store.clock.advance(30_000);
    await until(() => runs.length === 2);

    expect(runs).toEqual([90_000, 2 * MINUTE]);
  });
});
