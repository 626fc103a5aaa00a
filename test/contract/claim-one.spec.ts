import { randomToken } from '../../lib/core/job/job-id.js';
import type { ClaimedJob, ClaimedOne } from '../../lib/core/contracts/job-broker.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import { add, bury, claim, claimOne, complete, LEASE, settleOne } from './support/builders.js';

const ask = (id: string, claimId = randomToken(), leaseMs = LEASE) => ({
  id,
  claimId,
  host: 'here',
  leaseMs,
});

async function take({ broker }: OpenBackend, id: string): Promise<ClaimedJob> {
  return taken(await broker.claimOne(ask(id)));
}

function taken(answer: ClaimedOne): ClaimedJob {
  if (!('job' in answer)) throw new Error(answer.refusal);
  return answer.job;
}

describeBackends('a claim out of turn', (open) => {
  it('leases a job before its time, and nobody else gets it', async () => {
    const store = await open();
    const { broker, manager } = store;
    const { id } = await add(broker, { due: { delayMs: 60_000 } });
    const claimId = randomToken();

    const answer = await broker.claimOne(ask(id, claimId));

    expect(answer).toMatchObject({
      job: {
        lease: { id, name: 'mail', token: `${claimId}:1`, expiresAt: START + LEASE },
        record: { lockedAt: START, nextRunAt: START + 60_000, attempt: 0 },
      },
    });
    expect((await manager.get(id))?.lockedAt).toBe(START);
    expect(await broker.claimOne(ask(id))).toEqual({ refusal: 'lease-mismatch' });
    store.clock.advance(60_001);
    await broker.renew([taken(answer).lease], LEASE, { afterExpiry: true });
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('gets the same lease again when it is repeated', async () => {
    const { broker } = await open();
    const { id } = await add(broker);
    const claimId = randomToken();
    const first = await broker.claimOne(ask(id, claimId));

    expect(await broker.claimOne(ask(id, claimId))).toEqual(first);
  });

  it('leases a disabled job, and a dead letter with attempts that count anew', async () => {
    const store = await open();
    const { broker, repository } = store;
    const { id } = await add(broker, { id: 'dead' });
    await settleOne(broker, bury(await claimOne(broker)));
    await repository.disableJobs({ id });

    const answer = await broker.claimOne(ask(id));

    expect(answer).toMatchObject({ job: { record: { attempt: 0, disabled: true } } });
    expect(await countsOf(store)).toMatchObject({ running: 1, failed: 0, paused: 1 });
  });

  it('is settled like any other claim', async () => {
    const store = await open();
    const { id } = await add(store.broker, { due: { delayMs: 60_000 } });

    const held = await take(store, id);

    expect(await settleOne(store.broker, complete(held))).toBe('ok');
    expect(await countsOf(store)).toMatchObject({ completed: 1, running: 0, scheduled: 0 });
  });

  it('is rescued to its own time when its host is lost', async () => {
    const store = await open();
    const { broker, clock, manager } = store;
    const { id } = await add(broker, { due: { delayMs: 10 * LEASE } });
    await take(store, id);

    clock.advance(LEASE - 1);
    await broker.rescue(10, LEASE);
    clock.advance(1);
    const { jobs } = await broker.rescue(10, LEASE);

    expect(jobs).toMatchObject([{ id, outcome: 'requeued', host: 'here' }]);
    expect(await manager.get(id)).toMatchObject({ lockedAt: null, nextRunAt: START + 10 * LEASE });
  });

  it('is a sign of life: the store takes itself for away only after a lease without one', async () => {
    const store = await open();
    const { broker, clock } = store;
    const lost = await add(broker, { id: 'lost' });
    await add(broker, { id: 'other' });
    await claimOne(broker);
    clock.advance(LEASE);
    await take(store, 'other');

    clock.advance(LEASE);
    const { jobs, heldUntil } = await broker.rescue(1, LEASE);

    expect(jobs).toMatchObject([{ id: lost.id, outcome: 'requeued' }]);
    expect(heldUntil).toBeNull();
  });

  it('after an outage gives the living the time to renew first', async () => {
    const store = await open();
    const { broker, clock } = store;
    await add(broker, { id: 'lost' });
    await add(broker, { id: 'other' });
    await claimOne(broker);
    clock.advance(LEASE + 1);

    await take(store, 'other');
    const { jobs, heldUntil } = await broker.rescue(1, LEASE);

    expect(jobs).toEqual([]);
    expect(heldUntil).toBe(START + LEASE + 1 + LEASE);
  });

  it('has a fence above all earlier ones', async () => {
    const store = await open();
    await add(store.broker, { id: 'one' });
    await add(store.broker, { id: 'two' });
    const { lease } = await claimOne(store.broker);

    const other = await take(store, lease.id === 'one' ? 'two' : 'one');

    expect(other.lease.fence).toBeGreaterThan(lease.fence);
  });

  it('says that there is no such job, and refuses a lease of no time', async () => {
    const store = await open();
    const { id } = await add(store.broker);
    const before = await store.dump();

    expect(await store.broker.claimOne(ask('unknown'))).toEqual({ refusal: 'not-found' });
    await expect(store.broker.claimOne(ask(id, randomToken(), 0))).rejects.toThrow('leaseMs');
    expect(await store.dump()).toEqual(before);
  });
});

const countsOf = async ({ manager }: OpenBackend) => (await manager.counts(['mail'])).get('mail');
