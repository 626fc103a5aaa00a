import { InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
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
  retry,
  settleOne,
} from './support/builders.js';
import { listen, timesOf } from './support/listen.js';

describeBackends('a pause of a name', (open) => {
  it('keeps its jobs from every claim that starts after it, and no others', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await add(broker, { id: 'b', name: 'report' });

    await manager.pause({ name: 'mail' });

    const claimed = await claim(broker, { names: ['mail', 'report'] });
    expect(idsOf(claimed.jobs)).toEqual(['b']);
    expect(claimed.dueInMs).toBeNull();
  });

  it('can be told why and by whom; told again it keeps its instant, and takes the new words', async () => {
    const { manager, clock } = await open();
    await manager.pause({ name: 'mail', reason: 'new templates', by: 'ann' });
    clock.advance(5);
    await manager.pause({ name: 'report' });
    expect((await manager.pauses()).names).toEqual(
      new Map([
        ['mail', { at: START, reason: 'new templates', by: 'ann' }],
        ['report', { at: START + 5 }],
      ]),
    );

    await manager.pause({ name: 'mail', reason: 'still at it' });

    expect(await manager.pauses()).toEqual({
      names: new Map([
        ['mail', { at: START, reason: 'still at it' }],
        ['report', { at: START + 5 }],
      ]),
    });
  });

  it('lets what runs end, fail, renew its lease and be rescued, and holds what comes back', async () => {
    const store = await open();
    const { broker, manager } = store;
    await addMany(broker, 4, (i) => ({ id: `job-${i}` }));
    const { jobs } = await claim(broker);
    await manager.pause({ name: 'mail' });

    expect(await settleOne(broker, complete(jobs[0]!))).toBe('ok');
    expect(await settleOne(broker, retry(jobs[1]!))).toBe('ok');
    expect(await settleOne(broker, release(jobs[2]!))).toBe('ok');
    expect((await broker.renew([jobs[3]!.lease], LEASE)).lost).toEqual([]);
    await loseAndRescue(store);

    expect((await claim(broker)).jobs).toEqual([]);
    expect((await manager.counts()).get('mail')).toMatchObject({
      completed: 1,
      queued: 2,
      failed: 1,
      running: 0,
    });
  });

  it('lets jobs be added, which count as queued when they are due, and tells nobody of them', async () => {
    const store = await open();
    const { broker, manager } = store;
    await manager.pause({ name: 'mail' });
    const heard = await listen(store);

    await add(broker, { due: { delayMs: 0 } });
    await add(broker, { due: { delayMs: 50 } });
    await passTime(store, 50);

    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 2, scheduled: 0 });
    expect(await heard()).toEqual([]);
    expect((await claim(broker)).dueInMs).toBeNull();
  });

  it('holds the rows back that a repository hands out', async () => {
    const { broker, repository, manager } = await open();
    await add(broker, { id: 'a' });
    await manager.pause({ name: 'mail' });
    const next = () => {
      return repository.getNextJobToRun(
        'mail',
        new Date(START + 5),
        new Date(START),
        new Date(START),
      );
    };

    expect(await next()).toBeUndefined();
    expect(await repository.lockJob((await repository.getJobById('a'))!)).toBeUndefined();

    await manager.resume('mail');
    expect(await next()).toMatchObject({ _id: 'a' });
  });

  it('does not keep a job from being claimed by hand', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await manager.pause({ name: 'mail' });
    const { claimId, host, leaseMs } = claimRequest();

    expect(await broker.claimOne!({ id: 'a', claimId, host, leaseMs })).toMatchObject({
      job: { lease: { id: 'a' } },
    });
  });

  it('refuses what is no name and no text, and pauses nothing', async () => {
    const { manager } = await open();
    await expect(manager.pause({ name: '' })).rejects.toThrow(InvalidJobError);
    await expect(manager.pause({ reason: 7 as never })).rejects.toThrow(InvalidOptionError);
    await expect(manager.resume('a\nb')).rejects.toThrow(InvalidJobError);
    expect(await manager.pauses()).toEqual({ names: new Map() });
  });
});

describeBackends('a resumed name', (open) => {
  it('gives its jobs in their order, and has its news told where something is due', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await add(broker, { id: 'a' });
    await manager.pause({ name: 'mail' });
    clock.advance(10);
    await add(broker, { id: 'b', priority: 5 });
    const heard = await listen(store);

    expect(await manager.resume('mail')).toBe(true);

    expect(timesOf(await heard())).toEqual([['mail', 10]]);
    expect(idsOf((await claim(broker)).jobs)).toEqual(['b', 'a']);
    expect(await manager.pauses()).toEqual({ names: new Map() });
  });

  it('is told for the time of its first job, where that lies ahead', async () => {
    const store = await open();
    const { broker, manager } = store;
    await manager.pause({ name: 'mail' });
    await add(broker, { id: 'a', due: { delayMs: 50 } });
    const heard = await listen(store);

    await manager.resume('mail');

    expect(timesOf(await heard())).toEqual([['mail', 50]]);
    expect((await claim(broker)).dueInMs).toBe(50);
  });

  it('is no news when it was not paused, or has no jobs', async () => {
    const store = await open();
    const heard = await listen(store);

    expect(await store.manager.resume('mail')).toBe(false);
    await store.manager.pause({ name: 'mail' });
    expect(await store.manager.resume('mail')).toBe(true);

    expect(await heard()).toEqual([]);
  });
});

describeBackends('a pause of everything', (open) => {
  it('keeps all jobs from claims until it ends, which wakes everybody', async () => {
    const store = await open();
    const { broker, manager } = store;
    await add(broker, { id: 'a' });
    await add(broker, { id: 'b', name: 'report' });

    await manager.pause({ reason: 'maintenance' });
    expect(await claim(broker, { names: ['mail', 'report'] })).toMatchObject({
      jobs: [],
      dueInMs: null,
    });
    expect(await manager.pauses()).toEqual({
      all: { at: START, reason: 'maintenance' },
      names: new Map(),
    });

    const heard = await listen(store);
    expect(await manager.resume()).toBe(true);
    expect(timesOf(await heard())).toEqual([['', 0]]);
    const again = await claim(broker, { names: ['mail', 'report'] });
    expect(idsOf(again.jobs).sort()).toEqual(['a', 'b']);
    expect(await manager.resume()).toBe(false);
  });

  it('takes settlements, and gives nothing for them', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await add(broker, { id: 'b' });
    const job = await claimOne(broker);
    await manager.pause({});

    const answer = await broker.settleAndClaim([complete(job)], claimRequest());

    expect(answer).toMatchObject({ answers: ['ok'], jobs: [], dueInMs: null });
  });

  it('holds rows back', async () => {
    const { broker, repository, manager } = await open();
    await add(broker, { id: 'a' });
    await manager.pause({});
    const at = new Date(START);

    expect(await repository.getNextJobToRun('mail', at, at, at)).toBeUndefined();
    expect(await repository.lockJob((await repository.getJobById('a'))!)).toBeUndefined();
  });

  it('leaves the pauses of names as they are', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await manager.pause({ name: 'mail' });
    await manager.pause({});
    await manager.resume();

    expect((await claim(broker)).jobs).toEqual([]);
    expect(await manager.pauses()).toEqual({ names: new Map([['mail', { at: START }]]) });
  });

  it('is seen by every process on the store', async () => {
    const { broker, manager, anotherBackend } = await open();
    await add(broker);
    await manager.pause({});
    const another = await anotherBackend();

    expect(await another.manager!.pauses()).toMatchObject({ all: { at: START } });
    expect((await claim(another.broker!)).jobs).toEqual([]);
  });
});
