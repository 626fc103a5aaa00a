import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  newJob,
  passTime,
  retry,
  settleOne,
  snooze,
} from './support/builders.js';

describeBackends('snooze', (open) => {
  it('puts the job off by a delay, and counts no attempt: not at half, not 1 ms before, but at the ms', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    clock.advance(7);
    const held = await claimOne(broker);

    expect(await settleOne(broker, snooze(held, { due: { delayMs: 250 } }))).toBe('ok');

    expect(await manager.get('a')).toMatchObject({
      nextRunAt: START + 257,
      lockedAt: null,
      lastRunAt: START + 7,
      lastFinishedAt: null,
      attempt: 0,
      failCount: 0,
      releaseCount: 0,
      snoozeCount: 1,
      failure: null,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ scheduled: 1, queued: 0 });
    for (const ms of [125, 124]) {
      clock.advance(ms);
      expect((await claim(broker)).jobs).toEqual([]);
    }
    clock.advance(1);
    expect((await claimOne(broker)).record).toMatchObject({ attempt: 0, snoozeCount: 1 });
  });

  it('puts the job off to an instant, and rounds that up', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });

    await settleOne(broker, snooze(await claimOne(broker), { due: { at: START + 99.5 } }));

    expect((await manager.get('a'))!.nextRunAt).toBe(START + 100);
  });

  it('rounds a delay up', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });

    await settleOne(broker, snooze(await claimOne(broker), { due: { delayMs: 0.4 } }));

    expect((await manager.get('a'))!.nextRunAt).toBe(START + 1);
  });

  it('by no time is back at its place in the line', async () => {
    const { broker } = await open();
    await broker.enqueue('ab'.split('').map((id) => newJob({ id })));

    await settleOne(broker, snooze(await claimOne(broker)));

    expect(idsOf((await claim(broker)).jobs)).toEqual(['a', 'b']);
  });

  it('may come as often as it likes, and is counted', async () => {
    const store = await open();
    await add(store.broker);
    for (let i = 0; i < 10; i++) {
      await settleOne(store.broker, snooze(await claimOne(store.broker), { due: { delayMs: 10 } }));
      await passTime(store, 10);
    }

    expect((await claimOne(store.broker)).record).toMatchObject({ attempt: 0, snoozeCount: 10 });
  });

  it('leaves failures as they were: the job still waits for its retry', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    await settleOne(broker, snooze(await claimOne(broker), { due: { delayMs: 5 } }));

    expect(await manager.get('a')).toMatchObject({
      attempt: 1,
      failCount: 1,
      failure: { message: 'no luck' },
      snoozeCount: 1,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, scheduled: 0 });
  });

  it('is told of after the job has ended, beside progress, window and failure', async () => {
    const { broker, manager } = await open();
    for (const [id, end] of [
      ['done', complete],
      ['dead', bury],
    ] as const) {
      await add(broker, { id });
      const first = await claimOne(broker);
      await broker.renew([{ ...first.lease, progress: 0.5 }], 1_000);
      await settleOne(broker, snooze(first));
      await settleOne(broker, end(await claimOne(broker)));

      expect(await manager.get(id)).toMatchObject({ snoozeCount: 1, progress: 0.5, attempt: 1 });
    }
  });

  it('is counted anew with each occurrence of a recurring job', async () => {
    const { broker, manager, repository } = await open();
    const row = await repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 minute',
      nextRunAt: new Date(START),
      priority: 0,
      data: null,
    });
    const snoozes = async () => (await manager.get(row._id!))!.snoozeCount;

    await settleOne(broker, snooze(await claimOne(broker)));
    expect(await snoozes()).toBe(1);
    await settleOne(broker, complete(await claimOne(broker), { nextRunAt: START }));
    expect(await snoozes()).toBe(0);

    await settleOne(broker, snooze(await claimOne(broker)));
    const last = retry(await claimOne(broker), { due: { at: START }, fresh: true });
    await settleOne(broker, last);
    expect(await snoozes()).toBe(0);
  });

  it.each([{ delayMs: -1 }, { delayMs: Number.NaN }, { at: Infinity }])(
    'refuses to wait for %p, and leaves the attempt running',
    async (due) => {
      const { broker, manager } = await open();
      await add(broker, { id: 'a' });
      const held = await claimOne(broker);

      await expect(settleOne(broker, snooze(held, { due }))).rejects.toThrow(InvalidOptionError);
      expect((await manager.get('a'))!.lockedAt).toBe(START);
    },
  );
});
