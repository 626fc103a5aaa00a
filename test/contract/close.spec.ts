import { BackendClosedError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import { add, claim, claimOne, complete, LEASE, newJob, settleOne } from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

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

  it('rejects every operation of its broker and manager once it is closed', async () => {
    const { backend, broker, manager } = await open();
    await add(broker);
    const held = await claimOne(broker);
    await backend.disconnect();

    const calls: Record<string, () => Promise<unknown>> = {
      enqueue: () => broker.enqueue([newJob()]),
      settleAndClaim: () => claim(broker),
      settle: () => settleOne(broker, complete(held)),
      renew: () => broker.renew([held.lease], LEASE),
      rescue: () => broker.rescue(1, LEASE),
      register: () => broker.register([{ name: 'mail', maxRescues: 1 }]),
      get: () => manager.get('a'),
      query: () => manager.query({}),
      counts: () => manager.counts(),
      cancel: () => manager.cancel(['a'], ''),
    };
    for (const [verb, call] of Object.entries(calls)) {
      const outcome: unknown = await call().catch((error: unknown) => error);
      expect([verb, outcome]).toEqual([verb, expect.any(BackendClosedError)]);
    }
  });

  // Agenda's own engine closes the backend while handlers still run, and may start again without
  // opening it.
  it('still takes the closing write of a row, and goes on with rows', async () => {
    const store = await open();
    const { backend, repository } = store;
    const worker = new AgendaWorker(store);
    const row = await repository.saveJob(newRow());
    const started = await worker.claimAndStart();
    await backend.disconnect();

    await worker.succeed(started);

    expect(await repository.getJobById(row._id!)).toMatchObject({ lastFinishedAt: at(0) });
    await repository.saveJob({ ...row, nextRunAt: at(0) });
    expect(await repository.getQueueSize()).toBe(1);
    expect(await repository.disableJobs({ name: 'mail' })).toBe(1);
    expect(await repository.enableJobs({ name: 'mail' })).toBe(1);
    await worker.repository.unlockJob(await worker.claim());
    expect(await repository.getDistinctJobNames()).toEqual(['mail']);
    expect(await repository.getJobsOverview()).toMatchObject([{ name: 'mail', queued: 1 }]);
    expect(await repository.removeJobs({ name: 'mail' })).toBe(1);
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
