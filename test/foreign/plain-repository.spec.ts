import {
  type ClaimedJob,
  type ClaimRequest,
  Engine,
  type EngineOptions,
} from '../../lib/core/index.js';
import { UnsupportedOperationError } from '../../lib/core/errors.js';
import { completed } from '../../lib/core/foreign/complete-backend.js';
import { RepositoryBroker } from '../../lib/core/foreign/repository-broker.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { newJob } from '../contract/support/builders.js';
import { newRow } from '../contract/support/rows.js';
import { nextEvent } from '../core/engine/support.js';
import { until } from '../nest/support.js';
import { type FaultyRepository, withFaults } from './support/faulty-repository.js';

/* What the engine makes of a repository alone, which may fail at any call. */

/** A worker that nobody tells looks after a third of its lease, 10 s. */
const SOONER_THAN_LOOKING = 5_000;

let memory: MemoryBackend;
let store: FaultyRepository;
let engines: Engine[] = [];
let errors: Error[] = [];

beforeEach(async () => {
  memory = new MemoryBackend();
  await memory.connect();
  store = withFaults(memory.repository);
});

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  errors = [];
});

async function open(options: EngineOptions = {}): Promise<Engine> {
  const engine = new Engine(
    {
      name: 'Plain',
      repository: store.repository,
      connect: async () => {},
      disconnect: async () => {},
    },
    { processEvery: '1 hour', shutdown: { timeout: '1s', grace: 20 }, ...options },
    { onUnheardError: (error) => errors.push(error) },
  );
  engines.push(engine);
  await engine.connect();
  return engine;
}

describe('an engine without any channel', () => {
  it('adds in the order of the calls, however many', async () => {
    const { scheduler } = await open({ worker: false });
    const { repository } = store;
    const save = repository.saveJob.bind(repository);
    const saved: unknown[] = [];
    repository.saveJob = async (...args) => {
      // Nobody says that one call is as quick as another.
      if (saved.length % 2 === 0) await new Promise(setImmediate);
      const row = await save(...args);
      saved.push(args[0].data);
      return row;
    };
    const all = Array.from({ length: 60 }, (_, n) => n);

    await Promise.all(all.map((n) => scheduler.now('mail', n)));

    expect(saved).toEqual(all);
  });

  it('starts what its own process adds at once, and what it schedules in time', async () => {
    const { handlers, scheduler, workerHost } = await open();
    const times: number[] = [];
    handlers.define('mail', () => void times.push(Date.now()));
    await workerHost.start();
    const now = Date.now();

    await scheduler.now('mail');
    await scheduler.schedule(now + 150, 'mail');
    await scheduler.schedule(now + 300, 'mail');
    await until(() => times.length === 3);

    expect(times[0]! - now).toBeLessThan(SOONER_THAN_LOOKING);
    for (const [i, due] of [150, 300].entries()) {
      expect(times[i + 1]! - now).toBeGreaterThanOrEqual(due);
      expect(times[i + 1]! - now).toBeLessThan(due + SOONER_THAN_LOOKING);
    }
  });

  it('opens again after it was closed', async () => {
    const engine = await open();
    engine.handlers.define('mail', () => undefined);
    await engine.close();

    await engine.connect();
    await engine.workerHost.start();
    const completed = nextEvent(engine, 'completed');
    const { id } = await engine.scheduler.schedule('in 50 ms', 'mail');

    expect((await completed).job.id).toBe(id);
  });

  it('stores the end of a job although the store was away when it ended', async () => {
    const { handlers, scheduler, workerHost, events } = await open({ lease: 5_000 });
    let comeBack = (): unknown => undefined;
    let runs = 0;
    handlers.define('mail', () => {
      runs += 1;
      comeBack = store.away();
    });
    await workerHost.start();
    const ended: string[] = [];
    events.on('completed', ({ job }) => void ended.push(job.id));
    const { id } = await scheduler.now('mail');
    await until(() => errors.length > 0);

    comeBack();
    await until(() => ended.length > 0);

    expect(ended).toEqual([id]);
    expect(runs).toBe(1);
    expect((await scheduler.get(id))?.state).toBe('completed');
    expect(errors[0]!.message).toMatch(/ECONNRESET/);
  });

  it('gives up an end that the store does not take, tells of it, and goes on with other jobs', async () => {
    const { handlers, scheduler, workerHost } = await open();
    handlers.define('bad', () => {
      const refusal = new Error('invalid byte sequence');
      store.failNext('saveJobState', ...Array.from({ length: 3 }, () => refusal));
    });
    handlers.define('mail', () => undefined);
    await workerHost.start();

    await scheduler.now('bad');
    await until(() => errors.some(({ message }) => /cannot be stored/.test(message)));
    store.failNext('saveJobState');
    const { id } = await scheduler.now('mail');
    await until(async () => (await scheduler.get(id))?.state === 'completed');

    expect(errors.at(-1)!.message).toMatch(/invalid byte sequence/);
  });
});

describe('a broker over a repository', () => {
  let broker: RepositoryBroker;
  let claims = 0;

  beforeEach(() => {
    broker = new RepositoryBroker(store.repository, 'Plain');
  });

  const request = (slots: number, names = ['mail']): ClaimRequest => ({
    claimId: `claim${++claims}`,
    host: 'host',
    leaseMs: 1_000,
    slots,
    names: names.map((name) => ({ name, slots })),
  });

  async function add(count: number, name = 'mail'): Promise<void> {
    for (let n = 0; n < count; n++) {
      await broker.enqueue([newJob({ name, due: { at: Date.now() - 10 } })]);
    }
  }

  async function claimOne(): Promise<ClaimedJob> {
    const { jobs } = await broker.settleAndClaim([], request(1));
    return jobs[0]!;
  }

  const stored = (id: string) => memory.manager.get(id);

  it('asks once for a name that has nothing', async () => {
    const claimed = await broker.settleAndClaim([], request(20));

    expect(claimed.jobs).toEqual([]);
    expect(store.count('getNextJobToRun')).toBe(1);
  });

  it('locks no more rows than there are slots, and shares them between names', async () => {
    await add(30);
    await add(30, 'other');

    const { jobs } = await broker.settleAndClaim([], request(7, ['mail', 'other']));

    const counts = await memory.manager.counts();
    expect(jobs).toHaveLength(7);
    expect(counts.get('mail')!.running + counts.get('other')!.running).toBe(7);
    expect(counts.get('mail')!.running).toBeGreaterThanOrEqual(3);
    expect(counts.get('other')!.running).toBeGreaterThanOrEqual(3);
  });

  it.each(['getNextJobToRun', 'saveJobState'] as const)(
    'gives back what it has locked when %s fails',
    async (verb) => {
      await add(3);
      store.failNext(verb, undefined, 'lost request');

      await expect(broker.settleAndClaim([], request(3))).rejects.toThrow(/ECONNRESET/);

      expect((await memory.manager.counts()).get('mail')).toMatchObject({ running: 0, queued: 3 });
      expect((await broker.settleAndClaim([], request(3))).jobs).toHaveLength(3);
    },
  );

  it('knows the end it has written when its answer was lost', async () => {
    await add(1);
    const { lease } = await claimOne();
    const failure = { name: 'Error', message: 'no' };
    const retry = { kind: 'retry', lease, failure, due: { delayMs: 60_000 } } as const;
    store.failNext('saveJobState', 'lost reply');
    store.failNext('getJobById', undefined, 'lost request');

    await expect(broker.settleAndClaim([retry], request(0))).rejects.toThrow(/ECONNRESET/);
    const { answers } = await broker.settleAndClaim([retry], request(0));

    expect(answers).toEqual(['ok']);
    expect(await stored(lease.id)).toMatchObject({ failCount: 1, lockedAt: null });
  });

  it('answers a settlement again when the claim that went along has failed', async () => {
    await add(1);
    const { lease } = await claimOne();
    const completed = { kind: 'completed', lease } as const;
    store.failNext('getNextJobToRun', 'lost request', 'lost request');

    await expect(broker.settleAndClaim([completed], request(1))).rejects.toThrow(/ECONNRESET/);
    await expect(broker.settleAndClaim([completed], request(1))).rejects.toThrow(/ECONNRESET/);
    const { answers } = await broker.settleAndClaim([completed], request(1));

    expect(answers).toEqual(['ok']);
  });

  it('keeps the progress that a renewal brings', async () => {
    await add(1);
    const { lease } = await claimOne();

    await broker.renew([{ ...lease, progress: 40 }], 1_000);

    expect(await stored(lease.id)).toMatchObject({ progress: 40 });
  });

  it('leaves the rest of a row to a save that comes during the run', async () => {
    await add(1);
    const { lease } = await claimOne();
    const row = (await memory.repository.getJobById(lease.id))!;
    await memory.repository.saveJob({ ...row, data: { n: 2 }, priority: 7 });

    await broker.renew([lease], 1_000);
    await broker.settleAndClaim([{ kind: 'completed', lease }], request(0));

    expect(await stored(lease.id)).toMatchObject({ data: { n: 2 }, priority: 7 });
  });

  it('claims one job whatever its time, but none that runs', async () => {
    const [added] = await broker.enqueue([newJob({ due: { delayMs: 60_000 } })]);
    const { id } = added!.job;
    const one = (claimId: string, which = id) =>
      broker.claimOne({ id: which, claimId, host: 'host', leaseMs: 1_000 });

    const { job } = (await one('a')) as { job: ClaimedJob };

    expect(job.record.id).toBe(id);
    expect(await one('b')).toEqual({ refusal: 'lease-mismatch' });
    await broker.settleAndClaim([{ kind: 'completed', lease: job.lease }], request(0));
    expect(await stored(id)).toMatchObject({ nextRunAt: null, lockedAt: null });
    expect(await one('c', 'nobody')).toEqual({ refusal: 'not-found' });
  });

  it('adds one job a call', async () => {
    await expect(broker.enqueue([newJob(), newJob()])).rejects.toThrow(/one a call/);
    expect(broker.enqueueLimit).toBe(1);
  });
});

it.each([{ version: 2 }, { context: { tenant: 'acme' } }])(
  'rows are not saved beside which something is to be kept: %p',
  async (beside) => {
    const nothing = async () => {};
    const plain = { name: 'Plain', repository: store.repository, connect: nothing };
    const engine = { name: '', channel: undefined, report: () => {} };
    const { repository, broker } = completed({ ...plain, disconnect: nothing }, engine);

    await expect(repository.saveJob(newRow(), beside)).rejects.toThrow(UnsupportedOperationError);
    await expect(broker.enqueue([newJob(beside)])).rejects.toThrow(UnsupportedOperationError);

    expect(await memory.repository.getQueueSize()).toBe(0);
    await repository.saveJob(newRow(), { version: 1 });
    expect(await memory.repository.getQueueSize()).toBe(1);
  },
);
