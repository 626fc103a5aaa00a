import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { changePages, reportBulk } from '../../lib/cli/bulk.js';
import { foundPages } from '../../lib/cli/found-jobs.js';
import { NonRetryableError } from '../../lib/core/errors.js';
import { until } from '../redis/support.js';
import { command, openTestStore, type TestStore } from './support.js';

/*
 * How the program joins a store that belongs to others.
 */

const redis = new Redis(process.env.TEST_REDIS_URL!, { lazyConnect: true });
const stores: TestStore[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

afterAll(() => redis.disconnect());

async function open(...options: Parameters<typeof openTestStore>): Promise<TestStore> {
  const store = await openTestStore(...options);
  stores.push(store);
  return store;
}

it.each([
  { partitions: 1, retryFor: '2 seconds' },
  { partitions: 3, sort: { nextRunAt: 1, priority: -1 } as const },
  { partitions: 8, retryFor: '1 minute' },
])('joins a store made with %j without being told, and changes nothing of it', async (options) => {
  const store = await open(options);
  const meta = `${store.keyPrefix}meta`;
  const before = await redis.hgetall(meta);
  for (let n = 0; n < 20; n++) await store.engine.scheduler.now('mail', { n });

  const { document: listed } = await store.json('list');
  const { document: added } = await store.json('enqueue', 'mail');
  await store.run('cancel', listed.jobs[0].id);

  expect(listed.jobs).toHaveLength(20);
  expect(await store.engine.scheduler.get(added.id)).toMatchObject({ name: 'mail' });
  expect(await store.engine.scheduler.counts('mail')).toMatchObject({ queued: 20 });
  const after = await redis.hgetall(meta);
  const { layout, partitions, sort, goneMs } = before;
  expect(after).toMatchObject({ layout, partitions, sort, goneMs });
  expect(await store.engine.scheduler.hosts()).toEqual([]);
});

it.each([1, 3])(
  'lists every dead letter once, page by page, over %i partitions',
  async (partitions) => {
    const store = await open({ partitions });
    const { handlers, scheduler, workerHost } = store.engine;
    const fail = (): Promise<never> => Promise.reject(new NonRetryableError('broken'));
    handlers.define('mail', fail, { concurrency: 50 });
    const ids = Array.from({ length: 60 }, (_, n) => `m${n}`);
    for (const id of ids) await scheduler.now('mail', {}, { id });
    await workerHost.start();
    await until(async () => (await scheduler.counts('mail')).dead === ids.length);
    await workerHost.stop();

    const seen: string[] = [];
    for (let more: string[] | null = []; more !== null;) {
      const { document } = await store.json('dead', 'list', '--limit', '7', ...more);
      seen.push(...document.jobs.map(({ id }: { id: string }) => id));
      more = document.cursor === null ? null : ['--cursor', document.cursor];
      // It would go on for ever.
      expect(seen.length).toBeLessThanOrEqual(ids.length);
    }

    expect(seen.toSorted()).toEqual(ids.toSorted());
  },
);

it('takes a disabled job that waits for its retry for a paused one', async () => {
  const store = await open();
  const { handlers, scheduler, workerHost } = store.engine;
  handlers.define('mail', () => Promise.reject(new Error('broken')), {
    attempts: 2,
    backoff: '1 hour',
  } as never);
  await scheduler.now('mail', {}, { id: 'a' });
  await workerHost.start();
  await until(async () => (await scheduler.counts('mail')).failed === 1);
  await store.run('disable', 'a');

  expect((await store.json('show', 'a')).document).toMatchObject({ state: 'paused' });
});

it('looks with a user of Redis who may only read', async () => {
  const store = await open();
  await store.engine.scheduler.now('mail', {}, { id: 'a' });
  await store.engine.scheduler.every('1 hour', 'hourly');
  const user = `reader-${process.pid}`;
  await redis.call(...(['ACL', 'SETUSER', user, ...readerRules(store)] as [string, ...string[]]));
  const url = new URL(process.env.TEST_REDIS_URL!);
  [url.username, url.password] = [user, 'password'];
  const run = (...args: string[]) => store.runIn({ environment: { REDIS_URL: url.href } }, ...args);

  for (const args of [
    ['counts'],
    ['list'],
    ['list', '--state', 'queued'],
    ['show', 'a', '--logs'],
    ['schedules'],
    ['top'],
  ]) {
    expect({ args, ...(await run(...args)) }).toMatchObject({ args, code: 0, err: '' });
  }
  expect((await run('hosts')).code).toBe(3);
  expect((await run('dead', 'list')).code).toBe(3);
  const refused = await run('enqueue', 'mail');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('docs/redis-acl.md');
  await redis.call('ACL', 'DELUSER', user);
});

/** Those of docs/redis-acl.md, for this prefix. */
function readerRules({ keyPrefix }: TestStore): string[] {
  const text = readFileSync(new URL('../../docs/redis-acl.md', import.meta.url), 'utf8');
  const [, rules] = /ACL SETUSER agenda-dashboard (.*)/.exec(text)!;
  return rules!.replace('~agenda:*', `~${keyPrefix}*`).split(' ');
}

it('says what was done when it is stopped between two pages', async () => {
  const { engine } = await open();
  const { scheduler } = engine;
  for (let n = 0; n < 450; n++) await scheduler.schedule('in 1 hour', 'mail', { n });
  const stop = new AbortController();
  const { signal } = stop;

  const pages = foundPages(scheduler, { names: ['mail'] }, signal);
  const result = await changePages(pages, { signal }, async (jobs) => {
    stop.abort();
    return scheduler.cancel({ ids: jobs.map(({ id }) => id) });
  });
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  reportBulk({ print: say, tell: say } as never, {}, 'cancelled', result);

  expect(result).toMatchObject({ stopped: 'aborted', matched: result.changed });
  expect(await scheduler.counts('mail')).toMatchObject({ total: 450 - result.changed });
  expect(result.changed).toBeLessThan(450);
  expect(lines).toEqual([`${result.changed} jobs cancelled.`, expect.stringContaining('Stopped')]);
});

it('spells out what a terminal would obey, wherever it is stored', async () => {
  const store = await open();
  const { scheduler } = store.engine;
  const evil = 'a\u202eb';
  await scheduler.now(evil, { text: '\u009b2J \u001b[2J' }, { id: `id-${evil}`, tags: [evil] });
  await scheduler.pause(evil, { reason: '\u001b[2J\nnew line' });
  await scheduler.pause({ reason: '\u001b]0;title\u0007' });

  for (const args of [['list'], ['show', `id-${evil}`], ['counts'], ['top'], ['pause', evil]]) {
    for (const more of [[], ['--json']]) {
      const { said } = await store.run(...args, ...more);
      expect(said).toContain('\\u202e');
      // oxlint-disable-next-line no-control-regex -- that is what must not be there
      expect(said).not.toMatch(/[\0-\t\v-\x1f\x7f-\x9f\u202e]/);
    }
  }
});

it('gives a Redis up that takes the connection and stays silent', async () => {
  const server = createServer((socket) => void sockets.add(socket));
  const sockets = new Set<Socket>();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const { code, err } = await command('counts', '--url', `redis://127.0.0.1:${port}`);

  expect(code).toBe(1);
  expect(err).toContain(`127.0.0.1:${port}`);
  for (const socket of sockets) socket.destroy();
  server.close();
}, 20_000);
