import { BackendClosedError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import { add, claim, claimOne, complete, LEASE, newJob, settleOne } from './support/builders.js';

describeBackends('a backend', (open) => {
  it('has its members from construction on, and a name', async () => {
    const { backend } = await open();

    expect(backend).toMatchObject({
      name: expect.stringMatching(/^(Memory|Redis)$/),
      ownsConnection: true,
      repository: expect.anything(),
      notificationChannel: expect.anything(),
      broker: expect.anything(),
      manager: expect.anything(),
    });
  });

  it('rejects every operation once it is closed', async () => {
    const { backend, broker, manager, repository } = await open();
    await add(broker);
    const held = await claimOne(broker);
    await backend.disconnect();
    const row = {
      name: 'mail',
      priority: 0,
      nextRunAt: new Date(START),
      type: 'normal' as const,
      data: null,
    };

    const calls: Record<string, () => Promise<unknown>> = {
      enqueue: () => broker.enqueue([newJob()]),
      settleAndClaim: () => claim(broker),
      settle: () => settleOne(broker, complete(held)),
      renew: () => broker.renew([held.lease], LEASE),
      rescue: () => broker.rescue(1, LEASE),
      register: () => broker.register([{ name: 'mail', maxRescues: 1 }]),
      get: () => manager.get('a'),
      counts: () => manager.counts(),
      cancel: () => manager.cancel(['a'], ''),
      saveJob: () => repository.saveJob(row),
      getJobById: () => repository.getJobById('a'),
      getJobsOverview: () => repository.getJobsOverview(),
      getDistinctJobNames: () => repository.getDistinctJobNames(),
      getQueueSize: () => repository.getQueueSize(),
      removeJobs: () => repository.removeJobs({ id: 'a' }),
      disableJobs: () => repository.disableJobs({ id: 'a' }),
      enableJobs: () => repository.enableJobs({ id: 'a' }),
      purgeAllJobs: () => repository.purgeAllJobs(),
    };
    for (const [verb, call] of Object.entries(calls)) {
      const outcome: unknown = await call().catch((error: unknown) => error);
      expect([verb, outcome]).toEqual([verb, expect.any(BackendClosedError)]);
    }
  });

  it('is closed once, however often it is asked to', async () => {
    const { backend } = await open();

    const closings = Array.from({ length: 3 }, () => backend.disconnect());

    await expect(Promise.all(closings)).resolves.toHaveLength(3);
    await expect(backend.disconnect()).resolves.toBeUndefined();
  });

  it('has its jobs again after a new connect', async () => {
    const { backend, broker, manager } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    await backend.disconnect();

    await Promise.all([backend.connect(), backend.connect()]);

    expect(await settleOne(broker, complete(held))).toBe('ok');
    expect(await manager.get('a')).toMatchObject({ attempt: 1 });
  });

  it('tells the time of its own clock', async () => {
    const { broker, clock } = await open();

    expect(broker.now()).toBe(START);
    clock.advance(1_500);
    expect(broker.now()).toBe(START + 1_500);
    expect((await claim(broker)).now).toBe(START + 1_500);
  });
});
