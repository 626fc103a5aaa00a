import fc from 'fast-check';
import type { ClaimedJob, KeyLimits, Settlement } from '../../lib/core/contracts/job-broker.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  bury,
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
  settle,
  snooze,
} from './support/builders.js';
import { AgendaWorker } from './support/rows.js';
import { at, newRow } from './support/rows.js';

const ENDS = ['complete', 'retry', 'later', 'snooze', 'release', 'bury'] as const;

function endOf(how: (typeof ENDS)[number], job: ClaimedJob): Settlement {
  switch (how) {
    case 'complete':
      return complete(job);
    case 'retry':
      return retry(job);
    case 'later':
      return retry(job, { due: { delayMs: 40 } });
    case 'snooze':
      return snooze(job, { due: { delayMs: 40 } });
    case 'release':
      return release(job);
    case 'bury':
      return bury(job);
  }
}

/* What limits per key promise: how many jobs of one key run or start, and that keys hinder only themselves. */

describeBackends('limits per key', (open) => {
  let store: OpenBackend;

  beforeEach(async () => {
    store = await open();
  });

  const limitKeys = (key: KeyLimits) => store.manager.setLimits('mail', { key });
  const addKeyed = (key: string, id: string, asked = {}) =>
    add(store.broker, { key, id, ...asked });
  const claimIds = async (slots = 100) => idsOf((await claim(store.broker, { slots })).jobs).sort();
  const queued = async () => (await store.manager.counts(['mail'])).get('mail')!.queued;

  describe('concurrency', () => {
    it('lets only so many jobs of a key run at once', async () => {
      await limitKeys({ concurrency: 2 });
      await addMany(store.broker, 5, (i) => ({ key: 'a', id: `a${i}` }));

      expect(await claimIds()).toEqual(['a0', 'a1']);
      expect(await claimIds()).toEqual([]);
    });

    it('lets the next one start when one has ended', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 3, (i) => ({ key: 'a', id: `a${i}` }));
      const first = await claimOne(store.broker);

      await settle(store.broker, complete(first));

      expect(await claimIds()).toEqual(['a1']);
    });

    it('hands the next one out in the call that settles the one before it', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      const first = await claimOne(store.broker);

      const { jobs } = await store.broker.settleAndClaim([complete(first)], claimRequest());

      expect(idsOf(jobs)).toEqual(['a1']);
    });

    it.each([
      ['removed at its end', (job: ClaimedJob) => complete(job, { remove: true })],
      ['buried', (job: ClaimedJob) => bury(job)],
      ['to be retried later', (job: ClaimedJob) => retry(job, { due: { delayMs: 5_000 } })],
      ['put off', (job: ClaimedJob) => snooze(job, { due: { delayMs: 5_000 } })],
    ])('frees the place of a job that is %s', async (_, end) => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      const first = await claimOne(store.broker);

      await settle(store.broker, end(first));

      expect(await claimIds()).toEqual(['a1']);
    });

    it('gives a job that is handed back its place ahead of the others', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      const first = await claimOne(store.broker);

      await settle(store.broker, release(first));

      expect(await claimIds()).toEqual(['a0']);
    });

    it('counts the job of a lost process until it is rescued, and then starts it again', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      await claimOne(store.broker);

      await passTime(store, LEASE);
      expect(await claimIds()).toEqual([]);
      await store.broker.rescue(100, LEASE);

      expect(await claimIds()).toEqual(['a0']);
    });

    it('frees the place of a running job that is cancelled', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      const first = await claimOne(store.broker);

      await store.manager.cancel([first.lease.id], 'no more');

      expect(await claimIds()).toEqual(['a1']);
    });

    it('counts a job that was started out of turn', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      const request = { id: 'a1', claimId: 'ab'.repeat(16), host: 'by-hand', leaseMs: LEASE };
      const started = await store.broker.claimOne!(request);

      expect(await claimIds()).toEqual([]);
      await settle(store.broker, complete((started as { job: ClaimedJob }).job));

      expect(await claimIds()).toEqual(['a0']);
    });

    it('takes back the jobs of a claim whose answer was lost', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      const lost = await claim(store.broker, { host: 'host-b' });
      expect(idsOf(lost.jobs)).toEqual(['a0']);

      const { jobs } = await claim(store.broker, { host: 'host-b', heard: '' });

      expect(idsOf(jobs)).toEqual(['a0']);
    });

    it('is counted for each key of each name alone', async () => {
      await limitKeys({ concurrency: 1 });
      await addKeyed('a', 'a0');
      await addKeyed('b', 'b0');
      await add(store.broker, { name: 'report', key: 'a', id: 'report' });
      await add(store.broker, { name: 'report', key: 'a', id: 'another report' });

      const { jobs } = await claim(store.broker, { names: ['mail', 'report'] });

      expect(idsOf(jobs).sort()).toEqual(['a0', 'another report', 'b0', 'report']);
    });

    it('does not hold back jobs without a key', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 3, (i) => ({ id: `plain${i}` }));

      expect(await claimIds()).toHaveLength(3);
    });

    it('holds for the jobs that become due by time', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 3, (i) => ({ key: 'a', id: `a${i}`, due: { delayMs: 10 } }));

      store.clock.advance(10);

      expect(await claimIds()).toEqual(['a0']);
      expect(await claimIds()).toEqual([]);
    });
  });

  describe('turns', () => {
    it('lets a flood of one key not keep another waiting, even with one slot', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 50, (i) => ({ key: 'flood', id: `flood${i}` }));
      store.clock.advance(1);
      await addMany(store.broker, 2, (i) => ({ key: 'b', id: `b${i}` }));

      const order: string[] = [];
      for (let i = 0; i < 5; i++) {
        store.clock.advance(1);
        const job = await claimOne(store.broker);
        order.push(job.lease.id);
        store.clock.advance(1);
        await settle(store.broker, complete(job));
      }

      expect(order).toEqual(['flood0', 'b0', 'flood1', 'b1', 'flood2']);
    });

    it('lets the priority of the first of each key go before its turn', async () => {
      await limitKeys({ concurrency: 1 });
      await addKeyed('a', 'a0');
      store.clock.advance(1);
      await addKeyed('b', 'b0', { priority: 5 });

      expect((await claimOne(store.broker)).lease.id).toBe('b0');
    });

    it('lets a job of higher priority step in front of those of its key', async () => {
      await limitKeys({ concurrency: 1 });
      await addKeyed('a', 'a0');
      await addKeyed('a', 'a1', { priority: 1 });
      await addKeyed('a', 'a2', { priority: 2 });

      const order: string[] = [];
      for (let i = 0; i < 3; i++) {
        const job = await claimOne(store.broker);
        order.push(job.lease.id);
        await settle(store.broker, complete(job));
      }

      expect(order).toEqual(['a2', 'a1', 'a0']);
    });

    it('keeps the order of insertion within a key', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 12, (i) => ({ key: 'a', id: `a${i}` }));

      for (let i = 0; i < 12; i++) {
        const job = await claimOne(store.broker);
        expect(job.lease.id).toBe(`a${i}`);
        await settle(store.broker, complete(job));
      }
    });
  });

  describe('fifo', () => {
    beforeEach(() => limitKeys({ order: 'fifo' }));

    const addTwo = () => addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));

    it('keeps the key for a job that waits for its retry, to the millisecond of its end', async () => {
      await addTwo();
      const first = await claimOne(store.broker);
      await settle(store.broker, retry(first, { due: { delayMs: 100 } }));

      store.clock.advance(99);
      expect(await claimIds()).toEqual([]);
      store.clock.advance(1);
      const again = await claimOne(store.broker);
      expect(again.lease.id).toBe('a0');
      expect(await claimIds()).toEqual([]);
      await settle(store.broker, complete(again));

      expect(await claimIds()).toEqual(['a1']);
    });

    it.each([
      ['snoozed', (job: ClaimedJob) => snooze(job, { due: { delayMs: 100 } })],
      ['released', (job: ClaimedJob) => release(job)],
    ])('keeps the key for a job that is %s', async (_, end) => {
      await addTwo();
      const first = await claimOne(store.broker);
      await settle(store.broker, end(first));
      store.clock.advance(100);

      expect(await claimIds()).toEqual(['a0']);
    });

    it('keeps the key for a job that was rescued, ahead of one with higher priority', async () => {
      await addTwo();
      await claimOne(store.broker);
      await addKeyed('a', 'urgent', { priority: 20 });
      await loseAndRescue(store);

      expect(await claimIds()).toEqual(['a0']);
    });

    it.each(['cancelled', 'disabled', 'buried'])(
      'lets the key go when the job that keeps it is %s',
      async (how) => {
        await addTwo();
        const first = await claimOne(store.broker);
        await settle(store.broker, retry(first, { due: { delayMs: 100 } }));
        store.clock.advance(1);
        expect(await claimIds()).toEqual([]);

        if (how === 'cancelled') await store.manager.cancel(['a0'], '');
        if (how === 'disabled') await store.repository.disableJobs({ ids: ['a0'] });
        if (how === 'buried') {
          store.clock.advance(100);
          await settle(store.broker, bury(await claimOne(store.broker)));
        }

        expect(await claimIds()).toEqual(['a1']);
      },
    );

    it('keeps the key while the job that waits for its retry is changed', async () => {
      await addTwo();
      const first = await claimOne(store.broker);
      await settle(store.broker, retry(first, { due: { delayMs: 1_000 } }));

      const [row] = (await store.repository.queryJobs({ ids: ['a0'] })).jobs;
      await store.repository.saveJob({ ...row!, data: 'changed' });

      expect(await claimIds()).toEqual([]);
    });
  });

  describe('rate', () => {
    it('lets no more than max jobs of a key start in any stretch of that length', async () => {
      await limitKeys({ rate: { max: 3, perMs: 100 } });
      await addMany(store.broker, 20, (i) => ({ key: 'a', id: `a${i}` }));
      const starts: number[] = [];

      for (let step = 0; step < 60; step++) {
        const { jobs } = await claim(store.broker);
        for (const job of jobs) {
          starts.push(store.clock.now());
          await settle(store.broker, complete(job));
        }
        store.clock.advance(7);
      }

      expect(starts).toHaveLength(12);
      for (const [i, at] of starts.entries()) {
        const inWindow = starts.slice(i).filter((other) => other < at + 100);
        expect(inWindow.length).toBeLessThanOrEqual(3);
      }
    });

    it('tells how long to sleep until the key lets the next one start', async () => {
      await limitKeys({ rate: { max: 1, perMs: 100 } });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));

      const { jobs, dueInMs } = await claim(store.broker);
      expect(idsOf(jobs)).toEqual(['a0']);
      expect(dueInMs).toBe(100);

      store.clock.advance(99);
      expect(await claimIds()).toEqual([]);
      store.clock.advance(1);
      expect(await claimIds()).toEqual(['a1']);
    });

    it('does not let a key that must wait hinder another', async () => {
      await limitKeys({ rate: { max: 1, perMs: 100 } });
      await addMany(store.broker, 30, (i) => ({ key: 'a', id: `a${i}`, priority: 9 }));
      await addKeyed('b', 'b0');

      expect(await claimIds(2)).toEqual(['a0', 'b0']);
    });

    it('holds together with a concurrency', async () => {
      await limitKeys({ concurrency: 1, rate: { max: 2, perMs: 100 } });
      await addMany(store.broker, 4, (i) => ({ key: 'a', id: `a${i}` }));

      const first = await claimOne(store.broker);
      expect(await claimIds()).toEqual([]);
      await settle(store.broker, complete(first));
      await settle(store.broker, complete(await claimOne(store.broker)));

      expect(await claimIds()).toEqual([]);
      store.clock.advance(100);
      expect(await claimIds()).toEqual(['a2']);
    });

    it('stops a key, and no other, when its job asks for a pause', async () => {
      await limitKeys({ rate: { max: 10, perMs: 100 } });
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      await addKeyed('b', 'b0');
      const first = await claimOne(store.broker);
      expect(first.lease.id).toBe('a0');

      await settle(store.broker, { kind: 'throttle', lease: first.lease, forMs: 500 });

      expect(await claimIds()).toEqual(['b0']);
      store.clock.advance(499);
      expect(await claimIds()).toEqual([]);
      store.clock.advance(1);
      expect(await claimIds()).toEqual(['a0', 'a1']);
    });
  });

  describe('rows that are handed out', () => {
    beforeEach(() => limitKeys({ concurrency: 1 }));

    it('count as running, and hold the others of their key back', async () => {
      const worker = new AgendaWorker(store);
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      await addKeyed('b', 'b0');

      const row = await worker.claim();
      expect(row._id).toBe('a0');
      expect((await worker.claim())._id).toBe('b0');
      expect(await worker.next()).toBeUndefined();
      expect(await claimIds()).toEqual([]);

      await store.repository.unlockJob(row);
      expect(await claimIds()).toEqual(['a0']);
    });

    it('are not handed out ahead of their time while their key is busy', async () => {
      const worker = new AgendaWorker(store);
      await addKeyed('a', 'a0');
      await addKeyed('a', 'a1', { due: { delayMs: 100 } });
      await worker.claim();

      expect(await worker.next({ aheadMs: 1_000 })).toBeUndefined();
    });

    it('are not locked by their id while their key is busy', async () => {
      const { repository } = store;
      await addKeyed('a', 'a0', { due: { delayMs: 50 } });
      await addKeyed('a', 'a1');
      await addKeyed('a', 'a2');
      const lock = async (id: string) => repository.lockJob((await repository.getJobById(id))!);
      const first = await lock('a1');

      expect(first).toMatchObject({ _id: 'a1' });
      expect([await lock('a0'), await lock('a2')]).toEqual([undefined, undefined]);
      await repository.unlockJob(first!);
      expect(await claimIds()).toEqual(['a1']);
    });
  });

  describe('jobs in a line', () => {
    beforeEach(() => limitKeys({ concurrency: 1 }));

    it('are counted and found as queued', async () => {
      await addMany(store.broker, 3, (i) => ({ key: 'a', id: `a${i}` }));

      expect(await queued()).toBe(3);
      const { jobs } = await store.manager.find({ state: 'queued', limit: 10 });
      expect(jobs.map(({ id }) => id).sort()).toEqual(['a0', 'a1', 'a2']);
      expect(jobs.map(({ key }) => key)).toEqual(['a', 'a', 'a']);
    });

    it('leave it when they are cancelled', async () => {
      await addMany(store.broker, 3, (i) => ({ key: 'a', id: `a${i}` }));
      await store.manager.cancel(['a1'], '');

      expect(await queued()).toBe(2);
      await settle(store.broker, complete(await claimOne(store.broker)));
      expect(await claimIds()).toEqual(['a2']);
    });

    it('let the next one forward when the first is cancelled before it starts', async () => {
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      await store.manager.cancel(['a0'], '');

      expect(await claimIds()).toEqual(['a1']);
    });

    it('leave it when they are disabled, and come back to their place', async () => {
      await addMany(store.broker, 3, (i) => ({ key: 'a', id: `a${i}` }));
      await store.repository.disableJobs({ ids: ['a0', 'a1'] });
      const third = await claimOne(store.broker);
      expect(third.lease.id).toBe('a2');
      await store.repository.enableJobs({ ids: ['a0', 'a1'] });

      expect(await claimIds()).toEqual([]);
      await settle(store.broker, complete(third));
      expect(await claimIds()).toEqual(['a0']);
    });

    it('move with a new priority', async () => {
      await addMany(store.broker, 3, (i) => ({ key: 'a', id: `a${i}` }));
      const [row] = (await store.repository.queryJobs({ ids: ['a2'] })).jobs;
      await store.repository.saveJob({ ...row!, priority: 10 });

      expect(await claimIds()).toEqual(['a2']);
    });

    it('keep their key through a save', async () => {
      await addMany(store.broker, 2, (i) => ({ key: 'a', id: `a${i}` }));
      const [row] = (await store.repository.queryJobs({ ids: ['a1'] })).jobs;
      await store.repository.saveJob({ ...row!, data: 'changed' });

      expect(await claimIds()).toEqual(['a0']);
      const [saved] = (await store.manager.find({ state: 'queued', limit: 10 })).jobs;
      expect(saved).toMatchObject({ id: 'a1', key: 'a', data: 'changed' });
    });
  });

  describe('limits that change while jobs wait', () => {
    it('hold for jobs that were due before, in their order', async () => {
      await addMany(store.broker, 250, (i) => ({ key: 'a', id: `a${String(i).padStart(3, '0')}` }));
      await addKeyed('b', 'b0');
      await limitKeys({ concurrency: 1 });

      const started: string[] = [];
      for (let call = 0; call < 5; call++) started.push(...(await claimIds()));
      expect(started.sort()).toEqual(['a000', 'b0']);
      expect(await queued()).toBe(249);
    });

    it('count the jobs that run already', async () => {
      await addMany(store.broker, 4, (i) => ({ key: 'a', id: `a${i}` }));
      const { jobs } = await claim(store.broker, { slots: 2 });
      await limitKeys({ concurrency: 2 });

      expect(await claimIds()).toEqual([]);
      await settle(store.broker, complete(jobs[0]!));
      expect(await claimIds()).toEqual(['a2']);
    });

    it('are kept as soon as they are lowered', async () => {
      await limitKeys({ concurrency: 3 });
      await addMany(store.broker, 6, (i) => ({ key: 'a', id: `a${i}` }));
      await limitKeys({ concurrency: 1 });

      expect(await claimIds()).toEqual(['a0']);
      expect(await claimIds()).toEqual([]);
      expect(await queued()).toBe(5);
    });

    it('let more start as soon as they are raised, while the others still run', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 6, (i) => ({ key: 'a', id: `a${i}` }));
      expect(await claimIds()).toEqual(['a0']);

      await limitKeys({ concurrency: 3 });

      expect(await claimIds()).toEqual(['a1', 'a2']);
    });

    it('let all jobs go when they are removed', async () => {
      await limitKeys({ concurrency: 1 });
      await addMany(store.broker, 150, (i) => ({ key: i % 2 ? 'a' : 'b', id: `j${i}` }));
      expect(await claimIds()).toHaveLength(2);

      await store.manager.setLimits('mail', null);

      const started = new Set<string>();
      for (let call = 0; call < 5; call++) for (const id of await claimIds()) started.add(id);
      expect(started.size).toBe(148);
    });

    it('let others of a fifo key start when its order is no longer kept', async () => {
      await limitKeys({ order: 'fifo' });
      await addMany(store.broker, 3, (i) => ({ key: 'a', id: `a${i}` }));
      const first = await claimOne(store.broker);
      await settle(store.broker, retry(first, { due: { delayMs: 1_000 } }));
      expect(await claimIds()).toEqual([]);

      await limitKeys({ concurrency: 1 });

      expect(await claimIds()).toEqual(['a1']);
    });
  });

  describe('of rows that are saved', () => {
    const save = (key: string | undefined, row = {}) =>
      store.repository.saveJob(newRow(row), key === undefined ? {} : { key });

    it('let only so many run at once', async () => {
      await limitKeys({ concurrency: 1 });
      await save('a', { unique: { 'data.n': 1 }, data: { n: 1 } });
      await save('a', { nextRunAt: at(1), data: { n: 2 } });
      await save('b', { nextRunAt: at(1_000), data: { n: 3 } });
      await save(undefined, { data: { n: 4 } });
      store.clock.advance(1);
      const claimed = async () => (await claim(store.broker)).jobs.map(({ record }) => record.data);

      expect(await claimed()).toEqual([{ n: 1 }, { n: 4 }]);
      expect(await queued()).toBe(1);
      store.clock.advance(1_000);
      expect(await claimed()).toEqual([{ n: 3 }]);
    });

    it('keep the key that they were born with', async () => {
      const one = await save('a', { type: 'single', repeatInterval: '1 hour' });
      await save('b', { type: 'single', repeatInterval: '2 hours' });

      expect((await store.manager.get(one._id!))!.key).toBe('a');
    });

    it('let the next one start when an occurrence is over, and not before', async () => {
      await limitKeys({ order: 'fifo' });
      await save('a', { type: 'single', repeatInterval: '1 hour' });
      await addKeyed('a', 'a1', { due: { at: START } });
      const first = await claimOne(store.broker);
      expect(first.record.repeat).toMatchObject({ interval: '1 hour' });
      await settle(store.broker, retry(first, { due: { delayMs: 100 } }));
      expect(await claimIds()).toEqual([]);
      store.clock.advance(100);
      const again = await claimOne(store.broker);
      expect(again.record.id).toBe(first.record.id);

      await settle(store.broker, complete(again, { nextRunAt: START + 3_600_000 }));

      expect(await claimIds()).toEqual(['a1']);
    });

    it('hold back one that was locked when it was saved', async () => {
      await limitKeys({ concurrency: 1 });
      await save('a', { lockedAt: at(0) });
      await addKeyed('a', 'a1');

      expect(await claimIds()).toEqual([]);
    });
  });

  /** What may happen between two claims; `pick` chooses among what runs. */
  const step = fc.oneof(
    fc.record({
      do: fc.constant('add' as const),
      key: fc.constantFrom('a', 'b'),
      delayMs: fc.constantFrom(0, 0, 40),
    }),
    fc.record({ do: fc.constant('end' as const), pick: fc.nat(9), how: fc.constantFrom(...ENDS) }),
    fc.record({
      do: fc.constant('limit' as const),
      most: fc.constantFrom('fifo' as const, 1, 2, 3),
    }),
    fc.record({ do: fc.constant('lose' as const) }),
    fc.record({ do: fc.constant('pause' as const) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 40) }),
  );

  it('never lets a job start above the limit of its key, whatever happens, and leaves none behind', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 30, maxLength: 60 }),
      async (steps) => {
        store = await open();
        let most = 2;
        const running = new Map<string, ClaimedJob>();
        const startedInPause: string[] = [];
        await limitKeys({ concurrency: most });

        const claimAll = async () => {
          const { jobs } = await claim(store.broker);
          for (const job of jobs) running.set(job.lease.id, job);
          for (const { record } of jobs) {
            const ofKey = [...running.values()].filter((job) => job.record.key === record.key);
            expect(ofKey.length).toBeLessThanOrEqual(most);
          }
        };
        for (const one of steps) {
          if (one.do === 'add')
            await add(store.broker, { key: one.key, due: { delayMs: one.delayMs } });
          if (one.do === 'wait') store.clock.advance(one.ms);
          if (one.do === 'limit') {
            most = one.most === 'fifo' ? 1 : one.most;
            await limitKeys(one.most === 'fifo' ? { order: 'fifo' } : { concurrency: most });
          }
          if (one.do === 'pause') {
            await store.manager.pause({ name: 'mail' });
            startedInPause.push(...(await claimIds()));
            await store.manager.resume('mail');
          }
          if (one.do === 'lose') {
            await loseAndRescue(store);
            running.clear();
          }
          const job = [...running.values()][one.do === 'end' ? one.pick : -1];
          if (job && one.do === 'end') {
            running.delete(job.lease.id);
            await settle(store.broker, endOf(one.how, job));
          }
          await claimAll();
        }

        for (let left = 200; left > 0; left--) {
          await settle(store.broker, ...[...running.values()].map((job) => complete(job)));
          running.clear();
          store.clock.advance(40);
          await claimAll();
          if (running.size === 0) break;
        }
        const {
          queued: due,
          scheduled,
          failed,
          dead,
        } = (await store.manager.counts(['mail'])).get('mail') ?? {};
        expect(startedInPause).toEqual([]);
        expect([due ?? 0, scheduled ?? 0, (failed ?? 0) - (dead ?? 0)]).toEqual([0, 0, 0]);
      },
    );

    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  }, 60_000);

  it('refuses a key that cannot be one', async () => {
    await expect(add(store.broker, { key: '' })).rejects.toThrow(/key/);
    await expect(add(store.broker, { key: 'x'.repeat(257) })).rejects.toThrow(/key/);
    await expect(add(store.broker, { key: 'a\n' })).rejects.toThrow(/key/);
  });

  it('keeps any other key as it is', async () => {
    const key = 'a:1|"]}\\{[ü ';
    await limitKeys({ concurrency: 1 });
    await addKeyed(key, 'first');
    await addKeyed(key, 'second');

    const { jobs } = await claim(store.broker);

    expect(idsOf(jobs)).toEqual(['first']);
    expect(jobs[0]!.record.key).toBe(key);
  });
});
