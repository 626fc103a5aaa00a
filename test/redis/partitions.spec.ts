import { jest } from '@jest/globals';
import type { JobBroker, NameLimits, NameSettings } from '../../lib/core/contracts/job-broker.js';
import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { Engine } from '../../lib/core/engine.js';
import {
  IncompatibleStoreError,
  InvalidOptionError,
  ScatteredJobsError,
} from '../../lib/core/errors.js';
import { newJobId, randomToken } from '../../lib/core/job/job-id.js';
import { newIdFor, placeOf, placeOfId } from '../../lib/core/job/placement.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import type { RedisBackend, RedisBackendOptions } from '../../lib/redis/index.js';
import { partitionPrefix } from '../../lib/redis/keys.js';
import { claim, commandsOf, completed, job, makeStand, newPrefix } from './support.js';

const { redis, cleanups, backendWith } = makeStand();

const PARTITIONS = 8;

async function openFirst(options: RedisBackendOptions = {}) {
  const keyPrefix = newPrefix();
  cleanups.push(() => removeKeys(keyPrefix));
  return { keyPrefix, first: await another({ keyPrefix, ...options }) };
}

async function open(options: RedisBackendOptions = {}): Promise<RedisBackend> {
  return (await openFirst(options)).first;
}

async function another(options: RedisBackendOptions): Promise<RedisBackend> {
  const backend = backendWith({
    connectionString: process.env.TEST_REDIS_URL!,
    partitions: PARTITIONS,
    ...options,
  });
  await backend.connect();
  return backend;
}

async function keysOf(keyPrefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of redis.scanStream({ match: `${keyPrefix}*`, count: 1000 })) {
    keys.push(...(page as string[]));
  }
  return keys;
}

async function removeKeys(keyPrefix: string): Promise<void> {
  const keys = await keysOf(keyPrefix);
  if (keys.length > 0) await redis.unlink(keys);
}

/** Something else lies where a partition keeps something: its calls that need that fail. @returns ends it */
async function breakPartition(keyPrefix: string, partition: number, key: string) {
  const broken = partitionPrefix(keyPrefix, partition, PARTITIONS) + key;
  await redis.set(broken, 'in the way');
  return () => redis.del(broken);
}

/** A job whose id was made for it, as the scheduler makes them. */
const placed = (more: Partial<NewJob> = {}): NewJob => {
  const asked = job(more);
  return { ...asked, id: newIdFor(asked, false) };
};

const row = (more: Partial<JobParameters> = {}): JobParameters => ({
  name: 'mail',
  type: 'normal',
  priority: 0,
  data: {},
  nextRunAt: new Date(),
  ...more,
});

async function claimAll(broker: JobBroker, names = ['mail']) {
  const claims = Array.from({ length: broker.partitions }, (_, partition) =>
    broker.settleAndClaim(
      [],
      claim(100, { partition, names: names.map((name) => ({ name, slots: 100 })) }),
    ),
  );
  return Promise.all(claims);
}

describe('jobs of a store with several partitions', () => {
  it('are spread, each to the one that its id tells', async () => {
    const { broker } = await open();
    const jobs = Array.from({ length: 80 }, () => placed());
    const added = await broker.enqueue(jobs);

    expect(added.map(({ job: { id } }) => id)).toEqual(jobs.map(({ id }) => id));
    const claims = await claimAll(broker);
    const found = claims.map((claimed) => claimed.jobs.map(({ record }) => record.id));
    expect(found.flat().sort()).toEqual(jobs.map(({ id }) => id).sort());
    found.forEach((ids, partition) => {
      expect(ids.map((id) => broker.partitionOf(id))).toEqual(ids.map(() => partition));
    });
    expect(found.filter((ids) => ids.length > 0).length).toBeGreaterThan(4);
  });

  it('are claimed and settled in the partition that is asked, and in no other', async () => {
    const { broker, manager } = await open();
    const one = placed();
    await broker.enqueue([one]);
    const partition = broker.partitionOf(one.id);
    const elsewhere = (partition + 1) % PARTITIONS;

    expect((await broker.settleAndClaim([], claim(10, { partition: elsewhere }))).jobs).toEqual([]);
    const { jobs } = await broker.settleAndClaim([], claim(10, { partition }));
    const [{ lease }] = jobs as [(typeof jobs)[number]];
    await expect(
      broker.settleAndClaim([completed(lease)], claim(0, { partition: elsewhere })),
    ).rejects.toThrow(InvalidOptionError);
    const { answers } = await broker.settleAndClaim([completed(lease)], claim(0, { partition }));
    expect(answers).toEqual(['ok']);
    expect((await manager.get(one.id))?.lastFinishedAt).not.toBeNull();
  });

  it('are renewed in one call, wherever they are', async () => {
    const { broker } = await open();
    await broker.enqueue(Array.from({ length: 30 }, () => placed()));
    const leases = (await claimAll(broker)).flatMap(({ jobs }) => jobs.map(({ lease }) => lease));
    const lost = leases.slice(0, 3).map((lease) => ({ ...lease, token: 'none:1' }));

    const renewal = await broker.renew([...lost, ...leases.slice(3)], 60_000);

    expect(renewal.lost.map(({ id }) => id).sort()).toEqual(lost.map(({ id }) => id).sort());
  });
});

describe('what jobs share', () => {
  const forms: [string, Partial<NewJob>][] = [
    ['an idempotency key', { idempotency: { key: 'order-1', release: 'removal', holdMs: 60_000 } }],
    ['a key', { key: 'customer-1' }],
  ];

  it.each(forms)('%s: they live together', async (_, shared) => {
    const { broker } = await open();
    const jobs = Array.from({ length: 10 }, () => placed(shared));
    await broker.enqueue(jobs);

    expect(new Set(jobs.map(({ id }) => broker.partitionOf(id))).size).toBe(1);
  });

  it('makes fifty racing adds of one idempotency key one job', async () => {
    const { keyPrefix, first } = await openFirst();
    const others = await Promise.all([another({ keyPrefix }), another({ keyPrefix })]);
    const brokers = [first, ...others].map(({ broker }) => broker);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => brokers[i % 3]!.enqueue([placed(forms[0]![1])])),
    );

    expect(answers.flat().filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.flat().map(({ job: { id } }) => id)).size).toBe(1);
  });

  it('makes fifty racing saves of one unique row one job, and so of a recurring one', async () => {
    const { keyPrefix, first } = await openFirst();
    const other = await another({ keyPrefix });
    const rows = [
      row({ unique: { 'data.to': 'ann' }, data: { to: 'ann' } }),
      row({ type: 'single', repeatInterval: '5 minutes' }),
    ];
    for (const asked of rows) {
      const saved = await Promise.all(
        Array.from({ length: 50 }, (_, i) => [first, other][i % 2]!.repository.saveJob(asked)),
      );
      expect(new Set(saved.map(({ _id }) => _id)).size).toBe(1);
    }
  });

  it('makes racing adds with `dedupe` one job', async () => {
    const { broker } = await open();
    const dedupe = { mode: 'latest', key: 'report' } as const;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        broker.dedupe({ ...placed({ dedupe }), dedupe, nonce: randomToken() }),
      ),
    );

    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  it.each<[string, Partial<NewJob>]>([
    ['an id and a key', { id: 'mine', key: 'customer-1' }],
    ['an id and an idempotency key', { id: 'mine', ...forms[0]![1] }],
    ['a key and an idempotency key', { key: 'customer-1', ...forms[0]![1] }],
  ])('cannot be of two places: %s are refused, and nothing is written', async (_, shared) => {
    const { keyPrefix, first } = await openFirst();
    const before = await keysOf(keyPrefix);
    const batch = [placed(), { ...placed(shared), ...shared }];

    await expect(first.broker.enqueue(batch)).rejects.toThrow(InvalidOptionError);
    expect(await keysOf(keyPrefix)).toEqual(before);
  });

  it('cannot be of two places: neither can a new row', async () => {
    const { keyPrefix, first } = await openFirst();
    const before = await keysOf(keyPrefix);

    await expect(
      first.repository.saveJob(row({ type: 'single' }), { key: 'customer-1' }),
    ).rejects.toThrow(InvalidOptionError);
    expect(await keysOf(keyPrefix)).toEqual(before);
  });
});

describe('a name with limits over all processes', () => {
  const limited = (limits: NameLimits): NameSettings => ({ name: 'mail', maxRescues: 2, limits });
  const one: NameLimits = { concurrency: 1 };

  /** Two processes, of which the second one does not know yet that the name is limited. */
  async function openTwo(limits = one) {
    const { keyPrefix, first } = await openFirst();
    const stale = await another({ keyPrefix });
    await first.broker.register([limited(limits)]);
    return { keyPrefix, first, stale };
  }

  const partitionsOf = (jobs: readonly { id: string }[]) =>
    new Set(jobs.map(({ id }) => placeOfId(id) % PARTITIONS));
  const itsPartition = new Set([placeOf('name\nmail') % PARTITIONS]);

  it('has all its jobs in one partition, also those of who had not heard of it', async () => {
    const { first, stale } = await openTwo();
    const added = await stale.broker.enqueue(Array.from({ length: 20 }, () => placed()));

    expect(added.every(({ created }) => created)).toBe(true);
    expect(partitionsOf(added.map(({ job: record }) => record))).toEqual(itsPartition);
    expect([first, stale].map(({ broker }) => broker.holdsTogether('mail'))).toEqual([true, true]);
    const claims = await claimAll(first.broker);
    expect(claims.flatMap(({ jobs }) => jobs)).toHaveLength(1);
  });

  it('is known to who connects later', async () => {
    const { keyPrefix } = await openTwo();
    const later = await another({ keyPrefix });

    expect(later.broker.holdsTogether('mail')).toBe(true);
  });

  it('has a deduped job and a recurring one there, too', async () => {
    const { stale } = await openTwo();
    const dedupe = { mode: 'latest', key: 'report' } as const;
    const { job: deduped } = await stale.broker.dedupe({
      ...placed({ dedupe }),
      dedupe,
      nonce: randomToken(),
    });
    const late = await another({ keyPrefix: (await openTwo()).keyPrefix });
    const saved = await late.repository.saveJob(row({ type: 'single' }));

    expect(partitionsOf([deduped, { id: saved._id! }])).toEqual(itsPartition);
  });

  it('has a new row there, also of who had not heard of it', async () => {
    const { stale } = await openTwo();
    const saved = await stale.repository.saveJob(row());

    expect(partitionsOf([{ id: saved._id! }])).toEqual(itsPartition);
  });

  it('counts over all of them what may wait', async () => {
    const { stale } = await openTwo({ maxQueued: 5 });
    const added = await stale.broker.enqueue(Array.from({ length: 8 }, () => placed()));

    expect(added.filter(({ created }) => created)).toHaveLength(5);
    expect(added.filter(({ refused }) => refused)).toHaveLength(3);
  });

  it('takes no job with an id of its own that is of another place', async () => {
    const { first, stale } = await openTwo();
    for (const { broker, manager } of [stale, first]) {
      const chosen = { ...job(), id: 'mine', nonce: randomToken() };
      const [answer, other] = await broker.enqueue([chosen, placed()]);

      expect(answer).toMatchObject({ created: false, isMisplaced: true });
      expect(other!.created).toBe(true);
      expect(await manager.get('mine')).toBeUndefined();
    }
  });

  it.each<[string, (backend: RedisBackend) => Promise<void>]>([
    ['by its handler', ({ broker }) => broker.register([limited(one)])],
    ['by hand', ({ manager }) => manager.setLimits('mail', one)],
  ])('is not limited %s while its jobs are anywhere: nothing changes', async (_, limit) => {
    const { keyPrefix, first } = await openFirst();
    const jobs = Array.from({ length: 30 }, () => placed());
    await first.broker.enqueue(jobs);

    await expect(limit(first)).rejects.toThrow(ScatteredJobsError);
    expect(await first.manager.limits()).toEqual(new Map());
    const later = await another({ keyPrefix });
    expect(later.broker.holdsTogether('mail')).toBe(false);
    const more = Array.from({ length: 30 }, () => placed());
    const added = await later.broker.enqueue(more);
    expect(added.map(({ job: { id } }) => id)).toEqual(more.map(({ id }) => id));
  });

  it('is not away for a moment while it cannot be limited: who adds its jobs meanwhile goes nowhere else', async () => {
    const { keyPrefix, first } = await openFirst();
    await first.broker.enqueue([otherwhere(first.broker)]);
    const seen = await commandsOf({ redis, keyPrefix }, async () => {
      await expect(first.broker.register([limited(one)])).rejects.toThrow(ScatteredJobsError);
    });

    expect(seen.filter(({ args }) => /^(hset|hdel|sadd)$/i.test(args[0]!))).toEqual([]);
  });

  it('is away nowhere when a partition could not be told, and can be limited later', async () => {
    const { keyPrefix, first } = await openFirst();
    const mend = await breakPartition(keyPrefix, ([...itsPartition][0]! + 1) % PARTITIONS, 'gates');
    await expect(first.broker.register([limited(one)])).rejects.toThrow(IncompatibleStoreError);
    await mend();

    const jobs = Array.from({ length: 30 }, () => placed());
    const added = await first.broker.enqueue(jobs);
    expect(added.map(({ job: { id } }) => id)).toEqual(jobs.map(({ id }) => id));
    await first.manager.cancel(
      jobs.map(({ id }) => id),
      '',
    );
    await first.broker.register([limited(one)]);
    expect(first.broker.holdsTogether('mail')).toBe(true);
  });

  it.each<[string, (backend: RedisBackend) => Promise<void>]>([
    ['registers it', ({ broker }) => broker.register([{ name: 'mail', maxRescues: 2 }])],
    ['limits its keys', ({ manager }) => manager.setLimits('mail', { key: { concurrency: 1 } })],
  ])('stays free when a process %s that has not heard so', async (_, tell) => {
    const { keyPrefix, first } = await openTwo();
    await first.broker.register([{ name: 'mail', maxRescues: 2 }]);
    const stale = await another({ keyPrefix });
    await first.manager.forgetName('mail');
    const keyed = Array.from({ length: 20 }, (__, i) =>
      placed({ idempotency: { key: `order-${i}`, release: 'removal', holdMs: 60_000 } }),
    );
    await first.broker.enqueue(keyed);

    await tell(stale);

    const jobs = Array.from({ length: 20 }, () => placed());
    const added = await first.broker.enqueue(jobs);
    expect(added.map(({ job: { id } }) => id)).toEqual(jobs.map(({ id }) => id));
    const again = keyed.map(({ idempotency }) => placed({ idempotency: idempotency! }));
    const answers = await first.broker.enqueue(again);
    expect(answers.filter(({ created }) => created)).toEqual([]);
  });

  it('is let go by the call after one that got no further than its partitions', async () => {
    const { keyPrefix, first } = await openFirst();
    await redis.sadd(`${keyPrefix}together`, 'mail');
    expect(await first.manager.forgetName('mail')).toBe(true);

    expect((await another({ keyPrefix })).broker.holdsTogether('mail')).toBe(false);
  });

  it('is not limited while jobs that have ended are anywhere, and says where', async () => {
    const { first } = await openFirst();
    const away = otherwhere(first.broker);
    await first.broker.enqueue([away]);
    const partition = first.broker.partitionOf(away.id);
    const { jobs } = await first.broker.settleAndClaim([], claim(1, { partition }));
    await first.broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0, { partition }));

    await expect(first.broker.register([limited(one)])).rejects.toThrow(
      `1 in partition ${partition}`,
    );
  });

  it('has limits per key in any partition', async () => {
    const { first, stale } = await openTwo({ key: { concurrency: 1 } });
    const jobs = Array.from({ length: 20 }, (_, i) => placed({ key: `customer-${i % 4}` }));
    await stale.broker.enqueue(jobs);

    const claims = await claimAll(first.broker);
    expect(claims.flatMap((claimed) => claimed.jobs)).toHaveLength(4);
    expect(first.broker.holdsTogether('mail')).toBe(false);
  });

  it('stays together without its limits until it is forgotten', async () => {
    const { keyPrefix, first } = await openTwo();
    await first.broker.register([{ name: 'mail', maxRescues: 2 }]);
    const [added] = await first.broker.enqueue([placed()]);
    expect(partitionsOf([added!.job])).toEqual(itsPartition);
    expect(await first.manager.forgetName('mail')).toBe(false);

    await first.manager.cancel([added!.job.id], '');
    expect(await first.manager.forgetName('mail')).toBe(true);

    const later = await another({ keyPrefix });
    expect(later.broker.holdsTogether('mail')).toBe(false);
    const jobs = Array.from({ length: 20 }, () => placed());
    const spread = await later.broker.enqueue(jobs);
    expect(spread.map(({ job: { id } }) => id)).toEqual(jobs.map(({ id }) => id));
  });

  describe('that was forgotten', () => {
    /** A process whose list of names is old, in which nobody may look at the newest one. */
    async function openOld() {
      const { keyPrefix, first } = await openTwo();
      await first.broker.register([{ name: 'mail', maxRescues: 2 }]);
      const old = await another({ keyPrefix });
      await first.manager.forgetName('mail');
      const later = performance.now() + 60_000;
      const clock = jest.spyOn(performance, 'now').mockImplementation(() => later);
      cleanups.push(() => clock.mockRestore());
      return { keyPrefix, old };
    }

    it('has what shares a key anywhere again, also of who has not heard so', async () => {
      const { old } = await openOld();
      const saved = await old.repository.saveJob(row({ type: 'single' }));

      expect(placeOfId(saved._id!)).toBe(placeOf('single\nmail'));
    });

    it('gets jobs that share nothing while nobody can tell where it lives', async () => {
      const { keyPrefix, old } = await openOld();
      await redis.set(`${keyPrefix}together`, 'in the way');
      const [added] = await old.broker.enqueue([placed()]);

      expect(added!.created).toBe(true);
      const keyed = old.broker.enqueue([placed({ key: 'customer-1' })]);
      await expect(keyed).rejects.toThrow(IncompatibleStoreError);
    });
  });

  it('stays together when it is forgotten with its limits', async () => {
    const { keyPrefix, first } = await openTwo();
    expect(await first.manager.forgetName('mail')).toBe(true);

    const later = await another({ keyPrefix });
    expect(later.broker.holdsTogether('mail')).toBe(true);
  });
});

describe('a store with a number of partitions', () => {
  it.each([
    [1, 8],
    [8, 1],
    [8, 4],
  ])('of %i is not opened with %i', async (made, wanted) => {
    const keyPrefix = newPrefix();
    cleanups.push(() => removeKeys(keyPrefix));
    await another({ keyPrefix, partitions: made });
    const before = await keysOf(keyPrefix);
    const opening = another({ keyPrefix, partitions: wanted });

    await expect(opening).rejects.toThrow(IncompatibleStoreError);
    await expect(opening).rejects.toThrow(
      new RegExp(`partitions "${made}".*"${wanted}".*npx nestjs-agenda-redis repartition`),
    );
    expect(await keysOf(keyPrefix)).toEqual(before);
  });
});

describe('rows of a store with several partitions', () => {
  const next = ({ repository }: RedisBackend) => {
    const now = new Date();
    return repository.getNextJobToRun('mail', now, new Date(now.getTime() - 600_000), now);
  };

  it('are handed out each once, wherever they are, and run to their end', async () => {
    const backend = await open();
    const { repository } = backend;
    const saved = await Promise.all(Array.from({ length: 40 }, () => repository.saveJob(row())));
    const handed: string[] = [];
    for (let found = await next(backend); found; found = await next(backend)) {
      handed.push(found._id!);
      await repository.saveJobState({ ...found, lastRunAt: new Date() });
      await repository.saveJobState({
        ...found,
        lastRunAt: new Date(),
        lastFinishedAt: new Date(),
        lockedAt: undefined,
        nextRunAt: null,
      });
    }

    expect(handed.sort()).toEqual(saved.map(({ _id }) => _id!).sort());
    expect(await repository.getQueueSize()).toBe(0);
    const { total } = await repository.queryJobs({ state: 'completed' });
    expect(total).toBe(40);
  });

  it('cost about a call each, and only the last look asks every partition', async () => {
    const { keyPrefix, first: backend } = await openFirst();
    const { repository } = backend;
    await Promise.all(Array.from({ length: 60 }, () => repository.saveJob(row())));
    const callsOf = async (act: () => Promise<unknown>) => {
      const seen = await commandsOf({ redis, keyPrefix }, act);
      return seen.filter(({ byScript }) => !byScript).length;
    };
    const handOutAll = async () => {
      while (await next(backend));
    };

    expect(await callsOf(handOutAll)).toBeLessThanOrEqual(60 * 2 + PARTITIONS);
    expect(await callsOf(() => next(backend))).toBe(PARTITIONS);
    await repository.saveJob(row());
    await repository.saveJob(row());
    expect(await callsOf(handOutAll)).toBeLessThanOrEqual(3 * PARTITIONS);
  });

  it('of a partition that fails keep back none of the others', async () => {
    const { keyPrefix, first: backend } = await openFirst();
    const saved = await Promise.all(
      Array.from({ length: 40 }, () => backend.repository.saveJob(row())),
    );
    const others = saved.filter(({ _id }) => backend.broker.partitionOf(_id!) !== 0);
    await redis.del(`${partitionPrefix(keyPrefix, 0, PARTITIONS)}due`);
    await breakPartition(keyPrefix, 0, 'due');
    const handed = await Promise.all(others.map(() => next(backend)));

    expect(handed.map((found) => found!._id!).sort()).toEqual(others.map(({ _id }) => _id!).sort());
    await expect(next(backend)).rejects.toThrow(IncompatibleStoreError);
  });

  it('are given back, locked, disabled and removed wherever they are', async () => {
    const backend = await open();
    const { repository } = backend;
    await Promise.all(Array.from({ length: 20 }, () => repository.saveJob(row())));
    const handed = (await Promise.all(Array.from({ length: 20 }, () => next(backend)))).map(
      (found) => found!._id!,
    );
    await repository.unlockJobs(handed);
    expect(await repository.getQueueSize()).toBe(20);

    expect(await repository.disableJobs({ name: 'mail' })).toBe(20);
    expect(await next(backend)).toBeUndefined();
    expect(await repository.enableJobs({ name: 'mail' })).toBe(20);
    const some = await repository.getJobById(handed[0]!);
    expect((await repository.lockJob(some!))?._id).toBe(handed[0]);
    expect(await repository.removeJobs({ name: 'mail' })).toBe(20);
  });
});

describe('the log of a store with several partitions', () => {
  const START = Date.UTC(2026, 2, 4);
  const entry = (i: number, jobId?: string) => ({
    timestamp: new Date(START + i),
    level: 'info' as const,
    event: 'start' as const,
    jobName: 'mail',
    message: `message ${i}`,
    ...(jobId !== undefined && { jobId }),
  });

  it('is one: pages over all of it in the order of time, with the right total', async () => {
    const { logger } = await open();
    const ids = Array.from({ length: 10 }, () => newJobId());
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        logger.log(entry(i, i % 6 === 0 ? undefined : ids[i % 10])),
      ),
    );
    const read: string[] = [];
    for (let offset = 0; offset < 60; offset += 7) {
      const { entries, total } = await logger.getLogs({ offset, limit: 7, sort: 'asc' });
      expect(total).toBe(60);
      read.push(...entries.map(({ message }) => message));
    }
    expect(read).toEqual(Array.from({ length: 60 }, (_, i) => `message ${i}`));
    const { entries } = await logger.getLogs({ limit: 60 });
    expect(entries.map(({ message }) => message)).toEqual(read.reverse());
    expect(new Set(entries.map(({ _id }) => _id)).size).toBe(60);
    expect((await logger.getLogs({ jobId: ids[3]! })).total).toBe(6);
    expect(await logger.clearLogs({ jobName: 'mail' })).toBe(60);
  });

  it('takes entries of jobs elsewhere while a partition fails', async () => {
    const { keyPrefix, first } = await openFirst();
    await breakPartition(keyPrefix, 0, 'logs');
    const ids = Array.from({ length: 40 }, () => newJobId());
    const written = await Promise.allSettled(ids.map((id, i) => first.logger.log(entry(i, id))));

    expect(written.map(({ status }) => status)).toEqual(
      ids.map((id) => (first.broker.partitionOf(id) === 0 ? 'rejected' : 'fulfilled')),
    );
  });

  it('keeps no more in all than it may, give or take one for each partition', async () => {
    const { logger } = await open({ logs: { maxCount: 40 } });
    for (let i = 0; i < 400; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, k) => logger.log(entry(i + k, newJobId()))));
    }
    const { total } = await logger.getLogs();

    expect(total).toBeLessThanOrEqual(40 + PARTITIONS);
    expect(total).toBeGreaterThan(20);
  });
});

/** A job outside the place of its name. */
function otherwhere(broker: JobBroker): NewJob {
  const own = placeOf('name\nmail') % broker.partitions;
  for (;;) {
    const one = placed();
    if (broker.partitionOf(one.id) !== own) return one;
  }
}

describe('the scheduler of a store with several partitions', () => {
  async function makeEngine(backend: RedisBackend): Promise<Engine> {
    const engine = new Engine(backend, {});
    cleanups.push(() => engine.close());
    await engine.connect();
    return engine;
  }

  it('refuses a job that would need two places alone, whatever else is added with it', async () => {
    const { scheduler } = await makeEngine(await open());
    const added = await Promise.allSettled([
      scheduler.now('mail'),
      scheduler.now('mail', {}, { id: 'mine', key: 'customer-1' }),
      scheduler.now('mail', {}, { id: 'mine', idempotencyKey: 'order-1' }),
      scheduler.now('mail', {}, { key: 'customer-1', idempotencyKey: 'order-1' }),
      scheduler.now('mail', {}, { key: 'customer-1', dedupe: { key: 'report', mode: 'latest' } }),
      scheduler.now('mail', {}, { id: 'mine' }),
    ]);

    const errors = added.map((one) => (one.status === 'rejected' ? one.reason : undefined));
    expect(errors.map((error) => (error as InvalidOptionError | undefined)?.option)).toEqual([
      undefined,
      'id',
      'id',
      'key',
      'key',
      undefined,
    ]);
  });

  it('refuses an id of its own to a job of a name that has limits over all processes, alone', async () => {
    const backend = await open();
    await backend.manager.setLimits('mail', { maxQueued: 100 });
    const { scheduler } = await makeEngine(backend);
    const adding = scheduler.now('mail', {}, { id: 'mine' });
    const other = scheduler.now('mail');

    await expect(adding).rejects.toThrow(InvalidOptionError);
    await expect(adding).rejects.toThrow('its limits hold over all processes');
    const { failed, created } = await scheduler.enqueueMany([
      { name: 'mail', options: { id: 'mine' } },
      { name: 'mail' },
    ]);
    expect({ failed, created }).toEqual({ failed: 1, created: 1 });
    expect(placeOfId((await other).id)).toBe(placeOf('name\nmail'));
  });

  it('keeps one recurring job of a name and a key, however often it is asked for', async () => {
    const backend = await open();
    const { scheduler } = await makeEngine(backend);
    const jobs = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        scheduler.every('5 minutes', 'mail', {}, { key: `list-${i % 3}` }),
      ),
    );

    expect(new Set(jobs.flat().map(({ id }) => id)).size).toBe(3);
  });
});
