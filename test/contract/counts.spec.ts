import { emptyCounts } from '../../lib/core/job/job-state.js';
import { closeBenches, gate, makeBench, nextEvents } from '../core/engine/support.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  claimOne,
  complete,
  newJob,
  retry,
  settle,
} from './support/builders.js';

afterEach(closeBenches);

describeBackends('counts', (open) => {
  it('knows every state, by name', async () => {
    const { broker, manager, repository } = await open();
    const single = { name: 'mail', priority: 0, type: 'single', data: null } as const;
    await addMany(broker, 10);
    await addMany(broker, 2, () => ({ name: 'other', due: { delayMs: 100 } }));
    const { jobs } = await claim(broker, { slots: 7 });
    await settle(
      broker,
      complete(jobs[0]!),
      bury(jobs[1]!),
      bury(jobs[2]!),
      retry(jobs[3]!, { due: { delayMs: 100 } }),
      retry(jobs[4]!),
    );
    await repository.saveJob({ ...single, repeatInterval: 5, nextRunAt: new Date(START + 5) });
    await add(broker, { due: { delayMs: 100 } });

    expect(await manager.counts()).toEqual(
      new Map([
        [
          'mail',
          {
            scheduled: 1,
            queued: 3,
            running: 2,
            completed: 1,
            failed: 4,
            dead: 2,
            repeating: 1,
            paused: 0,
            total: 12,
          },
        ],
        ['other', { ...emptyCounts(), scheduled: 2, total: 2 }],
      ]),
    );
  });

  it('counts a due job as queued from its ms on, with nobody looking', async () => {
    const { broker, manager, clock } = await open();
    await addMany(broker, 3, (i) => ({ due: { delayMs: 100 + i } }));
    const states = async () => {
      const { scheduled, queued } = (await manager.counts()).get('mail')!;
      return [scheduled, queued];
    };

    clock.advance(99);
    expect(await states()).toEqual([3, 0]);
    clock.advance(1);
    expect(await states()).toEqual([2, 1]);
    clock.advance(2);
    expect(await states()).toEqual([0, 3]);
  });

  it('counts what becomes due as queued while every slot of the worker is busy', async () => {
    const store = await open();
    const { engine } = await makeBench(
      { maxConcurrency: 2, processEvery: 10 },
      await store.anotherBackend(),
    );
    const done = gate();
    engine.handlers.define('mail', () => done.opened);
    await addMany(store.broker, 2);
    await addMany(store.broker, 3, (i) => ({ due: { delayMs: 100 + i } }));
    const bothRun = nextEvents(engine, 'started', 2);
    await engine.workerHost.start();
    await bothRun;
    const states = async () => (await store.manager.counts()).get('mail');

    expect(await states()).toMatchObject({ running: 2, scheduled: 3, queued: 0, total: 5 });
    store.clock.advance(101);
    expect(await states()).toMatchObject({ running: 2, scheduled: 1, queued: 2, total: 5 });
    const { jobs } = await store.manager.find({ state: 'queued', limit: 10 });
    expect(jobs).toHaveLength(2);
    done.open();
    await closeBenches();
  });

  it('tells the dead letters among the failed jobs, as they come and go', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 3);
    const { jobs } = await claim(broker);
    await settle(broker, bury(jobs[0]!), bury(jobs[1]!), retry(jobs[2]!));
    const counts = async () => (await manager.counts()).get('mail');

    expect(await counts()).toMatchObject({ failed: 3, dead: 2, total: 3 });
    await manager.cancel([jobs[0]!.lease.id], '');
    expect(await counts()).toMatchObject({ failed: 2, dead: 1, total: 2 });
    const [again] = (await claim(broker)).jobs;
    await settle(broker, bury(again!));
    expect(await counts()).toMatchObject({ failed: 2, dead: 2, total: 2 });
  });

  it('counts a disabled job twice: as paused, and in its time state', async () => {
    const { broker, manager, repository, clock } = await open();
    await broker.enqueue([newJob({ id: 'a' }), newJob({ id: 'b', due: { delayMs: 10 } })]);
    await repository.disableJobs({ name: 'mail' });
    const counts = async () => (await manager.counts()).get('mail');

    expect(await counts()).toMatchObject({ queued: 1, scheduled: 1, paused: 2, total: 2 });
    clock.advance(10);
    expect(await counts()).toMatchObject({ queued: 2, scheduled: 0, paused: 2, total: 2 });
    await repository.enableJobs({ name: 'mail' });
    expect(await counts()).toMatchObject({ queued: 2, paused: 0, total: 2 });
  });

  it('counts a disabled job that runs as running and paused', async () => {
    const { broker, manager, repository } = await open();
    const { id } = await add(broker);
    await claimOne(broker);
    await repository.disableJobs({ id });

    expect((await manager.counts()).get('mail')).toMatchObject({ running: 1, paused: 1, total: 1 });
  });

  it('answers for names asked for, also when they have no jobs, and else only for those that have', async () => {
    const { broker, manager } = await open();
    await add(broker, { name: 'once', id: 'a' });
    await manager.cancel(['a'], '');
    await add(broker, { name: 'now' });

    expect([...(await manager.counts()).keys()]).toEqual(['now']);
    expect(await manager.counts(['once', 'never'])).toEqual(
      new Map([
        ['once', emptyCounts()],
        ['never', emptyCounts()],
      ]),
    );
    expect(await manager.counts([])).toEqual(new Map());
  });

  it('answers for 250 names', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 250, (i) => ({ name: `name-${i}` }));

    const counts = await manager.counts();

    expect(counts.size).toBe(250);
    expect(new Set([...counts.values()].map(({ queued }) => queued))).toEqual(new Set([1]));
  });
});
