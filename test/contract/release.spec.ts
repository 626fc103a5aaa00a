import { describeBackends, START } from './support/backends.js';
import {
  add,
  claim,
  claimOne,
  idsOf,
  newJob,
  passTime,
  release,
  retry,
  settle,
  settleOne,
} from './support/builders.js';

describeBackends('release', (open) => {
  it('puts the job back to its place in the line, and does not count the attempt', async () => {
    const { broker, manager, clock } = await open();
    await broker.enqueue('abc'.split('').map((id) => newJob({ id })));
    clock.advance(10);
    const { jobs } = await claim(broker, { slots: 2 });

    expect(await settle(broker, release(jobs[1]!), release(jobs[0]!))).toEqual(['ok', 'ok']);

    expect(await manager.get('a')).toMatchObject({
      nextRunAt: START,
      lockedAt: null,
      lastRunAt: START + 10,
      lastFinishedAt: null,
      attempt: 0,
      failCount: 0,
      releaseCount: 1,
      failure: null,
    });
    expect(idsOf((await claim(broker)).jobs)).toEqual(['a', 'b', 'c']);
  });

  it('leaves a failure as it was', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    await settleOne(broker, release(await claimOne(broker)));

    expect(await manager.get('a')).toMatchObject({ attempt: 1, failCount: 1, releaseCount: 1 });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1 });
  });

  it('may come as often as it likes', async () => {
    const store = await open();
    await add(store.broker);
    for (let i = 0; i < 10; i++) {
      await settleOne(store.broker, release(await claimOne(store.broker)));
      await passTime(store, 10);
    }

    expect((await claimOne(store.broker)).record).toMatchObject({ attempt: 0, releaseCount: 10 });
  });
});
