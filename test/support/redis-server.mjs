// Servers for the tests, of two kinds:
// - the shared one of a test run, which may be somebody's (REDIS_TEST_URL, REDIS_URL): a test only
//   touches keys under a prefix of its own;
// - a private one, always started here, for a test that restarts, flushes or kills it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onFreePort } from './own-process.mjs';
import { redisBinary, which } from './redis-binary.mjs';
import { answersPing, pause, START_WITHIN_MS, startProcess } from './redis-process.mjs';

export { redisBinary };

/** The server of a test run: `{ url, how, stop() }`. */
export async function findOrStartRedis() {
  for (const variable of ['REDIS_TEST_URL', 'REDIS_URL']) {
    const url = process.env[variable];
    if (url) return givenServer(variable, url);
  }
  const server = (await startSharedBinary()) ?? (await startDocker());
  if (server) return server;
  throw new Error(
    'The tests need Redis 6.0 or newer and found none. Set REDIS_TEST_URL, or install Redis ' +
      '(apt-get install redis-server, brew install redis), or start Docker.',
  );
}

/** Starts a server of the caller's own; see the type declarations beside this file. */
export async function startPrivateRedis(options = {}) {
  const binary = neededBinary();
  const ownDir = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'redis-test-')) : undefined;
  const dir = options.dir ?? ownDir;
  const start = (port) => startProcess(binary, serverArguments({ ...options, port, dir }), port);

  let port = options.port;
  let server;
  try {
    if (port === undefined) ({ port, server } = await onFreePort(start));
    else server = await start(port);
  } catch (error) {
    if (ownDir) rmSync(ownDir, { recursive: true, force: true });
    throw error;
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    get pid() {
      return server.pid;
    },
    kill: (signal = 'SIGKILL') => server.kill(signal),
    async restart() {
      await server.end();
      server = await start(port);
    },
    async stop() {
      await server.kill('SIGKILL');
      if (ownDir) rmSync(ownDir, { recursive: true, force: true });
    },
  };
}

/** The binary for servers of the caller's own. */
export function neededBinary() {
  const binary = redisBinary();
  if (binary) return binary;
  throw new Error(
    'This test starts a Redis of its own and found no redis-server. Install Redis ' +
      '(apt-get install redis-server, brew install redis).',
  );
}

async function givenServer(variable, url) {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 5_000, retryStrategy: null });
  // The reason comes from here: the rejection of connect() only says that the connection is closed.
  let reason = '';
  client.on('error', (error) => (reason = error.message));
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    throw new Error(
      `${variable} names a Redis that does not answer (${reason || error.message}). ` +
        `Start it, or unset ${variable} to let the tests start a server of their own.`,
      { cause: error },
    );
  } finally {
    client.disconnect();
  }
  return { url, how: variable, stop: async () => {} };
}

async function startSharedBinary() {
  const binary = redisBinary();
  if (!binary) return undefined;
  const server = await startPrivateRedis();
  return { url: server.url, how: binary.file, stop: () => server.stop() };
}

async function startDocker() {
  if (!which('docker')) return undefined;
  if (spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status !== 0) {
    return undefined;
  }
  const docker = (...args) =>
    execFileSync('docker', args, { encoding: 'utf8', timeout: 120_000 }).trim();
  const container = docker('run', '-d', '--rm', '-p', '127.0.0.1:0:6379', 'redis:7-alpine');
  const stop = async () => void docker('rm', '-f', container);
  const port = Number(docker('port', container, '6379/tcp').split(':').at(-1));
  const until = performance.now() + START_WITHIN_MS;
  while (performance.now() < until) {
    if (await answersPing(port)) return { url: `redis://127.0.0.1:${port}`, how: 'docker', stop };
    await pause(100);
  }
  await stop();
  throw new Error('The Redis container did not answer. See `docker logs`.');
}

function serverArguments({ port, dir, appendonly = false, appendfsync = 'everysec', args = [] }) {
  const settings = {
    port,
    dir,
    bind: '127.0.0.1',
    save: '',
    logfile: '',
    appendonly: appendonly ? 'yes' : 'no',
    appendfsync,
  };
  const common = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return [...common, ...args];
}
