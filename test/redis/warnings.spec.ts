import type { BackendWarning } from '../../lib/core/contracts/agenda-backend.js';
import { Engine } from '../../lib/core/engine.js';
import { ConnectionError } from '../../lib/core/errors.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import {
  startPrivateRedis,
  type PrivateRedis,
  type PrivateRedisOptions,
} from '../support/redis-server.mjs';
import { asked, startPair } from './replicas.js';
import { channelRules, job, newPrefix, until } from './support.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serverWith(options: PrivateRedisOptions): Promise<PrivateRedis> {
  const server = await startPrivateRedis(options);
  cleanups.push(() => server.stop());
  return server;
}

function backendAt(connectionString: string, more: Partial<RedisBackendOptions> = {}) {
  const backend = new RedisBackend({ connectionString, keyPrefix: newPrefix(), ...more });
  cleanups.push(() => backend.disconnect());
  const warnings: BackendWarning[] = [];
  backend.onWarning((warning) => void warnings.push(warning));
  return { backend, warnings, codes: () => warnings.map(({ code }) => code) };
}

it('says nothing of a Redis that keeps what it is given', async () => {
  const { url } = await serverWith({ appendonly: true });
  const { backend, codes } = backendAt(url);
  await backend.connect();

  expect(codes()).toEqual([]);
});

it('warns of keys that Redis may evict', async () => {
  const { url } = await serverWith({
    appendonly: true,
    args: ['--maxmemory-policy', 'volatile-ttl'],
  });
  const { backend, warnings } = backendAt(url);
  await backend.connect();

  expect(warnings).toEqual([
    { code: 'eviction-policy', message: expect.stringContaining('volatile-ttl') },
  ]);
});

it('says nothing of an eviction that is allowed', async () => {
  const { url } = await serverWith({
    appendonly: true,
    args: ['--maxmemory-policy', 'allkeys-lru'],
  });
  const { backend, codes } = backendAt(url, { allowEviction: true });
  await backend.connect();

  expect(codes()).toEqual([]);
});

it('warns of a Redis without an append-only file, and says whether there is a snapshot', async () => {
  const server = await serverWith({});
  const without = backendAt(server.url);
  await without.backend.connect();
  await asked(server, async (client) => {
    await client.bgsave();
    await until(async () => /rdb_bgsave_in_progress:0/.test(await client.info('persistence')));
  });
  const saved = backendAt(server.url);
  await saved.backend.connect();

  expect(without.warnings).toEqual([
    { code: 'persistence-off', message: expect.stringContaining('no snapshot since it started') },
  ]);
  expect(saved.warnings).toEqual([
    { code: 'persistence-off', message: expect.stringContaining('since its last snapshot') },
  ]);
});

it('warns of a replica, which then refuses the start', async () => {
  const { master, replica } = await startPair();
  cleanups.push(() => Promise.all([master.stop(), replica.stop()]));
  const { backend, codes } = backendAt(replica.url, { retryFor: 200 });

  await expect(backend.connect()).rejects.toThrow(ConnectionError);
  expect(codes()).toEqual(['persistence-off', 'replica']);
});

it('works with a Redis that hides what it is, and warns once', async () => {
  const server = await serverWith({});
  await asked(server, async (client) => {
    const rules = [...(await channelRules(client, ['&*'])), '+@all', '-info'];
    await client.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', ...rules);
  });
  const { backend, codes } = backendAt(server.url.replace('//', '//app:secret@'));
  await backend.connect();

  expect((await backend.broker.enqueue([job()]))[0]!.created).toBe(true);
  expect(codes()).toEqual(['eviction-unknown']);
});

it('warns once, however often the backend connects', async () => {
  const server = await serverWith({});
  const { backend, codes } = backendAt(server.url);
  await backend.connect();
  await asked(server, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal'));
  await backend.broker.enqueue([job()]);
  await backend.disconnect();
  await backend.connect();

  expect(codes()).toEqual(['persistence-off']);
});

it('is the event `warning` of an engine, as long as that is connected', async () => {
  const { url } = await serverWith({});
  const backend = new RedisBackend({ connectionString: url });
  const engine = new Engine(backend);
  const told: string[] = [];
  engine.events.on('warning', ({ code, message }) => void told.push(`${code}: ${message}`));
  await engine.connect();
  await engine.close();

  expect(told).toEqual([expect.stringMatching(/^persistence-off: Redis at 127\.0\.0\.1:/)]);
});

it('is a process warning, once for a Redis, where nobody listens', async () => {
  const { url } = await serverWith({});
  const told: unknown[] = [];
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (...warning: unknown[]) => void told.push(warning);
  cleanups.push(() => void (process.emitWarning = emitWarning));
  for (const keyPrefix of ['a:', 'b:']) {
    const backend = new RedisBackend({ connectionString: url, keyPrefix });
    await backend.connect();
    await backend.disconnect();
  }

  expect(told).toEqual([[expect.stringContaining(new URL(url).host), { code: 'persistence-off' }]]);
});
