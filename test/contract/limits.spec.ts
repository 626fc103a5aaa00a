import type { ClaimedJob, NameLimits } from '../../lib/core/contracts/job-broker.js';
import { InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken, toJobId } from '../../lib/core/job/job-id.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimOne,
  claimRequest,
  complete,
  idsOf,
  LEASE,
  loseAndRescue,
  passTime,
  release,
  settle,
  settleOne,
} from './support/builders.js';
import { listen, timesOf } from './support/listen.js';

const limitTo = ({ broker }: OpenBackend, limits: NameLimits | undefined): Promise<void> =>
  broker.register([{ name: 'mail', maxRescues: 2, ...(limits && { limits }) }]);

describeBackends('the concurrency of a name', (open) => {
  it('holds over all hosts, and keeps no other name waiting', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { concurrency: 3 });
    await addMany(broker, 10);
    await addMany(broker, 5, () => ({ name: 'report' }));

    expect((await claim(broker, { host: 'host-a', slots: 2 })).jobs).toHaveLength(2);
    const names = ['mail', 'report'];
    const { jobs, dueInMs } = await claim(broker, { host: 'host-b', names });

    expect(jobs.filter(({ record }) => record.name === 'mail')).toHaveLength(1);
    expect(jobs.filter(({ record }) => record.name === 'report')).toHaveLength(5);
    expect(dueInMs).toBeNull();
  });

  it('lets the slots it leaves free go to other names', async () => {
    const store = await open();
    await limitTo(store, { concurrency: 1 });
    await addMany(store.broker, 5);
    await addMany(store.broker, 20, () => ({ name: 'report' }));

    const { jobs } = await claim(store.broker, { slots: 10, names: ['mail', 'report'] });

    expect(jobs.filter(({ record }) => record.name === 'report')).toHaveLength(9);
  });

  it('gives a settled job its successor in the same call', async () => {
    const store = await open();
    await limitTo(store, { concurrency: 1 });
    await add(store.broker, { id: 'a' });
    await add(store.broker, { id: 'b' });
    const heard = await listen(store);
    const first = await claimOne(store.broker);

    const { jobs } = await store.broker.settleAndClaim([complete(first)], claimRequest());

    expect(idsOf(jobs)).toEqual(['b']);
    expect(await heard()).toEqual([]);
  });

  it.each<[string, (store: OpenBackend, running: ClaimedJob) => Promise<unknown>]>([
    ['completes', ({ broker }, running) => settleOne(broker, complete(running))],
    ['is handed back', ({ broker }, running) => settleOne(broker, release(running))],
    ['is cancelled', ({ manager }) => manager.cancel(['a'], 'no more')],
    ['is removed as a row', ({ repository }) => repository.removeJobs({ id: toJobId('a') })],
    ['loses its process', loseAndRescue],
  ])('lets the next one start when one %s, and tells the hosts', async (_, end) => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { concurrency: 1 });
    await add(broker, { id: 'a' });
    await add(broker, { id: 'b' });
    const running = await claimOne(broker);
    expect((await claim(broker)).jobs).toEqual([]);
    const heard = await listen(store);

    await end(store, running);

    expect((await heard()).map(({ jobName }) => jobName)).toEqual(['mail']);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('gives the share of a claim free whose answer was lost', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { concurrency: 2 });
    await addMany(broker, 3, (i) => ({ id: `job-${i}` }));
    const before = await claim(broker, { slots: 0, names: [] });
    expect(before.jobs).toEqual([]);
    await claim(broker, { heard: '' });

    const { jobs } = await claim(broker, { heard: '' });

    expect(idsOf(jobs)).toEqual(['job-0', 'job-1']);
  });

  it('counts leases: a lost process frees its share when it is rescued, and not before', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { concurrency: 1 });
    await addMany(broker, 2);
    await claimOne(broker);
    await passTime(store, LEASE);

    expect((await claim(broker)).jobs).toEqual([]);
    await broker.rescue(100, LEASE);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('is not exceeded when it is lowered below what runs, and lets more start when it is raised', async () => {
    const store = await open();
    const { broker, manager } = store;
    await limitTo(store, { concurrency: 3 });
    await addMany(broker, 10);
    const { jobs } = await claim(broker);
    await manager.setLimits('mail', { concurrency: 1 });

    await settle(broker, complete(jobs[0]!), complete(jobs[1]!));
    expect((await claim(broker)).jobs).toEqual([]);
    await settle(broker, complete(jobs[2]!));
    expect((await claim(broker)).jobs).toHaveLength(1);

    const heard = await listen(store);
    await manager.setLimits('mail', { concurrency: 5 });
    expect(timesOf(await heard())).toEqual([['mail', 0]]);
    expect((await claim(broker)).jobs).toHaveLength(4);
  });

  it('counts rows that are handed out, and holds them back', async () => {
    const store = await open();
    const { broker, repository } = store;
    await limitTo(store, { concurrency: 1 });
    await add(broker, { id: 'a' });
    await add(broker, { id: 'b' });
    const next = () => {
      return repository.getNextJobToRun(
        'mail',
        new Date(START + 5),
        new Date(START - LEASE),
        new Date(START),
      );
    };
    const row = await next();

    expect(await next()).toBeUndefined();
    expect((await claim(broker)).jobs).toEqual([]);
    await repository.unlockJob(row!);
    await claimOne(broker);
    expect(await next()).toBeUndefined();
    expect(await repository.lockJob((await repository.getJobById('b'))!)).toBeUndefined();
  });

  it('gives a row whose holder fell silent to another one, though that was the only share', async () => {
    const store = await open();
    const { broker, repository, clock } = store;
    await limitTo(store, { concurrency: 1 });
    await add(broker, { id: 'a' });
    const now = () => new Date(clock.now());
    await repository.getNextJobToRun('mail', now(), now(), now());
    clock.advance(1000);
    const deadline = new Date(clock.now() - 1000);

    expect(await repository.getNextJobToRun('mail', now(), deadline, now())).toMatchObject({
      _id: 'a',
    });
  });

  it('passes a job that is claimed by hand, which counts then', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { concurrency: 1 });
    await addMany(broker, 3, (i) => ({ id: `job-${i}` }));
    await claimOne(broker);
    const { claimId, host, leaseMs } = claimRequest();
    const byHand = await broker.claimOne!({ id: 'job-1', claimId, host, leaseMs });
    if (!('job' in byHand)) throw new Error(byHand.refusal);

    await settle(broker, complete(byHand.job));

    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('is not looked at by a claim without a free slot, which leaves everything as it is', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { concurrency: 1 });
    const [byHand] = await addMany(broker, 2);
    await broker.claimOne({ id: byHand!.id, claimId: randomToken(), host: 'here', leaseMs: LEASE });
    const before = await store.dump();

    expect(await claim(broker, { slots: 0 })).toMatchObject({ jobs: [], dueInMs: null });

    expect(await store.dump()).toEqual(before);
  });

  it('sleeps until news when it is closed, and tells how long otherwise', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { concurrency: 1 });
    await addMany(broker, 1);
    await add(broker, { due: { delayMs: 500 } });
    await claimOne(broker);

    expect((await claim(broker)).dueInMs).toBeNull();
  });
});

describeBackends('limits set by hand', (open) => {
  it('win over those of the handler one by one, also when that registers again, until they are removed', async () => {
    const store = await open();
    const { broker, manager } = store;
    await limitTo(store, { concurrency: 1, maxQueued: 50 });
    await manager.setLimits('mail', { concurrency: 2 });
    expect(await manager.limits()).toEqual(
      new Map([
        ['mail', { handler: { concurrency: 1, maxQueued: 50 }, byHand: { concurrency: 2 } }],
      ]),
    );
    await limitTo(store, { concurrency: 3 });
    await addMany(broker, 10);

    const { jobs } = await claim(broker);
    expect(jobs).toHaveLength(2);

    await manager.setLimits('mail', null);
    expect((await claim(broker)).jobs).toHaveLength(1);
    expect(await manager.limits()).toEqual(new Map([['mail', { handler: { concurrency: 3 } }]]));
  });

  it('hold for a name that nobody has registered', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 3);
    await manager.setLimits('mail', { concurrency: 1 });

    expect((await claim(broker)).jobs).toHaveLength(1);
    expect(await manager.limits()).toEqual(new Map([['mail', { byHand: { concurrency: 1 } }]]));
  });

  it('are gone with a handler that says nothing of them any more', async () => {
    const store = await open();
    await limitTo(store, { concurrency: 1 });
    await addMany(store.broker, 3);
    await limitTo(store, undefined);

    expect((await claim(store.broker)).jobs).toHaveLength(3);
    expect(await store.manager.limits()).toEqual(new Map());
  });

  it.each<[string, unknown]>([
    ['a concurrency of 0', { concurrency: 0 }],
    ['half a job', { concurrency: 1.5 }],
    ['an unknown limit', { concurency: 1 }],
    ['a rate without a time', { rate: { max: 1 } }],
    ['a rate of none', { rate: { max: 0, perMs: 1000 } }],
    ['starts less than 1 ms apart', { rate: { max: 11, perMs: 10, spread: true } }],
    ['a rate per key of none', { key: { rate: { max: 0, perMs: 1000 } } }],
    ['several at once in a fixed order', { key: { order: 'fifo', concurrency: 2 } }],
    ['another order', { key: { order: 'lifo' } }],
    ['no room at all', { maxQueued: 0 }],
  ])('refuse %s, and so do those of a handler', async (_, limits) => {
    const store = await open();
    const before = await store.dump();

    await expect(store.manager.setLimits('mail', limits as NameLimits)).rejects.toThrow(
      InvalidOptionError,
    );
    await expect(limitTo(store, limits as NameLimits)).rejects.toThrow(InvalidOptionError);
    await expect(store.manager.setLimits('', null)).rejects.toThrow(InvalidJobError);
    expect(await store.dump()).toEqual(before);
  });
});
