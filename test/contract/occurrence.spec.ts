import { randomToken } from '../../lib/core/job/job-id.js';
import { describeBackends, START } from './support/backends.js';
import { claim, claimOne, complete, LEASE, retry, settleOne, snooze } from './support/builders.js';

const HOUR = 3_600_000;
const hourly = {
  name: 'mail',
  priority: 0,
  type: 'single',
  data: null,
  repeatInterval: '1 hour',
} as const;

describeBackends('the occurrence of a recurring job', (open) => {
  const claimed = async () => {
    const backend = await open();
    const { _id } = await backend.repository.saveJob({ ...hourly, nextRunAt: new Date(START) });
    return { ...backend, id: _id!, job: await claimOne(backend.broker) };
  };

  it('is kept through retries and snoozes, which move the time of the next run', async () => {
    const { broker, clock, job } = await claimed();
    expect(job.record.occurrenceAt).toBeNull();
    await settleOne(broker, retry(job, { due: { delayMs: 500 } }));
    clock.advance(500);
    const again = await claimOne(broker);
    await settleOne(broker, snooze(again, { due: { delayMs: 700 } }));
    clock.advance(700);

    expect(again.record).toMatchObject({ nextRunAt: START + 500, occurrenceAt: START });
    expect((await claimOne(broker)).record).toMatchObject({
      nextRunAt: START + 1_200,
      occurrenceAt: START,
    });
  });

  it('ends with a success, and with the last retry', async () => {
    const { broker, manager, clock, id, job } = await claimed();
    await settleOne(broker, retry(job, { due: { delayMs: 500 } }));
    clock.advance(500);
    await settleOne(broker, complete(await claimOne(broker), { nextRunAt: START + HOUR }));
    expect(await manager.get(id)).toMatchObject({ nextRunAt: START + HOUR, occurrenceAt: null });

    clock.advance(HOUR);
    await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 500 } }));
    clock.advance(500);
    const last = { due: { at: START + 2 * HOUR }, fresh: true };
    await settleOne(broker, retry(await claimOne(broker), last));
    expect(await manager.get(id)).toMatchObject({
      nextRunAt: START + 2 * HOUR,
      occurrenceAt: null,
    });
  });

  it('is none of a job without a time that is run out of turn, also when it is tried again', async () => {
    const { repository, broker, manager } = await open();
    const { _id: id } = await repository.saveJob({ ...hourly, nextRunAt: null });
    const request = { id: id!, claimId: randomToken(), host: 'here', leaseMs: LEASE };
    const claimed = await broker.claimOne(request);
    if (!('job' in claimed)) throw new Error(claimed.refusal);

    await settleOne(broker, retry(claimed.job, { due: { delayMs: 500 } }));

    expect(await manager.get(id!)).toMatchObject({ nextRunAt: START + 500, occurrenceAt: null });
  });

  it('ends with a success that nothing comes after', async () => {
    const { broker, manager, clock, id, job } = await claimed();
    await settleOne(broker, retry(job, { due: { delayMs: 500 } }));
    clock.advance(500);
    await settleOne(broker, complete(await claimOne(broker)));

    expect(await manager.get(id)).toMatchObject({ nextRunAt: null, occurrenceAt: null });
  });

  it('survives a rescue', async () => {
    const { broker, clock, job } = await claimed();
    await settleOne(broker, retry(job, { due: { delayMs: 500 } }));
    clock.advance(500);
    await claimOne(broker, { leaseMs: 1_000 });
    clock.advance(1_000);
    await broker.rescue(10, 60_000);

    expect((await claimOne(broker)).record).toMatchObject({ occurrenceAt: START, rescueCount: 1 });
  });

  it('gives way to a time that a user saves', async () => {
    const { broker, repository, manager, clock, id, job } = await claimed();
    await settleOne(broker, retry(job, { due: { delayMs: 500 } }));
    const soon = new Date(START + 5_000);
    await repository.saveJob({ ...hourly, _id: id, nextRunAt: soon });

    expect(await manager.get(id)).toMatchObject({ nextRunAt: START + 5_000, occurrenceAt: null });
    clock.advance(5_000);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('can be passed over: the job waits for the next one as if nothing had been', async () => {
    const { broker, manager, id, job } = await claimed();
    const skip = { kind: 'skip', lease: job.lease, nextRunAt: START + HOUR } as const;

    expect(await settleOne(broker, skip)).toBe('ok');
    expect(await manager.get(id)).toMatchObject({
      nextRunAt: START + HOUR,
      lockedAt: null,
      lastRunAt: null,
      lastFinishedAt: null,
      attempt: 0,
      releaseCount: 0,
      snoozeCount: 0,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ repeating: 1, total: 1 });
  });
});

describeBackends('renewing after the expiry', (open) => {
  it('takes the lease up again as long as nobody has taken the job over', async () => {
    const { broker, clock } = await open();
    await broker.enqueue([
      { id: 'a', name: 'mail', data: undefined, priority: 0, due: { delayMs: 0 } },
    ]);
    const { lease } = await claimOne(broker, { leaseMs: 1_000 });
    clock.advance(1_500);

    expect((await broker.renew([lease], 1_000)).lost).toMatchObject([{ refusal: 'lease-expired' }]);
    expect((await broker.renew([lease], 1_000, { afterExpiry: true })).lost).toEqual([]);
    expect((await broker.rescue(10, 60_000)).jobs).toEqual([]);

    clock.advance(1_000);
    await broker.rescue(10, 60_000);
    const late = await broker.renew([lease], 1_000, { afterExpiry: true });
    expect(late.lost).toMatchObject([{ refusal: 'not-running' }]);
  });
});
