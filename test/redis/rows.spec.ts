import { Redis } from 'ioredis';
import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { BackendFullError, LeaseLostError } from '../../lib/core/errors.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { openForgetful, START } from './forgetful-store.js';
import { claim as claimOf, newPrefix, until, makeStand } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const MINUTES = 60_000;
const { cleanups, redis } = makeStand();

async function open() {
  const opened = await openForgetful();
  cleanups.push(() => opened.store.connection.close());
  const { repository, clock } = opened;
  const now = () => new Date(clock.now);
  const next = () =>
    repository.getNextJobToRun('mail', now(), new Date(clock.now - 10 * MINUTES), now());
  const claim = async (): Promise<JobParameters> => (await next())!;
  const start = async (row: JobParameters): Promise<JobParameters> => {
    const started = { ...row, lastRunAt: now(), nextRunAt: null };
    await repository.saveJobState(started);
    return started;
  };
  return { ...opened, now, next, claim, start };
}

const row = (more: Partial<JobParameters> = {}): JobParameters => ({
  name: 'mail',
  priority: 0,
  nextRunAt: new Date(START),
  type: 'normal',
  data: null,
  ...more,
});

/** Without its lock. */
function ended(started: JobParameters, at: Date): JobParameters {
  const row = { ...started, lastFinishedAt: at };
  delete row.lockedAt;
  return row;
}

describe('a call whose answer was lost', () => {
  it('claims one row, and gives it to its repeat', async () => {
    const { store, repository, claim, next } = await open();
    for (const data of [1, 2]) await repository.saveJob(row({ data }));
    store.loseNextAnswer();

    const first = await claim();
    await repository.saveJobState({ ...first, lastRunAt: new Date(START) });

    expect([first.data, (await claim()).data]).toEqual([1, 2]);
    expect(await next()).toBeUndefined();
    expect(await redis.zcard(store.keys.leases)).toBe(2);
  });

  it('locks a row, and gives it to its repeat', async () => {
    const { store, repository } = await open();
    const saved = await repository.saveJob(row());
    store.loseNextAnswer();

    const locked = await repository.lockJob(saved);

    await expect(repository.saveJobState({ ...locked!, progress: 1 })).resolves.toBeUndefined();
  });

  it('claims another row by its repeat when the first one was taken back meanwhile', async () => {
    const { store, repository, claim } = await open();
    const [one] = [await repository.saveJob(row()), await repository.saveJob(row())];
    store.loseNextAnswer(() => repository.saveJob({ ...one!, nextRunAt: new Date(START + 9) }));

    const claimed = await claim();

    expect(claimed._id).not.toBe(one!._id);
    expect(await redis.hlen(store.keys.lease)).toBe(1);
  });

  it('starts a run once, and ends it once', async () => {
    const { store, repository, manager, claim, start, now } = await open();
    await repository.saveJob(row());
    const claimed = await claim();
    store.loseNextAnswer();
    const started = await start(claimed);
    store.loseNextAnswer();
    await repository.saveJobState(ended(started, now()));

    expect(await manager.get(claimed._id!)).toMatchObject({ attempt: 1, lockedAt: null });
  });

  it('ends a run although others have taken the row since', async () => {
    const { store, repository, manager, claim, start, now } = await open();
    await repository.saveJob(row());
    const started = await start(await claim());
    store.loseNextAnswer(claim);

    await repository.saveJobState({ ...ended(started, now()), nextRunAt: now() });

    expect(await manager.get(started._id!)).toMatchObject({ attempt: 0, lockedAt: START });
  });

  it('does not write to a free row again what another write has changed since', async () => {
    const { store, repository } = await open();
    const saved = await repository.saveJob(row());
    store.loseNextAnswer(() => repository.saveJobState({ ...saved, progress: 9 }));

    await repository.saveJobState({ ...saved, progress: 1 });

    expect((await repository.getJobById(saved._id!))!.progress).toBe(9);
  });

  it('saves a unique row once, and moves its window once', async () => {
    const { store, repository, clock } = await open();
    const unique = { unique: { data: null }, uniqueOpts: { debounce: { delay: 50 } } };
    store.loseNextAnswer(async () => void (clock.now += 10));
    const first = await repository.saveJob(row(unique));
    store.loseNextAnswer(async () => void (clock.now += 10));
    const second = await repository.saveJob(row(unique));

    expect(first).toMatchObject({
      nextRunAt: new Date(START + 50),
      debounceStartedAt: new Date(START),
    });
    expect(second).toMatchObject({ _id: first._id, nextRunAt: new Date(START + 60) });
    expect(await redis.hlen(store.keys.jobs)).toBe(1);
  });
});

it('keeps nothing of a claim when its run has begun, or cannot be repeated any longer', async () => {
  const { store, repository, claim, start } = await open();
  for (let i = 0; i < 2; i++) await repository.saveJob(row());
  await start(await claim());
  await claim();

  const kept = await redis.keys(`${store.keys.prefix}handed:*`);

  expect(kept).toHaveLength(1);
  expect(await redis.pttl(kept[0]!)).toBeGreaterThan(10_000);
});

it('writes nothing for a claim that finds nothing', async () => {
  const server = await startPrivateRedis();
  cleanups.push(() => server.stop());
  const { repository } = backendAt(server.url);
  await repository.saveJob(row({ nextRunAt: new Date(Date.now() + 60 * MINUTES) }));
  const admin = new Redis(server.url);
  cleanups.push(() => admin.disconnect());
  const changes = async () => /rdb_changes_since_last_save:(\d+)/.exec(await admin.info())![1];
  const before = await changes();

  const now = new Date();
  for (const name of ['mail', 'unheard']) {
    expect(await repository.getNextJobToRun(name, now, new Date(0), now)).toBeUndefined();
  }

  expect(await changes()).toBe(before);
});

it('leaves no key behind for a row that is gone', async () => {
  const { store, repository, claim, start, now } = await open();
  await repository.saveJob(row());
  const started = await start(await claim());
  await repository.removeJobs({ name: 'mail' });
  const { state, lease, leases } = store.keys;

  await expect(repository.saveJobState(ended(started, now()))).rejects.toThrow(LeaseLostError);
  await repository.unlockJob(started);
  await repository.unlockJobs([started._id!]);
  await repository.disableJobs({ id: started._id! });
  await repository.enableJobs({ id: started._id! });

  expect(await redis.exists(store.keys.jobs, state, lease, leases)).toBe(0);
  expect(await redis.keys(`${store.keys.prefix}*:mail`)).toEqual([]);
});

describe('a row that somebody has damaged', () => {
  it('is put among the dead when its data cannot be read, and the next one is handed out', async () => {
    const { store, repository, manager, claim } = await open();
    const [bad, good] = [await repository.saveJob(row()), await repository.saveJob(row())];
    const record = (await redis.hget(store.keys.jobs, bad._id!))!;
    await redis.hset(store.keys.jobs, bad._id!, record.replace(',null]', ',nonsense]'));

    expect((await claim())._id).toBe(good._id);
    expect((await manager.counts(['mail'])).get('mail')).toMatchObject({ failed: 1, running: 1 });
  });

  it.each(['rubbish', ''])('leaves the line when its record is %p', async (damage) => {
    const { store, repository, claim } = await open();
    const [bad, good] = [await repository.saveJob(row()), await repository.saveJob(row())];
    if (damage === '') await redis.hdel(store.keys.jobs, bad._id!);
    else await redis.hset(store.keys.jobs, bad._id!, damage);

    expect((await claim())._id).toBe(good._id);
    expect(await redis.zcard(store.keys.index('ready', 'mail'))).toBe(0);
  });

  it('refuses writes of a run whose lease entry is damaged, and is rescued later', async () => {
    const { store, repository, claim, start, clock, broker } = await open();
    await repository.saveJob(row());
    const started = await start(await claim());
    await redis.hset(store.keys.lease, started._id!, 'rubbish');

    await expect(repository.saveJobState(started)).rejects.toThrow(LeaseLostError);
    await repository.unlockJobs([started._id!]);
    clock.now += 30_000;
    await broker.rescue(10, 30_000);
    expect((await repository.getJobById(started._id!))!.lockedAt).toBeUndefined();
  });
});

it('hands rows out, starts, touches and ends them, and gives them back, when the memory is full', async () => {
  const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  cleanups.push(() => small.stop());
  const { repository, broker, manager } = backendAt(small.url);
  const now = new Date();
  await manager.setLimits('stopped', { concurrency: 5 });
  const stopped = await repository.saveJob(row({ name: 'stopped', nextRunAt: now }));
  const names = [{ name: 'stopped', slots: 1 }];
  const { jobs: running } = await broker.settleAndClaim([], claimOf(1, { names }));
  const { lease } = running[0]!;
  await broker.settleAndClaim([{ kind: 'throttle', forMs: 1, lease }], claimOf(0));
  for (let i = 0; i < 3; i++) await repository.saveJob(row({ nextRunAt: now }));
  const locked = await repository.saveJob(row({ name: 'other', nextRunAt: now }));
  const admin = new Redis(small.url);
  cleanups.push(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1mb');
  const claim = () => repository.getNextJobToRun('mail', now, new Date(0), now);

  const first = (await claim())!;
  const started = { ...first, lastRunAt: now, nextRunAt: null };
  await repository.saveJobState(started);
  await repository.saveJobState({ ...started, progress: 5 });
  await repository.saveJobState(ended(started, now));
  await repository.unlockJob((await claim())!);
  await repository.unlockJobs([(await claim())!._id!]);
  expect(await repository.lockJob(locked)).toBeDefined();
  // The stop of its name is over by then, which is the first thing that this call writes.
  await until(async () => (await repository.lockJob(stopped)) !== undefined);
  await expect(repository.saveJob(row())).rejects.toThrow(BackendFullError);

  const { jobs } = await repository.queryJobs({ name: 'mail' });
  expect(jobs.map(({ state }) => state).sort()).toEqual(['completed', 'queued', 'queued']);
});

describe('after the backend was closed', () => {
  it('a run that was under way still ends, rows are read, and the connection closes by itself', async () => {
    const { backend, started, name } = await running(url);
    await backend.disconnect();

    await backend.repository.saveJobState(ended(started, new Date()));
    const { jobs } = await backend.repository.queryJobs({ id: started._id! });
    expect(jobs[0]!.state).toBe('completed');
    expect(await connectionsOf(name)).toBe(1);
    await until(async () => (await connectionsOf(name)) === 0);
  });

  it('a run ends although Redis is away for a moment', async () => {
    const server = await startPrivateRedis({ args: ['--appendonly', 'yes'] });
    cleanups.push(() => server.stop());
    const { backend, started } = await running(server.url);
    await backend.disconnect();
    await server.kill();

    const ending = backend.repository.saveJobState(ended(started, new Date()));
    await server.restart();

    await ending;
    expect((await backend.repository.queryJobs({})).jobs[0]!.state).toBe('completed');
  });

  it('a write that the closing cut off is carried out, once', async () => {
    const backend = backendAt(url);
    const { repository } = backend;
    await backend.connect();

    const saving = repository.saveJob(row());
    await backend.disconnect();

    const { _id } = await saving;
    expect((await repository.queryJobs({})).jobs.map((job) => job._id)).toEqual([_id]);
  });

  it('serves again over its own connection when it is opened anew', async () => {
    const keyPrefix = newPrefix();
    const backend = backendAt(url, keyPrefix);
    await backend.connect();
    await backend.disconnect();
    await backend.repository.saveJob(row());

    await backend.connect();

    expect(await backend.repository.getDistinctJobNames()).toEqual(['mail']);
    await until(async () => (await connectionsOf(`rows-${keyPrefix}`)) === 1);
  });

  it('leaves a borrowed client alone, and goes on using it', async () => {
    const client = new Redis(url);
    cleanups.push(() => client.disconnect());
    const backend = new RedisBackend({ redis: client, keyPrefix: newPrefix() });
    await backend.connect();
    await backend.disconnect();

    await backend.repository.saveJob(row());

    expect(await backend.repository.getDistinctJobNames()).toEqual(['mail']);
    await backend.disconnect();
    expect(client.status).toBe('ready');
    expect(client.eventNames()).toEqual([]);
  });
});

describe('the news of a saved row', () => {
  it('is not published once more by who saved it, since the save has told it', async () => {
    const keyPrefix = newPrefix();
    const [saver, other] = [backendAt(url, keyPrefix), backendAt(url, keyPrefix)];
    const heard: string[] = [];
    for (const backend of [saver, other]) {
      await backend.notificationChannel.connect();
      cleanups.push(() => backend.notificationChannel.disconnect());
    }
    other.notificationChannel.subscribe(({ jobId }) => void heard.push(jobId));

    const { _id } = await saver.repository.saveJob(row());
    const news = { jobId: _id!, jobName: 'mail', priority: 0, timestamp: new Date() };
    await saver.notificationChannel.publish({ ...news, nextRunAt: new Date(START) });
    await saver.notificationChannel.publish({ ...news, nextRunAt: new Date(START) });
    await until(async () => heard.length >= 2);

    expect(heard).toEqual([_id, _id]);
  });
});

/** A backend whose row runs. */
async function running(connectionString: string) {
  const keyPrefix = newPrefix();
  const backend = backendAt(connectionString, keyPrefix);
  await backend.connect();
  const now = new Date();
  await backend.repository.saveJob(row({ nextRunAt: now }));
  const claimed = await backend.repository.getNextJobToRun('mail', now, new Date(0), now);
  const started = { ...claimed!, lastRunAt: now, nextRunAt: null };
  await backend.repository.saveJobState(started);
  return { backend, started, name: `rows-${keyPrefix}` };
}

describe('a row that was handed out ahead of its time', () => {
  it('calls its process once more when its run has not begun in time, and only then', async () => {
    const backend = backendAt(url);
    const { repository, notificationChannel } = backend;
    await notificationChannel.connect();
    cleanups.push(() => notificationChannel.disconnect());
    const now = new Date();
    const nextRunAt = new Date(now.getTime() + 100);
    const scanAt = new Date(now.getTime() + 5_000);
    const names = ['begun', 'given back', 'late'];
    const rows: JobParameters[] = [];
    for (const name of names) {
      await repository.saveJob(row({ name, nextRunAt }));
      rows.push((await repository.getNextJobToRun(name, scanAt, new Date(0), now))!);
    }
    await repository.saveJobState({ ...rows[0]!, lastRunAt: now, nextRunAt: null });
    await repository.unlockJob(rows[1]!);
    const called: [string, boolean][] = [];
    notificationChannel.subscribe(({ jobId, jobName }) => {
      if (jobId === '') called.push([jobName, Date.now() > nextRunAt.getTime()]);
    });

    await until(() => called.some(([name]) => name === 'late'));

    expect(called.filter(([, isAfter]) => isAfter)).toEqual([['late', true]]);
  });
});

function backendAt(connectionString: string, keyPrefix = newPrefix()): RedisBackend {
  const backend = new RedisBackend({
    connectionString,
    redisOptions: { connectionName: `rows-${keyPrefix}` },
    keyPrefix,
  });
  cleanups.push(() => backend.disconnect());
  return backend;
}

async function connectionsOf(name: string): Promise<number> {
  const list = (await redis.client('LIST')) as string;
  return list.split('\n').filter((line) => line.includes(`name=${name} `)).length;
}
