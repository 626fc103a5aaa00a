import { PRIORITY_FIRST, TIME_FIRST, type ClaimSort } from '../../lib/core/options/claim-order.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  loseAndRescue,
  release,
  retry,
  settleOne,
} from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

const SORTS: ClaimSort[] = [
  PRIORITY_FIRST,
  TIME_FIRST,
  { priority: 1, nextRunAt: 1 },
  { priority: -1, nextRunAt: -1 },
  { nextRunAt: -1, priority: 'asc' },
  { priority: -1 },
  { nextRunAt: 1 },
  { nextRunAt: 'desc' },
];

const first = (asked: Partial<NewJob>): Partial<NewJob> => ({ ...asked, first: true });

/** Adds jobs named by their ids, one after the other. */
async function addAll(store: OpenBackend, jobs: Record<string, Partial<NewJob>>): Promise<void> {
  for (const [id, asked] of Object.entries(jobs)) await add(store.broker, { id, ...asked });
}

async function claimedInOrder({ broker }: OpenBackend): Promise<string> {
  let order = '';
  for (;;) {
    const { jobs } = await claim(broker, { slots: 2 });
    if (jobs.length === 0) return order;
    order += jobs.map(({ lease }) => lease.id).join('');
  }
}

const queuedInOrder = async ({ manager }: OpenBackend): Promise<string> => {
  const { jobs } = await manager.query({ state: 'queued' });
  return jobs.map(({ id }) => id).join('');
};

describeBackends('a job that goes first', (open) => {
  it.each(SORTS)(
    'is ahead of all others of its priority, the newest in front: by %j',
    async (sort) => {
      const store = await open({ sort });
      await addAll(store, {
        a: { due: { at: START - 50 } },
        b: first({ due: { at: START - 10 } }),
        c: { due: { at: START } },
        d: first({ due: { at: START - 20 } }),
        e: { due: { at: START - 90 } },
        f: first({}),
      });

      const order = await queuedInOrder(store);

      expect(order.slice(0, 3)).toBe('fdb');
      expect(await claimedInOrder(store)).toBe(order);
    },
  );

  it('lets higher priorities go before it, where priority counts first', async () => {
    const store = await open();
    await addAll(store, {
      a: {},
      b: first({}),
      c: { priority: 10 },
      d: first({ priority: -10 }),
      e: { priority: -10 },
    });

    expect(await claimedInOrder(store)).toBe('cbade');
  });

  it('goes by priority among its like, where time counts first', async () => {
    const store = await open({ sort: TIME_FIRST });
    await addAll(store, {
      a: { priority: 20, due: { at: START - 1_000 } },
      b: first({}),
      c: first({ priority: 10 }),
      d: first({}),
    });

    expect(await claimedInOrder(store)).toBe('cdba');
  });

  it('waits for its time, and is ahead from then on', async () => {
    const store = await open();
    await addAll(store, {
      a: {},
      b: first({ due: { delayMs: 100 } }),
      c: { due: { delayMs: 50 } },
    });
    store.clock.advance(99);
    expect((await claim(store.broker, { slots: 1 })).jobs[0]!.lease.id).toBe('a');
    store.clock.advance(1);

    expect(await queuedInOrder(store)).toBe('bc');
    expect(await claimedInOrder(store)).toBe('bc');
  });

  it('keeps its place through retry, release, rescue, requeue and being disabled', async () => {
    const store = await open();
    const { broker, manager, repository } = store;
    await addAll(store, { a: first({}), b: {} });

    for (const end of [retry, release, bury]) {
      const job = await claimOne(broker);
      expect(job.lease.id).toBe('a');
      await settleOne(broker, end(job));
    }
    await manager.requeue(['a'], { due: { delayMs: 0 }, resetAttempts: true });
    expect((await claimOne(broker)).lease.id).toBe('a');
    await loseAndRescue(store);
    await repository.disableJobs!({ id: 'a' });
    await repository.enableJobs!({ id: 'a' });

    expect(await claimedInOrder(store)).toBe('ab');
  });

  it('goes back to its place when the answer of its claim was lost', async () => {
    const store = await open();
    await addAll(store, { a: first({}), b: {} });
    await claim(store.broker, { slots: 1 });

    const { jobs } = await claim(store.broker, { heard: '' });

    expect(jobs.map(({ lease }) => lease.id)).toEqual(['a', 'b']);
  });

  it("is handed out first to Agenda's engine, too", async () => {
    const store = await open({ sort: TIME_FIRST });
    await store.repository.saveJob(newRow({ data: 'row', nextRunAt: at(-100) }));
    await addAll(store, { a: first({ data: '"a"' }), b: first({ data: '"b"' }) });

    const rows = await new AgendaWorker(store).claimAll({ aheadMs: 0 });

    expect(rows.map(({ data }) => data)).toEqual(['b', 'a', 'row']);
  });

  it('stays one when its row is saved', async () => {
    const store = await open();
    await addAll(store, { a: first({}), b: {} });
    const row = await store.repository.getJobById('a');
    await store.repository.saveJob({ ...row!, data: 'new' });

    expect((await store.manager.get('a'))!).toMatchObject({ first: true, data: 'new' });
    expect(await claimedInOrder(store)).toBe('ab');
  });

  it('says so in its record, and others say nothing', async () => {
    const store = await open();
    await addAll(store, { a: first({}), b: {} });

    expect(await store.manager.get('a')).toMatchObject({ first: true });
    expect(await store.manager.get('b')).not.toHaveProperty('first');
  });
});
