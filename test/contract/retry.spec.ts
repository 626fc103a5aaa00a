import { describeBackends, START } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  failure,
  idsOf,
  newJob,
  retry,
  settleOne,
} from './support/builders.js';

describeBackends('retry', (open) => {
  it('brings message, time and number of the failure back with the next claim, exact to the ms', async () => {
    const { broker, clock } = await open();
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(17);
    const what = { name: 'TypeError', message: 'ünfit "\\" {x}', stack: 'TypeError: …\n  at a:1' };

    expect(await settleOne(broker, retry(held, { failure: what }))).toBe('ok');
    clock.advance(3);

    expect((await claimOne(broker)).record).toMatchObject({
      attempt: 1,
      failCount: 1,
      failedAt: START + 17,
      lastFinishedAt: START + 17,
      lastRunAt: START + 20,
      failure: what,
    });
  });

  it('is due now without a delay, at its old place', async () => {
    const { broker } = await open();
    await broker.enqueue('ab'.split('').map((id) => newJob({ id })));
    const held = await claimOne(broker);
    await settleOne(broker, retry(held));

    expect(idsOf((await claim(broker)).jobs)).toEqual(['a', 'b']);
  });

  it('waits out its delay, counted from the failure: not at half, not 1 ms before, but at the ms', async () => {
    const { broker, clock, manager } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    clock.advance(100);
    await settleOne(broker, retry(held, { due: { delayMs: 1_000 } }));

    expect(await manager.get('a')).toMatchObject({ nextRunAt: START + 1_100, lockedAt: null });
    clock.advance(500);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(499);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('waits for an instant, and rounds it up', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker), { due: { at: START + 9.2 } }));

    expect((await manager.get('a'))!.nextRunAt).toBe(START + 10);
  });

  it('rounds a delay up', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 0.4 } }));

    expect((await manager.get('a'))!.nextRunAt).toBe(START + 1);
  });

  it('counts as failed while it waits, also once it is due', async () => {
    const { broker, clock, manager } = await open();
    await add(broker);
    await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 5 } }));
    const failed = { failed: 1, queued: 0, scheduled: 0, total: 1 };

    expect((await manager.counts()).get('mail')).toMatchObject(failed);
    clock.advance(5);
    expect((await manager.counts()).get('mail')).toMatchObject(failed);
  });

  it('counts every failure, and keeps the newest', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    for (const message of ['one', 'two', 'three']) {
      await settleOne(broker, retry(await claimOne(broker), { failure: failure(message) }));
    }

    expect(await manager.get('a')).toMatchObject({
      attempt: 3,
      failCount: 3,
      failure: { message: 'three' },
    });
  });

  it('of a recurring job out of retries counts the attempts of its next occurrence anew', async () => {
    const { broker, manager, repository } = await open();
    const row = await repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 minute',
      nextRunAt: new Date(START),
      priority: 0,
      data: null,
    });
    await settleOne(broker, retry(await claimOne(broker)));

    const last = retry(await claimOne(broker), { due: { at: START + 60_000 }, fresh: true });
    expect(await settleOne(broker, last)).toBe('ok');

    expect(await manager.get(row._id!)).toMatchObject({
      attempt: 0,
      failCount: 2,
      rescueCount: 0,
      nextRunAt: START + 60_000,
      failedAt: START,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, repeating: 0 });
  });

  it('is not-running after completion, and after burial', async () => {
    const { broker } = await open();
    await broker.enqueue('ab'.split('').map((id) => newJob({ id })));
    const a = await claimOne(broker);
    const b = await claimOne(broker);
    await settleOne(broker, complete(a));
    await settleOne(broker, bury(b));

    expect(await settleOne(broker, retry(a))).toBe('not-running');
    expect(await settleOne(broker, retry(b))).toBe('not-running');
  });

  it.each([{ delayMs: -1 }, { delayMs: Number.NaN }, { at: Infinity }])(
    'refuses to wait for %p, and leaves the attempt running',
    async (due) => {
      const { broker, manager } = await open();
      await add(broker, { id: 'a' });
      const held = await claimOne(broker);

      await expect(settleOne(broker, retry(held, { due }))).rejects.toThrow('Expected');
      expect((await manager.get('a'))!.lockedAt).toBe(START);
    },
  );
});
