import { toJobId } from '../../lib/core/job/job-id.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  claim,
  claimOne,
  claimRequest,
  complete,
  forged,
  LEASE,
  loseAndRescue,
  newJob,
  release,
  retry,
  settleOne,
  snooze,
} from './support/builders.js';
import { listen, timesOf } from './support/listen.js';

describeBackends('an announcement', (open) => {
  it('tells a name, and from when on it is claimable', async () => {
    const store = await open();
    const heard = await listen(store);
    await add(store.broker, { due: { delayMs: 50 }, priority: 3 });

    expect(await heard()).toEqual([
      {
        jobId: toJobId(''),
        jobName: 'mail',
        nextRunAt: new Date(START + 50),
        priority: 0,
        timestamp: new Date(START),
      },
    ]);
  });

  it('is made when a name becomes claimable earlier than it was, and only then', async () => {
    const store = await open();
    const heard = await listen(store);

    await add(store.broker, { due: { delayMs: 500 } });
    await add(store.broker, { due: { delayMs: 500 } });
    await add(store.broker, { due: { delayMs: 900 } });
    await add(store.broker, { due: { delayMs: 100 } });
    await add(store.broker, { name: 'other', due: { delayMs: 300 } });
    expect(timesOf(await heard())).toEqual([
      ['mail', 500],
      ['mail', 100],
      ['other', 300],
    ]);

    await add(store.broker);
    await add(store.broker);
    await add(store.broker, { due: { at: START - 100 } });
    expect(timesOf(await heard())).toEqual([['mail', 0]]);
  });

  it('is made of all that comes to a name whose due jobs have to keep their places', async () => {
    const store = await open();
    const { broker } = store;
    await broker.register([{ name: 'mail', maxRescues: 1 }]);
    await add(broker, { id: 'on its last start' });
    await claimOne(broker);
    await loseAndRescue(store);
    await claim(broker, { lastStarts: 0 });
    const heard = await listen(store);
    const inMs = async () => timesOf(await heard()).map(([, ms]) => START + ms - store.clock.now());

    await add(broker, { due: { delayMs: 900 } });
    await add(broker, { due: { delayMs: 500 } });
    await add(broker);
    await add(broker);
    expect(await inMs()).toEqual([900, 500, 0, 0]);

    // With another one left in its line it is a name like any other.
    await claim(broker, { slots: 1, lastStarts: 0 });
    await add(broker);
    expect(await inMs()).toEqual([]);
  });

  it('tells the exact time also of a name with room again whose due jobs keep their places', async () => {
    const store = await open();
    const { broker } = store;
    await broker.register([{ name: 'mail', maxRescues: 1, limits: { concurrency: 1 } }]);
    await add(broker, { id: 'on its last start' });
    await claimOne(broker);
    await loseAndRescue(store);
    await add(broker, { id: 'other' });
    const other = await claimOne(broker, { lastStarts: 0 });
    const heard = await listen(store);

    const { jobs } = await broker.settleAndClaim(
      [complete(other)],
      claimRequest({ lastStarts: 0 }),
    );

    expect(jobs).toEqual([]);
    expect(timesOf(await heard())).toEqual([['mail', store.clock.now() - START]]);
  });

  it('comes once for a batch, with the earliest time', async () => {
    const store = await open();
    const heard = await listen(store);

    await store.broker.enqueue([80, 20, 50].map((delayMs) => newJob({ due: { delayMs } })));

    expect(timesOf(await heard())).toEqual([['mail', 20]]);
  });

  it('comes again after a claim has emptied the name', async () => {
    const store = await open();
    await add(store.broker);
    await claim(store.broker);
    const heard = await listen(store);

    await add(store.broker);

    expect(timesOf(await heard())).toEqual([['mail', 0]]);
  });

  it.each(['retry', 'snooze', 'rescue', 'next occurrence', 'enable', 'save'])(
    'is made by a %s that makes a job claimable again',
    async (what) => {
      const store = await open();
      const { id } = await add(store.broker);
      const held = await claimOne(store.broker);
      if (what === 'rescue') store.clock.advance(30_000);
      if (what === 'enable' || what === 'save') {
        await store.repository.disableJobs({ id });
        await settleOne(store.broker, release(held));
      }
      const heard = await listen(store);

      const steps: Record<string, () => Promise<unknown>> = {
        retry: () => settleOne(store.broker, retry(held, { due: { delayMs: 7 } })),
        snooze: () => settleOne(store.broker, snooze(held, { due: { delayMs: 7 } })),
        rescue: () => store.broker.rescue(10, 30_000),
        'next occurrence': () => settleOne(store.broker, complete(held, { nextRunAt: START + 7 })),
        enable: () => store.repository.enableJobs({ id }),
        save: async () =>
          store.repository.saveJob({
            ...(await store.repository.getJobById(id))!,
            disabled: false,
          }),
      };
      await steps[what]!();

      const after = ['retry', 'snooze', 'next occurrence'].includes(what) ? 7 : 0;
      expect(timesOf(await heard())).toEqual([['mail', after]]);
    },
  );

  it('is not made by a write that is refused', async () => {
    const store = await open();
    await add(store.broker);
    const held = await claimOne(store.broker);
    const heard = await listen(store);
    const stolen = forged(held);

    for (const settlement of [retry(stolen), snooze(stolen), release(stolen)]) {
      expect(await settleOne(store.broker, settlement)).toBe('lease-mismatch');
    }
    store.clock.advance(LEASE);
    for (const settlement of [retry(held), snooze(held), release(held)]) {
      expect(await settleOne(store.broker, settlement)).toBe('lease-expired');
    }

    expect(await heard()).toEqual([]);
  });

  it('is not made for what nobody can claim earlier', async () => {
    const store = await open();
    const row = await store.repository.saveJob({
      name: 'mail',
      priority: 0,
      nextRunAt: new Date(START + 50),
      type: 'normal',
      data: null,
    });
    const heard = await listen(store);

    await store.repository.saveJob({ ...row, nextRunAt: new Date(START + 90) });
    await store.repository.saveJob({ ...row, nextRunAt: null });
    await store.repository.saveJob({ ...row, disabled: true, nextRunAt: new Date(START) });
    await store.repository.saveJob({ ...row, name: 'nobody', nextRunAt: new Date(START) });

    expect(await heard()).toEqual([]);
  });
});
