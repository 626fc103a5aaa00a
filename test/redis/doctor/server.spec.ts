import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { scripts } from '../../../lib/redis/all-scripts.js';
import { NEEDED_COMMANDS } from '../../../lib/redis/doctor/server/needed-commands.js';
import { isOpenToScripts } from '../../../lib/redis/doctor/server/version.js';
import { checkStore, RedisBackend, type StoreReport } from '../../../lib/redis/index.js';
import { commandsByRole } from '../../../tools/acl.mjs';
import { startPrivateRedis, type PrivateRedis } from '../../support/redis-server.mjs';
import { isAtLeast, job, until } from '../support.js';

let server: PrivateRedis;
let admin: Redis;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startPrivateRedis();
  admin = new Redis(server.url);
  const backend = new RedisBackend({ connectionString: server.url });
  await backend.connect();
  await backend.broker.enqueue([job(), job(), job()]);
  await backend.disconnect();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

const look = (): Promise<StoreReport> => checkStore({ connectionString: server.url });

/** `level code` of all that is found of the server. */
const codesIn = ({ findings }: StoreReport): string[] =>
  findings.map(({ level, code }) => `${level} ${code}`);

async function configure(name: string, value: string): Promise<void> {
  const [, before] = (await admin.config('GET', name)) as [string, string];
  await admin.config('SET', name, value);
  cleanups.push(() => admin.config('SET', name, before));
}

it('tells what the server is, and that nothing is wrong with the store', async () => {
  const report = await look();

  expect(report).toMatchObject({ isSound: true, jobs: 3, partitions: 1, keyPrefix: 'agenda:' });
  expect(report.servers).toEqual([
    expect.objectContaining({ address: expect.any(String), replicas: 0, maxBytes: undefined }),
  ]);
  expect(codesIn(report)).not.toContainEqual(expect.stringMatching(/fault|eviction|clock/));
});

it('takes an eviction of any key for a fault, and one of keys with a time to live for a warning', async () => {
  await configure('maxmemory-policy', 'allkeys-lru');
  const report = await look();
  expect(codesIn(report)).toContain('fault eviction');
  expect(report.isSound).toBe(false);

  await admin.config('SET', 'maxmemory-policy', 'volatile-lru');
  expect(codesIn(await look())).toContain('warning eviction');
});

it('warns of a memory that is nearly full', async () => {
  const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))![1]);
  await configure('maxmemory', String(Math.ceil(used * 1.1)));

  expect(codesIn(await look())).toContain('warning memory');
});

it('warns of jobs that no file keeps, and of a file that the system writes when it likes', async () => {
  expect(codesIn(await look())).toContain('warning persistence');

  await configure('appendonly', 'yes');
  await until(async () => /aof_enabled:1/.test(await admin.info('persistence')));
  expect(codesIn(await look())).not.toContain('warning persistence');

  await configure('appendfsync', 'no');
  expect(codesIn(await look())).toContain('warning persistence');
});

it('takes a server that cannot save for a fault', async () => {
  const full = await startPrivateRedis();
  cleanups.push(() => full.stop());
  const client = new Redis(full.url);
  cleanups.push(() => client.disconnect());
  const backend = new RedisBackend({ connectionString: full.url });
  await backend.connect();
  await backend.disconnect();
  await rm(full.dir, { recursive: true });
  await client.bgsave();
  await until(async () => /rdb_last_bgsave_status:err/.test(await client.info('persistence')));

  const report = await checkStore({ connectionString: full.url });

  expect(codesIn(report)).toContain('fault persistence');
});

it('takes a replica for a fault, and tells of replicas that are not in time', async () => {
  const replica = await startPrivateRedis({
    args: ['--replicaof', '127.0.0.1', String(server.port)],
  });
  cleanups.push(() => replica.stop());
  const client = new Redis(replica.url);
  cleanups.push(() => client.disconnect());
  await until(async () => (await client.hlen('agenda:jobs')) === 3);

  const report = await checkStore({ connectionString: replica.url });
  expect(codesIn(report)).toContain('fault replication');
  expect(report.jobs).toBe(3);
  expect((await look()).servers).toEqual([expect.objectContaining({ replicas: 1 })]);
});

it('tells scripts of ours that have held the server up', async () => {
  await configure('slowlog-log-slower-than', '0');
  cleanups.push(() => admin.slowlog('RESET'));
  const { sha, source } = scripts.openNames;
  await admin.script('LOAD', source);
  const names = Array.from({ length: 50_000 }, (_, i) => `nobody-${i}`);
  await admin.evalsha(sha, 2, 'agenda:jobs', 'agenda:meta', 'agenda:', 'Pt', ...names);

  const found = (await look()).findings.filter(({ code }) => code === 'slow-scripts');

  expect(found).toEqual([expect.objectContaining({ level: 'warning' })]);
  expect(found[0]!.message).toMatch(/the script open-names has held it up for \d+ ms/);
});

it('knows which versions let users who may run scripts run anything', () => {
  expect(isOpenToScripts('redis', '6.2.19')).toBe(true);
  expect(isOpenToScripts('redis', '6.2.20')).toBe(false);
  expect(isOpenToScripts('redis', '7.0.15')).toBe(true);
  expect(isOpenToScripts('redis', '8.2.2')).toBe(false);
  expect(isOpenToScripts('redis', '8.4.0')).toBe(false);
  expect(isOpenToScripts('valkey', '8.1.3')).toBe(true);
  expect(isOpenToScripts('valkey', '9.0.0')).toBe(false);
});

describe('for users who may not do everything', () => {
  const page = readFileSync(new URL('../../../docs/redis-acl.md', import.meta.url), 'utf8');

  /** As the page says, without some of it. */
  async function userLike(role: string, without: RegExp = /(?!)/): Promise<string> {
    const rule = new RegExp(`^ACL SETUSER agenda-${role} .*$`, 'm').exec(page)![0];
    const hasChannelRules = await isAtLeast(admin, 6, 2);
    const words = rule
      .split(' ')
      .slice(1)
      .filter((word) => hasChannelRules || !/^&|^resetchannels$/.test(word))
      .filter((word) => !without.test(word));
    await admin.call('ACL', ...words);
    cleanups.push(() => admin.call('ACL', 'DELUSER', `agenda-${role}`));
    return server.url.replace('redis://', `redis://agenda-${role}:password@`);
  }

  it('does all it can for the user that the documentation gives it', async () => {
    await admin.hset('agenda:results', 'nobody', '1');

    const report = await checkStore(
      { connectionString: await userLike('doctor') },
      { repair: true },
    );

    expect(report).toMatchObject({ isSound: true, jobs: 3 });
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'remains', outcome: 'mended' }),
    );
    // This user runs no jobs, and before Redis 7 nobody can tell.
    const permissions = report.findings.find(({ code }) => code === 'permissions');
    const knows = await isAtLeast(admin, 7, 0);
    expect(permissions?.level).toBe(knows ? 'warning' : 'unchecked');
    expect(permissions?.message).toMatch(knows ? /may not run .*hincrby/ : /It is unknown/);
    const unchecked = report.findings.filter(({ level }) => level === 'unchecked');
    expect(unchecked.map(({ code }) => code)).toEqual(knows ? [] : ['permissions']);
  });

  it('tells what it could not check as not checked, never as well', async () => {
    const connectionString = await userLike('doctor', /^\+(acl|slowlog|config)\|/);
    await configure('appendonly', 'yes');
    await until(async () => /aof_enabled:1/.test(await admin.info('persistence')));

    const report = await checkStore({ connectionString });

    expect(report.isSound).toBe(true);
    expect(codesIn(report)).toEqual(
      expect.arrayContaining([
        'unchecked persistence',
        'unchecked permissions',
        'unchecked slow-scripts',
      ]),
    );
  });

  it('finds nothing missing for a user who may run jobs', async () => {
    if (!(await isAtLeast(admin, 7, 0))) return;
    const report = await look();

    expect(codesIn(report)).not.toContainEqual(expect.stringContaining('permissions'));
  });

  it('knows all that a worker needs', () => {
    expect([...NEEDED_COMMANDS]).toEqual(commandsByRole().worker);
  });
});
