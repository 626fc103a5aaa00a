import { Engine } from '../../lib/core/engine.js';
import { BackendClosedError, InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
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
      claimOne: () =>
        broker.claimOne({ id: 'a', claimId: randomToken(), host: 'host-a', leaseMs: LEASE }),
      prune: () => broker.prune!(''),
      watch: () => broker.watch!(),
      get: () => manager.get('a'),
      query: () => manager.query({}),
      counts: () => manager.counts(),
      'counts of names': () => manager.counts(['mail']),
      cancel: () => manager.cancel(['a'], ''),
      find: () => manager.find({ limit: 1 }),
      inspect: () => manager.inspect('a'),
      history: () => manager.history('a'),
      requeue: () => manager.requeue(['a'], { due: { delayMs: 0 }, resetAttempts: true }),
      clean: () => manager.clean({ name: 'mail', place: 'dead', olderThanMs: 0, limit: 1 }),
    };
    for (const [verb, call] of Object.entries(calls)) {
      const outcome: unknown = await call().catch((error: unknown) => error);
      expect([verb, outcome]).toEqual([verb, expect.any(BackendClosedError)]);
    }
  });

  it('rejects also what has nothing to ask once it is closed', async () => {
    const { backend, broker, manager } = await open();
    await backend.disconnect();

    const calls: Record<string, () => Promise<unknown>> = {
      enqueue: () => broker.enqueue([]),
      renew: () => broker.renew([], LEASE),
      register: () => broker.register([]),
      counts: () => manager.counts([]),
      cancel: () => manager.cancel([], ''),
      requeue: () => manager.requeue([], { due: { delayMs: 0 }, resetAttempts: true }),
      find: () => manager.find({ names: [], limit: 1 }),
      'find in a state': () => manager.find({ names: [], state: 'dead', limit: 1 }),
      query: () => manager.query({ names: [] }),
      'query of ids': () => manager.query({ ids: [] }),
      'query in a state': () => manager.query({ names: [], state: 'completed' }),
    };
    for (const [verb, call] of Object.entries(calls)) {
      const outcome: unknown = await call().catch((error: unknown) => error);
      expect([verb, outcome]).toEqual([verb, expect.any(BackendClosedError)]);
    }
  });

  it('answers calls under way, or says that it is closed, and hangs on none', async () => {
    const { backend, broker, manager } = await open();
    const adds = Array.from({ length: 50 }, () => broker.enqueue([newJob()]));
    const others = adds.flatMap(() => [claim(broker, { slots: 1 }), manager.counts(['mail'])]);

    const closing = backend.disconnect();
    const added = await Promise.allSettled(adds);
    const outcomes = [...added, ...(await Promise.allSettled<unknown>(others))];
    await closing;

    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refusals.map(({ reason }) => reason)).toEqual(
      refusals.map(() => expect.any(BackendClosedError)),
    );
    await backend.connect();
    const stored = (await manager.counts(['mail'])).get('mail')!.total;
    await backend.disconnect();
    expect(stored).toBeGreaterThanOrEqual(
      added.filter(({ status }) => status === 'fulfilled').length,
    );
  });

  it('tells a bad call what is wrong with it also when it is closed', async () => {
    const { backend, broker, manager } = await open();
    await backend.disconnect();
    const nobody = { id: 'a', claimId: randomToken(), host: 'host-a' };

    const calls: Record<string, () => Promise<unknown>> = {
      enqueue: () => broker.enqueue([newJob({ due: { delayMs: -1 } })]),
      settleAndClaim: () => claim(broker, { leaseMs: 0 }),
      renew: () => broker.renew([], 0),
      rescue: () => broker.rescue(0, LEASE),
      claimOne: () => broker.claimOne({ ...nobody, leaseMs: -1 }),
      register: () => broker.register([{ name: 'mail', maxRescues: -1 }]),
      query: () => manager.query({ limit: -1 }),
      find: () => manager.find({ limit: 0 }),
      requeue: () => manager.requeue(['a'], { due: { delayMs: -1 }, resetAttempts: true }),
      clean: () => manager.clean({ name: 'mail', place: 'dead', olderThanMs: -1, limit: 1 }),
    };
    for (const [verb, call] of Object.entries(calls)) {
      const outcome: unknown = await call().catch((error: unknown) => error);
      expect([verb, outcome]).toEqual([verb, expect.any(InvalidOptionError)]);
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

  it('stays open until the last of those who connected has left', async () => {
    const { backend, broker } = await open();
    await backend.connect();

    await backend.disconnect();
    await expect(add(broker)).resolves.toBeDefined();

    await backend.disconnect();
    await expect(add(broker)).rejects.toThrow(BackendClosedError);
  });

  it('is closed by one who never connected, when nobody else is there', async () => {
    const { backend, broker } = await open();
    await backend.disconnect();
    await backend.disconnect();
    await backend.connect();

    await backend.disconnect();

    await expect(add(broker)).rejects.toThrow(BackendClosedError);
  });

  it('is shared by engines: closing one leaves it to the other', async () => {
    const { backend } = await open();
    await backend.disconnect();
    const [one, other] = [new Engine(backend), new Engine(backend)];
    await Promise.all([one.connect(), one.connect(), other.connect()]);

    await Promise.all([one.close(), one.close()]);
    expect((await other.scheduler.now('mail')).created).toBe(true);

    await other.close();
    await expect(other.scheduler.now('mail')).rejects.toThrow(BackendClosedError);
  });

  it('has its jobs again after a new connect', async () => {
    const { backend, broker, manager } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    await backend.disconnect();

    await Promise.all([backend.connect(), backend.connect()]);

    expect(await settleOne(broker, complete(held))).toBe('ok');
    expect(await manager.get('a')).toMatchObject({ attempt: 1 });
    await backend.disconnect();
  });

  it('tells the time of its own clock', async () => {
    const { broker, clock } = await open();

    expect(broker.now()).toBe(START);
    clock.advance(1_500);
    expect(broker.now()).toBe(START + 1_500);
    expect((await claim(broker)).now).toBe(START + 1_500);
  });
});
