import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  newJob,
  retry,
  settleOne,
} from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

const hourly = {
  name: 'mail',
  priority: 0,
  type: 'single',
  data: null,
  repeatInterval: '1 hour',
} as const;

describeBackends('promote', (open) => {
  it('makes a job due that waits for a time ahead', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a', due: { delayMs: 1_000 } });

    expect(await manager.promote(['a'])).toEqual(['ok']);

    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 1, scheduled: 0 });
    expect((await claimOne(broker)).record).toMatchObject({
      id: 'a',
      nextRunAt: START,
      attempt: 0,
    });
  });

  it('keeps priority and order', async () => {
    const { manager, broker, clock } = await open();
    await broker.enqueue([
      newJob({ id: 'due' }),
      newJob({ id: 'low', priority: -1, due: { delayMs: 1_000 } }),
      newJob({ id: 'second', due: { delayMs: 3_000 } }),
      newJob({ id: 'high', priority: 1, due: { delayMs: 2_000 } }),
      newJob({ id: 'third', due: { delayMs: 1_000 } }),
    ]);
    clock.advance(10);

    await manager.promote(['third', 'low', 'high', 'second']);

    const { jobs } = await claim(broker);
    expect(idsOf(jobs)).toEqual(['high', 'due', 'second', 'third', 'low']);
  });

  it('does not wait for the time of a retry, which stays one', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 60_000 } }));

    expect(await manager.promote(['a'])).toEqual(['ok']);

    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, queued: 0 });
    expect((await claimOne(broker)).record).toMatchObject({ attempt: 1, failCount: 1 });
  });

  it('runs a recurring job once more, and keeps its next occurrence', async () => {
    const { manager, repository, broker } = await open();
    const { _id: id } = await repository.saveJob({ ...hourly, nextRunAt: at(60_000) });

    expect(await manager.promote([id!])).toEqual(['ok']);

    const promoted = { nextRunAt: START, occurrenceAt: START + 60_000 };
    expect(await manager.get(id!)).toMatchObject({ ...promoted, repeat: { interval: '1 hour' } });
    const early = await claimOne(broker);
    expect(early.record).toMatchObject(promoted);
    await settleOne(broker, complete(early, { nextRunAt: START + 60_000 }));
    expect(await manager.get(id!)).toMatchObject({
      nextRunAt: START + 60_000,
      occurrenceAt: null,
    });
  });

  it('gives a job of a busy key its place in the line of the key', async () => {
    const { manager, broker } = await open();
    await broker.register([{ name: 'mail', maxRescues: 2, limits: { key: { concurrency: 1 } } }]);
    await add(broker, { id: 'runs', key: 'shop' });
    const held = await claimOne(broker);
    await add(broker, { id: 'waits', key: 'shop', due: { delayMs: 1_000 } });

    expect(await manager.promote(['waits'])).toEqual(['ok']);

    expect((await manager.counts()).get('mail')).toMatchObject({ running: 1, queued: 1 });
    expect((await claim(broker)).jobs).toEqual([]);
    await settleOne(broker, complete(held));
    expect(idsOf((await claim(broker)).jobs)).toEqual(['waits']);
  });

  it('leaves a job alone that is due: it keeps its place', async () => {
    const { manager, broker, clock } = await open();
    await add(broker, { id: 'late' });
    clock.advance(10);
    await add(broker, { id: 'later' });

    expect(await manager.promote(['later', 'late'])).toEqual(['ok', 'ok']);

    expect(await manager.get('late')).toMatchObject({ nextRunAt: START });
    expect(idsOf((await claim(broker)).jobs)).toEqual(['late', 'later']);
  });

  it('answers for each job alone, in order, and changes none that it cannot make due', async () => {
    const { manager, broker, repository, dump } = await open();
    const born = async (id: string) => {
      await add(broker, { id });
      return claimOne(broker);
    };
    await settleOne(broker, complete(await born('done')));
    await settleOne(broker, bury(await born('dead')));
    await born('running');
    await add(broker, { id: 'disabled', due: { delayMs: 100 } });
    await repository.disableJobs({ id: 'disabled' });
    const before = await dump();
    const ids = ['done', 'nobody', 'running', 'dead', 'disabled', 'done'];

    expect(await manager.promote(ids)).toEqual([
      'ended',
      'not-found',
      'running',
      'ended',
      'disabled',
      'ended',
    ]);
    expect(await dump()).toEqual(before);
    expect(await manager.promote([])).toEqual([]);
  });

  it('takes a row back that was handed out ahead of its time', async () => {
    const store = await open();
    const { manager, repository } = store;
    const worker = new AgendaWorker(store);
    const { _id: id } = await repository.saveJob(newRow({ nextRunAt: at(500) }));
    const row = await worker.claim({ aheadMs: 1_000 });

    expect(await manager.promote([id!])).toEqual(['ok']);

    expect(await manager.get(id!)).toMatchObject({ nextRunAt: START, lockedAt: null });
    await expect(worker.start(row)).rejects.toThrow('lease');
  });

  it('announces what has become due', async () => {
    const { manager, broker, channel } = await open();
    await add(broker, { id: 'a', due: { delayMs: 1_000 } });
    const heard = new Promise<string>((resolve) => {
      channel.subscribe(({ jobName, nextRunAt }) => {
        if (nextRunAt!.getTime() === START) resolve(jobName);
      });
    });

    await manager.promote(['a']);

    expect(await heard).toBe('mail');
  });

  it('takes 100 jobs in a call, and no more', async () => {
    const { manager, broker } = await open();
    const jobs = await addMany(broker, 101, () => ({ due: { delayMs: 1_000 } }));
    const ids = idsOf(jobs);

    await expect(manager.promote(ids)).rejects.toThrow('ids');
    expect(await manager.promote(ids.slice(0, 100))).toEqual(Array(100).fill('ok'));
    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 100, scheduled: 1 });
  });
});
