import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimOne,
  claimRequest,
  complete,
  idsOf,
  retry,
  settle,
  settleOne,
  throttle,
} from './support/builders.js';
import { listen, timesOf } from './support/listen.js';

const STOP = 1_000;

describeBackends('throttle', (open) => {
  it('puts the job back to its place, and counts nothing', async () => {
    const { broker, manager, clock } = await open();
    await addMany(broker, 3, (i) => ({ id: `job-${i}` }));
    clock.advance(10);
    const job = await claimOne(broker);

    expect(await settleOne(broker, throttle(job, STOP))).toBe('ok');

    expect(await manager.get('job-0')).toMatchObject({
      nextRunAt: START,
      lockedAt: null,
      attempt: 0,
      failCount: 0,
      releaseCount: 0,
      snoozeCount: 0,
      failure: null,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 3 });
    clock.advance(STOP);
    expect(idsOf((await claim(broker)).jobs)).toEqual(['job-0', 'job-1', 'job-2']);
  });

  it('lets nothing of its name start before the time is over, and nothing else wait', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 3);
    await add(broker, { id: 'other', name: 'report' });
    await settle(broker, throttle(await claimOne(broker), STOP));
    const names = ['mail', 'report'];

    expect(idsOf((await claim(broker, { names })).jobs)).toEqual(['other']);
    expect((await claim(broker, { names })).dueInMs).toBe(STOP);
    clock.advance(STOP - 1);
    expect(await claim(broker, { names })).toMatchObject({ jobs: [], dueInMs: 1 });
    clock.advance(1);
    expect((await claim(broker, { names })).jobs).toHaveLength(3);
  });

  it('stops the claim of the same call, too', async () => {
    const { broker } = await open();
    await addMany(broker, 3);
    const job = await claimOne(broker);

    expect(await broker.settleAndClaim([throttle(job, STOP)], claimRequest())).toMatchObject({
      answers: ['ok'],
      jobs: [],
      dueInMs: STOP,
    });
  });

  it('lets what runs go on, and the longest of several stops counts', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 3, (i) => ({ id: `job-${i}` }));
    const { jobs } = await claim(broker);

    await settle(broker, throttle(jobs[0]!, STOP), throttle(jobs[1]!, STOP / 2));
    expect(await settleOne(broker, complete(jobs[2]!))).toBe('ok');

    clock.advance(STOP / 2);
    expect(await claim(broker)).toMatchObject({ jobs: [], dueInMs: STOP / 2 });
  });

  it('is no news: who sleeps is told of it by nobody, and of adds neither', async () => {
    const store = await open();
    const { broker } = store;
    await addMany(broker, 2);
    const job = await claimOne(broker);
    const heard = await listen(store);

    await settle(broker, throttle(job, STOP));
    await add(broker);

    expect(await heard()).toEqual([]);
  });

  it('tells when the name goes on, where hosts expect nothing of it', async () => {
    const store = await open();
    const { broker } = store;
    await add(broker);
    const job = await claimOne(broker);
    expect((await claim(broker)).dueInMs).toBeNull();
    const heard = await listen(store);

    await settle(broker, throttle(job, STOP));

    expect(timesOf(await heard())).toEqual([['mail', STOP]]);
  });

  it('leaves a pause, and limits, as they are', async () => {
    const { broker, manager, clock } = await open();
    await manager.setLimits('mail', { concurrency: 1 });
    await addMany(broker, 2);
    const job = await claimOne(broker);
    await manager.pause({ name: 'mail' });
    await settle(broker, throttle(job, STOP));

    clock.advance(STOP);
    expect((await claim(broker)).jobs).toEqual([]);
    await manager.resume('mail');
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('keeps the failures of the job as they were', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    await settle(broker, retry(await claimOne(broker)));
    await settle(broker, throttle(await claimOne(broker), STOP));

    expect(await manager.get('a')).toMatchObject({ attempt: 1, failCount: 1 });
    clock.advance(STOP);
    expect((await claimOne(broker)).record).toMatchObject({ attempt: 1 });
  });

  it.each([0, -1, NaN, Infinity])(
    'refuses to stop for %p ms, and settles nothing',
    async (forMs) => {
      const { broker, manager } = await open();
      await add(broker, { id: 'a' });
      const job = await claimOne(broker);

      await expect(settle(broker, throttle(job, forMs))).rejects.toThrow(InvalidOptionError);
      expect((await manager.counts()).get('mail')).toMatchObject({ running: 1 });
    },
  );
});
