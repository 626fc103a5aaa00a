import type { JobBroker } from '../../lib/core/contracts/job-broker.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimOne,
  claimRequest,
  complete,
  failure,
  idsOf,
  loseAndRescue,
  newJob,
  release,
  retry,
  settle,
  settleOne,
} from './support/builders.js';
import { AgendaWorker, newRow, at } from './support/rows.js';

const EXPIRED = {
  reason: 'expired',
  name: 'JobExpiredError',
  message: 'The job was not started before it expired.',
};
const in100: Partial<NewJob> = { expires: { delayMs: 100 } };
const a = { id: 'a', name: 'mail' };

/** One whole pass of the janitor. */
async function prune(broker: JobBroker): Promise<{ id: string; name: string }[]> {
  const expired: { id: string; name: string }[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const step = await broker.prune!(cursor);
    expired.push(...(step.expired ?? []));
    cursor = step.next;
  }
  return expired;
}

const stateOf = async ({ manager }: OpenBackend, id = 'a') => {
  const counts = (await manager.counts()).get('mail')!;
  return { job: await manager.get(id), counts };
};

describeBackends('a job that expires', (open) => {
  it('starts until the millisecond before', async () => {
    const { broker, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    clock.advance(99);

    const { jobs, expired } = await claim(broker);

    expect(idsOf(jobs)).toEqual(['a']);
    expect(jobs[0]!.record.expiresAt).toBe(START + 100);
    expect(expired).toBeUndefined();
  });

  it('is a dead letter from its very millisecond on, and does not start', async () => {
    const store = await open();
    const { broker, clock } = store;
    await add(broker, { id: 'a', ...in100 });
    await add(broker, { id: 'b' });
    clock.advance(100);

    const { jobs, expired, dueInMs } = await claim(broker);

    expect(idsOf(jobs)).toEqual(['b']);
    expect(expired).toEqual([a]);
    expect(dueInMs).toBeNull();
    const { job, counts } = await stateOf(store);
    expect(job).toMatchObject({
      nextRunAt: null,
      attempt: 0,
      failCount: 0,
      lastRunAt: null,
      failedAt: START + 100,
      failure: EXPIRED,
      expiresAt: START + 100,
    });
    expect(counts).toMatchObject({ dead: 1, queued: 0, running: 1, total: 2 });
    expect((await claim(broker)).expired).toBeUndefined();
  });

  it('has its end in its history', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    clock.advance(150);
    await prune(broker);

    expect(await manager.history('a')).toEqual([
      {
        kind: 'dead',
        attempt: 1,
        plannedAt: START,
        startedAt: null,
        endedAt: START + 150,
        host: '',
        failure: EXPIRED,
      },
    ]);
  });

  it('may expire at an instant, also one that has passed', async () => {
    const { broker } = await open();
    await add(broker, { id: 'a', expires: { at: START - 1 } });
    await add(broker, { id: 'b', expires: { at: START + 0.5 } });

    const { jobs, expired } = await claim(broker);

    expect(expired).toEqual([a]);
    expect(jobs.map(({ record }) => record.expiresAt)).toEqual([START + 1]);
  });

  it('is buried by the janitor where nobody claims it: due, ahead of its time, or disabled', async () => {
    const store = await open();
    const { broker, repository, clock } = store;
    await add(broker, { id: 'due', ...in100 });
    await add(broker, { id: 'ahead', due: { delayMs: 5_000 }, ...in100 });
    await add(broker, { id: 'off', ...in100 });
    await add(broker, { id: 'later', expires: { delayMs: 101 } });
    await repository.disableJobs!({ id: 'off' });
    clock.advance(99);
    expect(await prune(broker)).toEqual([]);
    clock.advance(1);

    const expired = await prune(broker);

    expect(expired.map(({ id }) => id).sort()).toEqual(['ahead', 'due', 'off']);
    expect((await stateOf(store)).counts).toMatchObject({ dead: 3, queued: 1, scheduled: 0 });
    expect(await prune(broker)).toEqual([]);
  });

  it('is left alone while it runs, and may succeed late', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    const job = await claimOne(broker);
    clock.advance(200);
    await add(broker, { id: 'b' });
    expect(await prune(broker)).toEqual([]);
    expect((await claim(broker)).expired).toBeUndefined();

    expect(await settleOne(broker, complete(job))).toBe('ok');

    expect(await manager.get('a')).toMatchObject({ failedAt: null, lastFinishedAt: START + 200 });
    expect(await prune(broker)).toEqual([]);
  });

  const returns: [string, (store: OpenBackend) => Promise<unknown>][] = [
    ['a retry', async ({ broker }) => settleOne(broker, retry(await claimOne(broker)))],
    ['a release', async ({ broker }) => settleOne(broker, release(await claimOne(broker)))],
    [
      'a rescue',
      async (store) => {
        await claimOne(store.broker);
        await loseAndRescue(store);
      },
    ],
    [
      'the loss of the answer to its claim',
      async ({ broker }) => {
        await claim(broker);
        await claim(broker, { slots: 0, heard: '' });
      },
    ],
  ];
  describe.each(returns)('comes back by %s', (_, comeBack) => {
    it('and does not start late', async () => {
      const store = await open();
      const { broker, clock } = store;
      await add(broker, { id: 'a', expires: { delayMs: 100_000 } });
      await comeBack(store);
      clock.set(START + 100_000);

      const { jobs, expired } = await claim(broker);

      expect(jobs).toEqual([]);
      expect(expired).toEqual([a]);
    });

    it('and starts again in time', async () => {
      const store = await open();
      const { broker, clock } = store;
      await add(broker, { id: 'a', expires: { delayMs: 100_000 } });
      await comeBack(store);
      clock.set(START + 99_999);

      expect(idsOf((await claim(broker)).jobs)).toEqual(['a']);
    });
  });

  it('does not run again when it failed after its expiry', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await addMany(broker, 2, (i) => ({ id: ['a', 'b'][i]!, ...in100 }));
    const { jobs } = await claim(broker);
    clock.advance(150);
    // While they run somebody looks for what has expired.
    await prune(broker);
    await settle(broker, retry(jobs[0]!), retry(jobs[1]!, { due: { delayMs: 1_000 } }));

    expect((await claim(broker)).expired).toEqual([a, { id: 'b', name: 'mail' }]);

    expect(await manager.get('a')).toMatchObject({ attempt: 1, failCount: 1, failure: EXPIRED });
    expect((await manager.history('a'))!.map(({ kind }) => kind)).toEqual(['failed', 'dead']);
  });

  it('is found by the janitor when its run came back after it', async () => {
    const { broker, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    const job = await claimOne(broker);
    clock.advance(150);
    await prune(broker);
    await settleOne(broker, retry(job));

    expect(await prune(broker)).toEqual([a]);
  });

  it('expires no more once it is brought back', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    clock.advance(100);
    await prune(broker);

    await manager.requeue(['a'], { due: { delayMs: 50 }, resetAttempts: true });
    clock.advance(50);

    const job = await claimOne(broker);
    expect(job.lease.id).toBe('a');
    expect(job.record).not.toHaveProperty('expiresAt');
    await settleOne(broker, retry(job));
    expect((await claim(broker)).expired).toBeUndefined();
  });

  it('expires no more once it has ended and somebody gives it another time', async () => {
    const { broker, repository, manager, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    await settleOne(broker, complete(await claimOne(broker)));
    clock.advance(200);
    const row = await repository.getJobById('a');
    await repository.saveJob({ ...row!, nextRunAt: at(200) });

    expect(await manager.get('a')).not.toHaveProperty('expiresAt');
    expect(idsOf((await claim(broker)).jobs)).toEqual(['a']);
  });

  it('keeps its expiry when it is saved while it waits', async () => {
    const { broker, repository, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    const row = await repository.getJobById('a');
    await repository.saveJob({ ...row!, data: 'new', nextRunAt: at(50) });
    clock.advance(100);

    expect((await claim(broker)).expired).toEqual([a]);
  });

  it('does what its end is to do: frees its key, and goes by its retention', async () => {
    const store = await open();
    const { broker, clock } = store;
    const idempotency = { key: 'order-1', release: 'finish', holdMs: 0 } as const;
    await add(broker, {
      id: 'a',
      ...in100,
      idempotency,
      overrides: { retention: { failed: 1_000 } },
    });
    clock.advance(100);
    await prune(broker);

    await add(broker, { id: 'b', idempotency });
    clock.advance(1_000);
    await prune(broker);

    expect(await store.manager.get('a')).toBeUndefined();
  });

  it('leaves no trace of its expiry when it is removed', async () => {
    const { broker, manager, clock, dump } = await open();
    await addMany(broker, 3, (i) => ({ id: ['a', 'b', 'c'][i]!, ...in100 }));
    await manager.cancel(['a'], 'gone');
    await settleOne(broker, complete(await claimOne(broker), { remove: true }));
    await settleOne(broker, complete(await claimOne(broker)));
    clock.advance(200);

    expect(await prune(broker)).toEqual([]);
    expect(JSON.stringify(await dump())).not.toContain('expiring",["');
  });

  it('is not handed out late to an engine that claims rows, which gets the next one', async () => {
    const store = await open();
    const { broker, repository, manager, clock } = store;
    await add(broker, { id: 'a', data: '"late"', ...in100 });
    await repository.saveJob(newRow({ data: 'row', nextRunAt: at(0) }));
    const [before] = await repository.queryJobs({ id: 'a' }).then(({ jobs }) => jobs);
    clock.advance(100);

    expect(await repository.lockJob({ ...before! } as never)).toBeUndefined();
    const rows = await new AgendaWorker(store).claimAll({ aheadMs: 0 });

    expect(rows.map(({ data }) => data)).toEqual(['row']);
    expect(await manager.get('a')).toMatchObject({ failure: EXPIRED });
  });

  it('is buried in bounded steps, and none starts late meanwhile', async () => {
    const { broker, manager, clock } = await open();
    await addMany(broker, 150, (i) => ({ id: `late-${i}`, ...in100 }));
    await addMany(broker, 5, (i) => ({ id: `good-${i}`, priority: -1 }));
    clock.advance(100);

    const started: string[] = [];
    let calls = 0;
    for (let dueInMs: number | null = 0; dueInMs === 0; calls++) {
      const claimed = await claim(broker, { slots: 100 });
      expect((claimed.expired?.length ?? 0) + claimed.jobs.length).toBeLessThanOrEqual(40);
      started.push(...idsOf(claimed.jobs));
      ({ dueInMs } = claimed);
    }

    expect(started.sort()).toEqual(Array.from({ length: 5 }, (_, i) => `good-${i}`));
    expect(calls).toBeLessThan(12);
    expect((await manager.counts()).get('mail')).toMatchObject({ dead: 150, running: 5 });
  });

  it('is buried by the janitor in bounded steps, too', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 100, () => in100);
    clock.advance(100);

    const step = await broker.prune!('');

    expect(step.expired!.length).toBeLessThanOrEqual(40);
    expect(step.next).not.toBeNull();
    expect(await prune(broker)).toHaveLength(100 - step.expired!.length);
  });

  it('is told once: a repeat of the claim that buried it does not start it either', async () => {
    const { broker, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    await add(broker, { id: 'b' });
    clock.advance(100);
    const request = claimRequest();
    await broker.settleAndClaim([], request);

    const again = await broker.settleAndClaim([], request);

    expect(idsOf(again.jobs)).toEqual(['b']);
    expect(again.expired).toBeUndefined();
  });

  it('refuses an expiry that is no time, with nothing written', async () => {
    const { broker, manager } = await open();
    for (const expires of [{ delayMs: -1 }, { delayMs: NaN }, { at: Infinity }]) {
      await expect(broker.enqueue([newJob({ id: 'a', expires })])).rejects.toThrow(/milliseconds/);
    }
    expect(await manager.get('a')).toBeUndefined();
  });

  it('has nothing to do with the failures of others', async () => {
    const { broker, clock } = await open();
    await add(broker, { id: 'a', ...in100 });
    await add(broker, { id: 'b' });
    const { jobs } = await claim(broker);
    clock.advance(200);
    await settle(broker, complete(jobs[0]!), {
      ...retry(jobs[1]!),
      failure: failure('x'),
    } as never);

    expect(idsOf((await claim(broker)).jobs)).toEqual(['b']);
  });
});
