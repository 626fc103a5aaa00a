import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { InvalidCursorError } from '../../lib/core/errors.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { claim, job, newPrefix, until } from '../redis/support.js';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { engineOn, everythingIn, fillStore, SORT } from './full-store.js';
import { command, commandIn } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const redis = new Redis(url, { lazyConnect: true });
const prefixes: string[] = [];
const cleanups: (() => unknown)[] = [];

jest.setTimeout(60_000);

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  for (const prefix of prefixes.splice(0)) {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
    }
  }
});

afterAll(() => redis.disconnect());

function newStore(partitions: number): RedisBackendOptions & { keyPrefix: string } {
  const keyPrefix = newPrefix();
  prefixes.push(keyPrefix);
  return { connectionString: url, keyPrefix, partitions };
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);

const repartition = (prefix: string, from: number, to: number, ...more: string[]) =>
  command('repartition', '--prefix', prefix, '--from', `${from}`, '--to', `${to}`, ...more);

it.each([
  [1, 8],
  [8, 1],
  [3, 5],
  [7, 8],
])('answers the same after a change from %i to %i partitions', async (from, to) => {
  const store = newStore(from);
  await fillStore(store);
  const before = await everythingIn(store);

  const { code, said } = await repartition(store.keyPrefix, from, to);

  expect(said).toContain(`The store has ${to} partitions now.`);
  expect(code).toBe(0);
  expect(await everythingIn({ ...store, partitions: to })).toEqual(before);
});

it('leaves nothing behind of the old partitions, nor of its own work', async () => {
  const store = newStore(3);
  await fillStore(store);
  const tagsBefore = await hashTagsIn(store.keyPrefix);

  await repartition(store.keyPrefix, 3, 5);

  const tags = await hashTagsIn(store.keyPrefix);
  expect(tagsBefore.size).toBe(3);
  expect(tags.size).toBe(5);
  expect([...tags].filter((tag) => tagsBefore.has(tag))).toEqual([]);
  expect((await keysOf(store.keyPrefix)).filter((key) => /~repartition~|moving/.test(key))).toEqual(
    [],
  );
  expect(await redis.hget(`${store.keyPrefix}meta`, 'moving')).toBeNull();
});

it.each([
  [1, 8],
  [8, 1],
])('keeps what the store promises of the future, from %i to %i partitions', async (from, to) => {
  const store = newStore(from);
  await fillStore(store);
  await repartition(store.keyPrefix, from, to);
  const engine = engineOn({ ...store, partitions: to }, { worker: true });
  cleanups.push(() => engine.close());
  const { scheduler, handlers } = engine;
  await engine.connect();

  // Keys and ids that are taken are so still.
  const once = await scheduler.now('once', {}, { idempotencyKey: 'once-1' });
  expect(once.data).toEqual({ n: 1 });
  await expect(scheduler.now('chosen', {}, { id: 'chosen-1' })).resolves.toMatchObject({
    data: { n: 1 },
  });
  const latest = await scheduler.now(
    'latest',
    { n: 'new' },
    { dedupe: { key: 'l2', mode: 'latest' } },
  );
  expect(await scheduler.counts('latest')).toMatchObject({ queued: 10 });
  expect((await scheduler.get(latest.id))!.data).toEqual({ n: 'new' });
  // What is due runs, one at a time where its key says so, and nothing of what is paused.
  const running = new Set<string>();
  const overlaps: string[] = [];
  for (const name of [
    'queued',
    'lined',
    'first',
    'once',
    'brief',
    'latest',
    'chosen',
    'limited',
    'stopped',
  ]) {
    handlers.define(name, async ({ key }) => {
      const own = `${name} ${key}`;
      if (key !== undefined && running.has(own)) overlaps.push(own);
      running.add(own);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running.delete(own);
    });
  }
  await scheduler.limits('lined').set({ keyConcurrency: 1 });
  await engine.workerHost.start();
  await until(async () => {
    const { queued, running } = await scheduler.total();
    return queued === 10 && running === 0;
  });
  expect(await scheduler.counts('stopped')).toMatchObject({ queued: 10, completed: 0 });
  expect(await scheduler.counts('lined')).toMatchObject({ completed: 22 });
  expect(overlaps).toEqual([]);
  await scheduler.resume('stopped');
  await until(async () => (await scheduler.counts('stopped')).completed === 10);
});

it('has room for the jobs of a name with limits that were added by who knows of the limits', async () => {
  const store = newStore(1);
  const [byHand, other, handling] = [engineOn(store), engineOn(store), engineOn(store)];
  for (const engine of [byHand, other, handling]) cleanups.push(() => engine.close());
  await byHand.connect();
  await byHand.scheduler.limits('by hand').set({ maxQueued: 20 });
  await other.connect();
  // Not started: nobody has told the store of these.
  handling.handlers.define('by handler', () => undefined, { globalConcurrency: 2 });
  await handling.connect();
  for (let n = 0; n < 8; n++) {
    await byHand.scheduler.now('by hand');
    await other.scheduler.now('by hand');
    await handling.scheduler.now('by handler');
  }
  await handling.scheduler.limits('by handler').set({ globalConcurrency: 2 });
  for (const engine of [byHand, other, handling]) await engine.close();

  expect(await repartition(store.keyPrefix, 1, 8)).toMatchObject({ code: 0 });

  const grown = engineOn({ ...store, partitions: 8 });
  cleanups.push(() => grown.close());
  await grown.connect();
  expect(await grown.scheduler.counts('by hand')).toMatchObject({ queued: 16 });
  expect(await grown.scheduler.counts('by handler')).toMatchObject({ queued: 8 });
});

it('keeps events for readers that begin anew, and refuses the cursors of before', async () => {
  const store = newStore(4);
  await fillStore(store);
  const told = async (partitions: number) => {
    const backend = new RedisBackend({ ...store, partitions, sort: SORT });
    await backend.connect();
    const events = [];
    let cursor = 'start';
    for (;;) {
      const page = await backend.manager.readEvents({ from: cursor, limit: 100 });
      events.push(...page.events);
      if (page.events.length === 0) break;
      ({ cursor } = page);
    }
    cleanups.push(() => backend.disconnect());
    return {
      backend,
      cursor,
      events: events.map((event) => JSON.stringify({ ...event, cursor: '' })),
    };
  };
  const before = await told(4);
  await before.backend.disconnect();

  await repartition(store.keyPrefix, 4, 3);

  const after = await told(3);
  expect(before.events.length).toBeGreaterThan(100);
  expect(after.events.toSorted(inOrder)).toEqual(before.events.toSorted(inOrder));
  await expect(
    after.backend.manager.readEvents({ from: before.cursor, limit: 10 }),
  ).rejects.toThrow(InvalidCursorError);
});

/** The program, in a process that ends in place of sending a command for the so-and-so-many-th time. */
const DYING = `
import { Redis } from 'ioredis';

const { name, count } = JSON.parse(process.env.DIES_AT!);
const send = Redis.prototype.sendCommand;
let sent = 0;
Redis.prototype.sendCommand = function (command, ...rest) {
  if (command.name.toLowerCase() === name && ++sent === count) process.kill(process.pid, 'SIGKILL');
  return send.call(this, command, ...rest);
};
process.argv.push(...JSON.parse(process.env.ARGUMENTS!));
await import('./lib/cli/main.js');
`;

describe('a run that is killed', () => {
  let compiled: CompiledPackage;

  beforeAll(async () => {
    compiled = await compilePackage();
    await compiled.add('repartition.ts', DYING);
  });

  afterAll(() => compiled.remove());

  it.each([
    ['while it copies', 'hset', 40],
    ['while it removes the old partitions', 'unlink', 3],
    ['while it names the new ones', 'rename', 30],
  ])('%s is gone on with, and no process works on the store meanwhile', async (_, name, count) => {
    const store = newStore(4);
    await fillStore(store);
    const before = await everythingIn(store);
    const args = ['repartition', '--prefix', store.keyPrefix, '--from', '4', '--to', '7'];
    const run = new ChildApp(`${compiled.dir}/repartition.js`, {
      REDIS_URL: url,
      ARGUMENTS: JSON.stringify(args),
      DIES_AT: JSON.stringify({ name, count }),
    });
    expect(await run.ended).toBe('SIGKILL');

    for (const partitions of [4, 7]) {
      const backend = new RedisBackend({ ...store, partitions, sort: SORT });
      await expect(backend.connect()).rejects.toThrow(/being changed from 4 to 7 partitions/);
    }
    const other = await repartition(store.keyPrefix, 4, 2);
    expect(other).toMatchObject({ code: 1, said: expect.stringContaining('--from 4 --to 7') });
    const { code } = await repartition(store.keyPrefix, 4, 7);

    expect(code).toBe(0);
    expect(await everythingIn({ ...store, partitions: 7 })).toEqual(before);
  });
});

describe('refuses, and changes nothing,', () => {
  it('while worker hosts are alive', async () => {
    const store = newStore(1);
    const engine = engineOn(store, { worker: true });
    cleanups.push(() => engine.close());
    engine.handlers.define('mail', async () => undefined);
    await engine.connect();
    await engine.workerHost.start();
    await until(async () => (await engine.scheduler.hosts()).length === 1);

    const { code, said } = await repartition(store.keyPrefix, 1, 8);

    expect(code).toBe(1);
    expect(said).toContain('Worker hosts are alive');
    await expectToOpen(store);
  });

  it('while jobs run; an expired lease is moved as it is', async () => {
    const store = newStore(1);
    const backend = new RedisBackend({ ...store, sort: SORT });
    cleanups.push(() => backend.disconnect());
    await backend.connect();
    await backend.broker.enqueue([job()]);
    await backend.broker.settleAndClaim([], claim(1, { leaseMs: 700 }));

    const early = await repartition(store.keyPrefix, 1, 8);
    expect(early).toMatchObject({ code: 1, said: expect.stringContaining('1 jobs run') });
    await until(async () => (await repartition(store.keyPrefix, 1, 8)).code === 0);

    const moved = new RedisBackend({ ...store, partitions: 8, sort: SORT });
    cleanups.push(() => moved.disconnect());
    await moved.connect();
    expect((await moved.manager.counts()).get('mail')).toMatchObject({ running: 1 });
  });

  it('jobs that would need two places, and names them', async () => {
    const store = newStore(1);
    const engine = engineOn(store);
    cleanups.push(() => engine.close());
    await engine.connect();
    for (let n = 0; n < 8; n++) {
      await engine.scheduler.now('mail', {}, { id: `mine-${n}`, key: `k${n}` });
    }
    await engine.close();

    const { code, said } = await repartition(store.keyPrefix, 1, 8);

    expect(code).toBe(1);
    expect(said).toMatch(/jobs would need two places at once/);
    expect(said).toMatch(/job mine-\d: it has the key "k\d" of "mail"/);
    await expectToOpen(store);
  });

  it('jobs that were added before their name had limits over all processes, until they are gone', async () => {
    const store = newStore(1);
    const engine = engineOn(store);
    cleanups.push(() => engine.close());
    await engine.connect();
    for (let n = 0; n < 8; n++) await engine.scheduler.now('mail');
    await engine.scheduler.limits('mail').set({ globalConcurrency: 1 });
    await engine.close();

    const early = await repartition(store.keyPrefix, 1, 8);
    expect(early.code).toBe(1);
    expect(early.said).toMatch(/the limits of "mail" hold its jobs together/);

    const later = engineOn(store);
    cleanups.push(() => later.close());
    await later.connect();
    await later.scheduler.clear('mail');
    for (let n = 0; n < 8; n++) await later.scheduler.now('mail');
    await later.close();
    expect(await repartition(store.keyPrefix, 1, 8)).toMatchObject({ code: 0 });
  });

  it('when somebody writes meanwhile', async () => {
    const store = newStore(1);
    const engine = engineOn(store);
    cleanups.push(() => engine.close());
    await engine.connect();
    await engine.scheduler.now('mail');
    const busy = setInterval(() => void engine.scheduler.now('mail'), 1);
    cleanups.push(() => clearInterval(busy));

    const { code, said } = await repartition(store.keyPrefix, 1, 8);

    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('written') });
    clearInterval(busy);
    await engine.close();
    await expectToOpen(store);
  });

  it('a store that says a sort of itself that nobody can read', async () => {
    const store = newStore(1);
    const engine = engineOn(store);
    await engine.connect();
    await engine.close();
    await redis.hset(`${store.keyPrefix}meta`, 'sort', 'age:1');

    const { code, said } = await repartition(store.keyPrefix, 1, 8);

    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('"age:1"') });
  });

  it('a store that is not there, or has another number of partitions', async () => {
    const store = newStore(2);
    const none = await repartition(newPrefix(), 1, 8);
    expect(none).toMatchObject({ code: 1, said: expect.stringContaining('does not exist') });
    const engine = engineOn(store);
    await engine.connect();
    await engine.close();

    const other = await repartition(store.keyPrefix, 4, 8);
    expect(other).toMatchObject({
      code: 1,
      said: expect.stringContaining('has 2 partitions, not 4'),
    });
    const done = await repartition(store.keyPrefix, 1, 2);
    expect(done).toMatchObject({ code: 0, said: expect.stringContaining('already') });
  });

  it('keys of another store whose prefix goes on where this one ends', async () => {
    const store = newStore(1);
    const engine = engineOn(store);
    await engine.connect();
    await engine.close();
    const other = engineOn({ ...store, keyPrefix: `${store.keyPrefix}ready:` });
    await other.connect();
    await other.close();

    const { code, said } = await repartition(store.keyPrefix, 1, 8);

    expect(code).toBe(1);
    expect(said).toMatch(/The key \S+:ready:\S+ .* is not what its name says/);
    await expectToOpen(store);
  });

  it('a key of somebody else where what it would throw away stands', async () => {
    const store = newStore(1);
    const engine = engineOn(store);
    await engine.connect();
    await engine.close();
    const key = `${store.keyPrefix}claim:42`;
    await redis.hset(key, 'holder', 'ann');

    const { code, said } = await repartition(store.keyPrefix, 1, 8);

    expect(code).toBe(1);
    expect(said).toMatch(/The key \S+:claim:42 .* is not what its name says/);
    expect(await redis.hgetall(key)).toEqual({ holder: 'ann' });
  });

  it('to go on after Ctrl-C while it copies', async () => {
    const store = newStore(3);
    await fillStore(store);
    const [before, keys] = [await everythingIn(store), await keysOf(store.keyPrefix)];

    const { code, said } = await commandIn(
      { signal: AbortSignal.abort() },
      ...['repartition', '--prefix', store.keyPrefix, '--from', '3', '--to', '5'],
    );

    expect({ code, said }).toEqual({ code: 130, said: 'Stopped: the store is as it was.' });
    expect((await keysOf(store.keyPrefix)).toSorted(inOrder)).toEqual(keys.toSorted(inOrder));
    expect(await everythingIn(store)).toEqual(before);
  });

  it('anything, for a dry run', async () => {
    const store = newStore(1);
    await fillStore(store);
    const before = await keysOf(store.keyPrefix);

    const { code, said } = await repartition(store.keyPrefix, 1, 8, '--dry-run');

    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining('can be moved'),
    });
    expect(await keysOf(store.keyPrefix)).toEqual(before);
  });
});

it('leaves a store alone whose prefix goes on where this one ends', async () => {
  const store = newStore(1);
  const other = { ...store, keyPrefix: `${store.keyPrefix}reports:` };
  for (const one of [store, other]) {
    const engine = engineOn(one);
    await engine.connect();
    await engine.scheduler.now('mail');
    await engine.close();
  }

  expect((await repartition(store.keyPrefix, 1, 8)).code).toBe(0);

  await expectToOpen(other);
  const engine = engineOn(other);
  cleanups.push(() => engine.close());
  await engine.connect();
  expect(await engine.scheduler.counts('mail')).toMatchObject({ queued: 1 });
});

async function expectToOpen(store: RedisBackendOptions): Promise<void> {
  const backend = new RedisBackend({ ...store, sort: SORT });
  await expect(backend.connect()).resolves.toBeUndefined();
  await backend.disconnect();
}

async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    keys.push(...(page as string[]));
  }
  return [...new Set(keys)].toSorted(inOrder);
}

async function hashTagsIn(prefix: string): Promise<Set<string>> {
  const tags = (await keysOf(prefix)).map((key) => /\{[^}]+\}/.exec(key)?.[0]);
  return new Set(tags.filter((tag) => tag !== undefined));
}
