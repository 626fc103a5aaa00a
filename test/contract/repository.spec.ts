import { emptyCounts } from '../../lib/core/job/job-state.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
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
  settle,
  settleOne,
} from './support/builders.js';
import { AgendaWorker } from './support/rows.js';

/** Jobs `a1`, `a2` of name `a`, and so on for `b` and `c`. */
async function withJobs(store: OpenBackend): Promise<OpenBackend> {
  const ids = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'];
  await store.broker.enqueue(ids.map((id) => newJob({ id, name: id[0]! })));
  return store;
}

describeBackends('the repository', (open) => {
  it('removes jobs in every state, of a name with hundreds', async () => {
    const { broker, repository, manager } = await open();
    await addMany(broker, 320, (i) => ({ due: { delayMs: i < 160 ? 0 : 1_000 } }));
    const { jobs } = await claim(broker, { slots: 90 });
    await settle(
      broker,
      ...jobs.slice(0, 30).map((job) => complete(job)),
      ...jobs.slice(30, 60).map((job) => bury(job)),
    );
    await repository.disableJobs({ ids: idsOf(jobs) });
    const other = await add(broker, { name: 'other' });

    expect(await repository.removeJobs({ name: 'mail' })).toBe(320);

    expect(idsOf([(await manager.get(other.id))!])).toEqual([other.id]);
    expect([...(await manager.counts()).keys()]).toEqual(['other']);
  });

  it('tells the worker of a removed job', async () => {
    const { broker, repository, channel } = await open();
    const heard = new Promise((resolve) => channel.subscribeCancel!(resolve));
    const { id } = await add(broker);
    const held = await claimOne(broker);

    await repository.removeJobs({ id });

    expect(await heard).toMatchObject({ jobId: id, reason: '' });
    expect(await settleOne(broker, complete(held))).toBe('not-found');
  });

  it('counts a job that was disabled already as matched, and leaves it as it is', async () => {
    const store = await open();
    const { id } = await add(store.broker);
    await store.repository.disableJobs({ id });
    const before = await store.dump();

    expect(await store.repository.disableJobs({ id })).toBe(1);
    expect(await store.dump()).toEqual(before);
  });

  it('enables ended jobs without starting them', async () => {
    const { broker, repository } = await open();
    const { id } = await add(broker);
    await settleOne(broker, complete(await claimOne(broker)));

    expect(await repository.disableJobs({ id })).toBe(1);
    expect(await repository.enableJobs({ id })).toBe(1);
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('keeps the order of jobs that were disabled for a while', async () => {
    const { broker, repository } = await open();
    await broker.enqueue('abc'.split('').map((id) => newJob({ id })));
    await repository.disableJobs({ ids: ['a', 'b'] });
    await repository.enableJobs({ id: 'b' });
    await repository.enableJobs({ id: 'a' });

    expect(idsOf((await claim(broker)).jobs)).toEqual(['a', 'b', 'c']);
  });

  it('gives a row by its id, and null for an id of no job', async () => {
    const { broker, repository } = await open();
    await add(broker, { id: 'a', data: '{"to":"ann"}', due: { delayMs: 10 } });

    expect(await repository.getJobById('a')).toEqual({
      _id: 'a',
      name: 'mail',
      priority: 0,
      nextRunAt: new Date(START + 10),
      type: 'normal',
      data: { to: 'ann' },
      disabled: false,
      fork: false,
    });
    for (const id of ['nobody', '', 'x'.repeat(5_000), '\u0000', '__proto__']) {
      expect(await repository.getJobById(id)).toBeNull();
    }
  });

  it('gives what happened as dates and a reason', async () => {
    const { broker, repository, clock } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    clock.advance(4);
    await settleOne(broker, retry(held, { due: { delayMs: 6 } }));

    expect(await repository.getJobById('a')).toMatchObject({
      nextRunAt: new Date(START + 10),
      lastRunAt: new Date(START),
      lastFinishedAt: new Date(START + 4),
      failedAt: new Date(START + 4),
      failCount: 1,
      failReason: 'no luck',
    });
    clock.advance(6);
    await claimOne(broker);
    expect(await repository.getJobById('a')).toMatchObject({
      lockedAt: new Date(START + 10),
      lastRunAt: new Date(START + 10),
    });
  });

  it('gives an overview of the names that have jobs', async () => {
    const store = await open();
    expect(await store.repository.getJobsOverview()).toEqual([]);
    expect(await store.repository.getDistinctJobNames()).toEqual([]);

    await withJobs(store);
    await store.repository.removeJobs({ name: 'b' });

    const overview = await store.repository.getJobsOverview();
    // In the shape of Agenda, which does not tell dead letters from other failed jobs.
    const { dead: _, ...none } = emptyCounts();
    expect(overview.sort((one, other) => (one.name < other.name ? -1 : 1))).toEqual([
      { ...none, name: 'a', queued: 2, total: 2 },
      { ...none, name: 'c', queued: 2, total: 2 },
    ]);
    expect((await store.repository.getDistinctJobNames()).sort()).toEqual(['a', 'c']);
  });

  it('knows how many enabled, free jobs are due', async () => {
    const { broker, repository, clock } = await open();
    await addMany(broker, 6, (i) => ({ id: `job-${i}` }));
    await add(broker, { due: { delayMs: 10 } });
    await repository.disableJobs({ id: 'job-5' });
    const [first, second] = (await claim(broker, { slots: 2 })).jobs;
    expect(await repository.getQueueSize()).toBe(3);

    await settle(broker, retry(first!, { due: { delayMs: 10 } }), complete(second!));
    expect(await repository.getQueueSize()).toBe(3);
    clock.advance(10);
    expect(await repository.getQueueSize()).toBe(5);
  });

  it('purges everything of its own, and nothing of others', async () => {
    const store = await withJobs(await open());
    const other = await withJobs(await open());
    await claim(store.broker, { names: ['a'], slots: 1 });

    expect(await store.repository.purgeAllJobs()).toBe(6);
    expect(await store.repository.purgeAllJobs()).toBe(0);

    expect(await store.manager.counts()).toEqual(new Map());
    expect((await other.manager.counts()).size).toBe(3);
    expect((await add(store.broker, { id: 'a1' })).attempt).toBe(0);
  });

  it('answers queries with rows, each with its state and without a token', async () => {
    const store = await withJobs(await open());
    const worker = new AgendaWorker(store);
    const held = await worker.claim({ name: 'a' });

    const { jobs, total } = await store.repository.queryJobs({ names: ['a'], sort: { name: 1 } });

    expect(total).toBe(2);
    expect(jobs).toEqual([
      { ...(await store.repository.getJobById('a1')), state: 'running' },
      { ...(await store.repository.getJobById('a2')), state: 'queued' },
    ]);
    expect(jobs[0]!.lockedAt).toEqual(held.lockedAt);
    expect(jobs.flatMap((row) => Object.getOwnPropertySymbols(row))).toEqual([]);
    expect((await store.repository.queryJobs({ limit: 1 })).total).toBe(6);
  });

  it('answers a query for an id of no job with nothing', async () => {
    const { repository } = await withJobs(await open());

    expect(await repository.queryJobs({ id: 'nobody' })).toEqual({ jobs: [], total: 0 });
    expect((await repository.queryJobs()).total).toBe(6);
  });
});
