import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { Engine } from '../../lib/core/engine.js';
import { ConnectionError, DurabilityError, IncompatibleStoreError } from '../../lib/core/errors.js';
import type { EngineOptions } from '../../lib/core/options/engine-options.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { commandsByRole, rendered, WRITES } from '../../tools/acl.mjs';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { isAtLeast, until } from './support.js';

const page = readFileSync(new URL('../../docs/redis-acl.md', import.meta.url), 'utf8');
const roles = ['worker', 'producer', 'dashboard'] as const;
type Role = (typeof roles)[number];

let server: PrivateRedis;
/** May do everything. */
let admin: Redis;
/** Before it there are no rules for channels. */
let hasChannelRules: boolean;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startPrivateRedis();
  admin = new Redis(server.url);
  hasChannelRules = await isAtLeast(admin, 6, 2);
  for (const role of roles) await admin.call('ACL', ...rulesOf(role).slice(1));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await admin.flushall();
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

/** The words of the page's own rule. */
function rulesOf(role: Role): string[] {
  const rule = new RegExp(`^ACL SETUSER agenda-${role} .*$`, 'm').exec(page)![0];
  const words = rule.split(' ');
  return hasChannelRules ? words : words.filter((word) => !/^&|^resetchannels$/.test(word));
}

const urlOf = (role: Role): string =>
  server.url.replace('redis://', `redis://agenda-${role}:password@`);

function backendOf(role: Role, more: Partial<RedisBackendOptions> = {}): RedisBackend {
  const backend = new RedisBackend({ connectionString: urlOf(role), ...more });
  cleanups.push(() => backend.disconnect());
  return backend;
}

/** An engine that is open, and what it complained of. */
async function engineOf(
  role: Role,
  options: EngineOptions = {},
  more: Partial<RedisBackendOptions> = {},
): Promise<{ engine: Engine; complaints: unknown[] }> {
  const engine = new Engine(backendOf(role, more), options);
  const complaints: unknown[] = [];
  engine.events.on('error', (error) => void complaints.push(error));
  cleanups.push(() => engine.close());
  await engine.connect();
  return { engine, complaints };
}

function clientOf(role: Role): Redis {
  const client = new Redis(urlOf(role), { enableReadyCheck: false, disableClientInfo: true });
  cleanups.push(() => client.disconnect());
  return client;
}

/** Whether the rules let the command through; what else is wrong with it is no matter. */
async function isAllowed(client: Redis, command: string, ...args: string[]): Promise<boolean> {
  const reason: unknown = await client.call(command, ...args).catch((error: unknown) => error);
  // Some the server lets nobody use, and says so first.
  return !/NOPERM|enable-(debug|module)-command/.test(String(reason));
}

type Command = [name: string, arity: number];

/** All that the server knows; of commands that have subcommands, from Redis 7 on, these. */
async function allCommands(): Promise<Command[]> {
  const all = (await admin.call('COMMAND')) as [...Command, ...unknown[]][];
  return all.flatMap((facts) => {
    const parts = (facts[9] ?? []) as Command[];
    return parts.length > 0 ? parts : [[facts[0], facts[1]] as Command];
  });
}

it('says what the scripts and the code need (node tools/acl.mjs)', () => {
  expect(page).toBe(rendered(page));
});

it('takes for writes what the server takes for writes', async () => {
  const used = commandsByRole().worker;
  const facts = (await admin.call('COMMAND', 'INFO', ...used)) as [string, number, string[]][];
  const writing = facts.filter(([, , flags]) => flags.includes('write')).map(([name]) => name);

  // A message is no write to the server; it is one to those who hear it.
  const expected = used.filter((name) => WRITES.has(name) && name !== 'PUBLISH');
  expect(writing.map((name) => name.toUpperCase())).toEqual(expected);
  expect(commandsByRole().dashboard.filter((name) => WRITES.has(name))).toEqual([]);
});

describe.each([{ partitions: 1 }, { partitions: 3 }])('with $partitions partitions', (store) => {
  it('lets a worker do all that its host does, and all that producers do', async () => {
    const options: EngineOptions = { events: { durable: true }, logging: true };
    const { engine, complaints } = await engineOf('worker', options, store);
    const { handlers, scheduler, workerHost } = engine;
    handlers.define('mail', async (job) => {
      job.log('sending');
      job.progress(50);
      return 'sent';
    });
    handlers.define(
      'fragile',
      async () => {
        throw new Error('broken');
      },
      { attempts: 2, backoff: 1 },
    );
    handlers.define('narrow', async () => undefined, { globalConcurrency: 1 });
    await workerHost.start();

    await useEverything(engine);
    await scheduler.runAndWait('mail', { to: 'ann' });
    await scheduler.now('fragile');
    await scheduler.now('narrow');
    await until(async () => (await scheduler.counts('fragile')).failed === 1);
    await until(async () => (await scheduler.counts('narrow')).completed === 1);
    await lookAtEverything(engine);
    const { broker } = engine.backend as RedisBackend;
    await broker.rescue(10, 30_000);
    for (let next: string | null = ''; next !== null;) ({ next } = await broker.prune(next));
    await engine.close();

    expect(complaints).toEqual([]);
  });

  it('lets a producer add, look at, change and cancel jobs', async () => {
    const { engine, complaints } = await engineOf('producer', { worker: false }, store);

    await useEverything(engine);
    await lookAtEverything(engine);

    expect(complaints).toEqual([]);
  });

  it('lets a dashboard look at everything and change nothing', async () => {
    const { engine: producer } = await engineOf('producer', { worker: false }, store);
    await producer.scheduler.now('mail', { to: 'ann' });
    const before = await admin.dbsize();
    const { engine, complaints } = await engineOf('dashboard', { worker: false }, store);

    await lookAtEverything(engine);
    const { scheduler } = engine;
    const [job] = (await scheduler.queryJobs()).jobs;
    const forbidden = [
      () => scheduler.now('mail'),
      () => scheduler.cancel({ name: 'mail' }),
      () => scheduler.remove(job!.id),
      () => scheduler.requeue(job!.id),
      () => scheduler.pause('mail'),
      () => scheduler.limits('limited').set({ globalConcurrency: 1 }),
    ];

    for (const act of forbidden) {
      const error = await act().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConnectionError);
      expect((error as Error).message).toMatch(/does not allow its user.*docs\/redis-acl\.md/);
    }
    expect(complaints).toEqual([]);
    expect(await admin.dbsize()).toBe(before);
    expect((await scheduler.counts('mail')).queued).toBe(1);
  });
});

it('tells a dashboard that there is no store yet', async () => {
  await expect(backendOf('dashboard').connect()).rejects.toThrow(IncompatibleStoreError);
  await expect(backendOf('dashboard').connect()).rejects.toThrow(/There is no store/);
  expect(await admin.dbsize()).toBe(0);
});

it('refuses to anybody what lies outside of the prefix, with an error that names the remedy', async () => {
  for (const role of roles) {
    const error = await backendOf(role, { keyPrefix: 'other:' })
      .connect()
      .catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toContain('docs/redis-acl.md');
  }
});

it.each(roles)('refuses every other command to a %s', async (role) => {
  const client = clientOf(role);
  const wanted = new Set(commandsByRole()[role].map((name) => name.toLowerCase()));
  // What is for everybody before he says who he is, no rule can take away.
  const open = new Set(['auth', 'hello', 'quit', 'reset']);
  const others = (await allCommands()).filter(([name]) => !wanted.has(name) && !open.has(name));

  const allowed: string[] = [];
  for (const [name, arity] of others) {
    const [command, ...words] = name.split('|') as [string, ...string[]];
    const count = Math.max(Math.abs(arity) - 1 - words.length, 0);
    const args = Array.from({ length: count }, () => 'agenda:x');
    if (await isAllowed(client, command, ...words, ...args)) allowed.push(name);
  }

  expect(others.length).toBeGreaterThan(100);
  expect(allowed).toEqual([]);
});

it.each(roles)('refuses other keys and other channels to a %s', async (role) => {
  const client = clientOf(role);

  expect(await isAllowed(client, 'hget', 'agenda:jobs', 'x')).toBe(true);
  for (const key of ['other', 'agenda', 'xagenda:jobs', '{other}agenda:jobs']) {
    expect([key, await isAllowed(client, 'hget', key, 'x')]).toEqual([key, false]);
    expect([key, await isAllowed(client, 'evalsha', '0'.repeat(40), '1', key)]).toEqual([
      key,
      false,
    ]);
  }
  const reads = "return redis.call('GET', 'other')";
  await expect(client.eval(reads, 0)).rejects.toThrow(/NOPERM|ACL|can't (access|run)/);
  if (!hasChannelRules) return;
  expect(await isAllowed(client, 'subscribe', 'other')).toBe(false);
  expect(await isAllowed(client, 'psubscribe', '*')).toBe(false);
});

describe('what the page says to add', () => {
  /** The words in the row of its table. */
  const added = (where: string): string[] => {
    const row = page.split('\n').find((line) => line.startsWith(`| ${where} |`))!;
    return /`([^`]+)`/
      .exec(row.slice(where.length + 4))![1]!
      .replaceAll('\\', '')
      .split(' ');
  };

  it('is enough for `durability`, and needed', async () => {
    const durability = { replicas: 1, timeout: 100 };
    const { engine } = await engineOf('producer', { worker: false }, { durability });
    await expect(engine.scheduler.now('mail')).rejects.toThrow(/redis-acl\.md/);

    await admin.call('ACL', 'SETUSER', 'agenda-producer', ...added('option `durability`'));

    // There is no replica that could confirm it.
    await expect(engine.scheduler.now('mail')).rejects.toThrow(DurabilityError);
    await admin.call('ACL', 'SETUSER', 'agenda-producer', '-wait');
  });

  it('is enough for Redis Cluster', async () => {
    const node = await startPrivateRedis({
      args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    });
    cleanups.push(() => node.stop());
    const plain = new Redis(node.url);
    cleanups.push(() => plain.disconnect());
    await plain.call('CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    await plain.call('ACL', ...rulesOf('worker').slice(1), ...added('Redis Cluster'));
    await until(async () => /cluster_state:ok/.test(String(await plain.call('CLUSTER', 'INFO'))));
    const redisOptions = { username: 'agenda-worker', password: 'password' };
    const nodes = [{ host: '127.0.0.1', port: node.port }];
    const backend = new RedisBackend({
      cluster: { nodes, options: { redisOptions } },
      partitions: 3,
    });
    const engine = new Engine(backend);
    const complaints: unknown[] = [];
    engine.events.on('error', (error) => void complaints.push(error));
    cleanups.push(() => engine.close());
    engine.handlers.define('mail', async () => 'sent');
    await engine.connect();
    await engine.workerHost.start();

    expect(await engine.scheduler.runAndWait('mail')).toBe('sent');
    await lookAtEverything(engine);
    expect(complaints).toEqual([]);
  });
});

it('refuses to let a dashboard tell others anything, also from a script', async () => {
  const client = clientOf('dashboard');
  const tells = "return redis.call('PUBLISH', 'agenda:notifications', 'x')";

  expect(await isAllowed(client, 'publish', 'agenda:notifications', 'x')).toBe(false);
  await expect(client.eval(tells, 0)).rejects.toThrow(/NOPERM|ACL|can't run/);
});

/** Each verb by which jobs are added, changed and taken away. */
async function useEverything({ scheduler }: Engine): Promise<void> {
  const later = new Date(Date.now() + 3_600_000);
  await scheduler.now('plain', { to: 'ann' });
  await scheduler.now('plain', {}, { key: 'ann', tags: ['a'], expiresIn: '1 hour' });
  await scheduler.now('plain', {}, { idempotencyKey: 'once' });
  await scheduler.enqueueMany([{ name: 'plain' }, { name: 'plain' }]);
  await scheduler.every('1 hour', 'hourly');
  await scheduler.nowDebounced('calm', { user: 1 }, { 'data.user': 1 }, '1 hour');
  await scheduler.now('calm', {}, { dedupe: { key: 'k', mode: 'latest' } });
  const job = await scheduler.schedule(later, 'planned', { to: 'ann' });
  await scheduler.update(job.id, { data: { to: 'eve' } });
  await scheduler.reschedule(job.id, new Date(later.getTime() + 1));
  await scheduler.disable({ name: 'planned' });
  await scheduler.enable({ name: 'planned' });
  await scheduler.pause('planned');
  await scheduler.resume('planned');
  await scheduler.pause();
  await scheduler.resume();
  await scheduler.limits('limited').set({ globalConcurrency: 1 });
  await scheduler.limits('limited').remove();
  await scheduler.promote(job.id);
  await scheduler.requeue(job.id);
  await scheduler.remove(job.id);
  await scheduler.clean({ state: 'completed', olderThan: '1 hour', limit: 10 });
  await scheduler.cancel({ name: 'plain' });
  await scheduler.clear('hourly');
  await scheduler.obliterate('hourly', { confirm: 'hourly' });
  await scheduler.clearLogs();
}

/** Each verb that only looks. */
async function lookAtEverything({ scheduler }: Engine): Promise<void> {
  const { jobs } = await scheduler.queryJobs({ limit: 10 });
  for (const { id } of jobs) {
    await scheduler.get(id);
    await scheduler.inspect(id);
    await scheduler.history(id);
    await scheduler.logs(id);
  }
  await scheduler.find({ limit: 10 });
  await scheduler.find({ tags: ['a'] });
  await scheduler.find({ data: { to: 'ann' } });
  await scheduler.queryJobs({ state: 'queued', sort: { nextRunAt: 'asc' } });
  await scheduler.counts();
  await scheduler.total();
  await scheduler.getJobsOverview();
  await scheduler.getQueueSize();
  await scheduler.getRunningStats(true);
  await scheduler.hosts();
  await scheduler.pauses();
  await scheduler.isPaused('mail');
  await scheduler.listLimits();
  await scheduler.getLogs();
  await scheduler.metrics();
}
