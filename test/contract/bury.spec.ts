import type { DeathReason } from '../../lib/core/job/job-record.js';
import { isDead } from '../../lib/core/job/job-state.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  passTime,
  retry,
  settleOne,
} from './support/builders.js';

describeBackends('bury', (open) => {
  it('keeps the job as a dead letter, with reason, message and time', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a', data: '{"to":"ann"}' });
    clock.advance(2);
    const held = await claimOne(broker);
    clock.advance(5);

    expect(await settleOne(broker, bury(held, 'unrecoverable'))).toBe('ok');

    const job = await manager.get('a');
    expect(job).toMatchObject({
      data: { to: 'ann' },
      nextRunAt: null,
      lockedAt: null,
      lastRunAt: START + 2,
      lastFinishedAt: START + 7,
      failedAt: START + 7,
      attempt: 1,
      failCount: 1,
      failure: { reason: 'unrecoverable', name: 'Error', message: 'no hope' },
    });
    expect(isDead(job!, clock.now())).toBe(true);
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, total: 1 });
  });

  it.each<DeathReason>(['exhausted', 'discarded', 'expired', 'invalid-data', 'stalled'])(
    'keeps the reason %s',
    async (reason) => {
      const { broker, manager } = await open();
      await add(broker, { id: 'a' });
      const held = await claimOne(broker);
      const settlement = bury(held, reason);
      // Whatever an earlier failure says, this is why it was the last.
      if (settlement.kind === 'bury') settlement.failure.reason = 'unrecoverable';

      await settleOne(broker, settlement);

      expect((await manager.get('a'))!.failure!.reason).toBe(reason);
    },
  );

  it('is never handed out again, however late', async () => {
    const store = await open();
    await add(store.broker);
    await settleOne(store.broker, bury(await claimOne(store.broker)));

    await passTime(store, 100_000);
    expect((await claim(store.broker)).jobs).toEqual([]);
    store.clock.advance(10 * 365 * 86_400_000);
    expect((await claim(store.broker)).jobs).toEqual([]);
  });

  it('is fine when it comes twice, and for a completed job, and writes nothing then', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'dead' });
    const dead = await claimOne(broker);
    await settleOne(broker, bury(dead));
    await add(broker, { id: 'done' });
    const done = await claimOne(broker);
    await settleOne(broker, complete(done));
    const before = [await manager.get('dead'), await manager.get('done')];
    clock.advance(10);

    expect(await settleOne(broker, bury(dead, 'discarded'))).toBe('ok');
    expect(await settleOne(broker, bury(done))).toBe('ok');
    expect([await manager.get('dead'), await manager.get('done')]).toEqual(before);
  });

  it('counts the failures before it too', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    await settleOne(broker, bury(await claimOne(broker)));

    expect(await manager.get('a')).toMatchObject({ attempt: 2, failCount: 2 });
  });
});
