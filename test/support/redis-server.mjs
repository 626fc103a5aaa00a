// Servers for the tests, of two kinds:
// - the shared one of a test run, which may be somebody's (REDIS_TEST_URL, REDIS_URL): a test only
//   touches keys under a prefix of its own;
// - a private one, always started here, for a test that restarts, flushes or kills it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onFreePort, withParent } from './own-process.mjs';
import { redisBinary, which } from './redis-binary.mjs';

export { redisBinary };

const startTimeoutMs = 10_000;
const stopTimeoutMs = 5_000;

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
  const binary = redisBinary();
  if (!binary) {
    throw new Error(
      'This test starts a Redis of its own and found no redis-server. Install Redis ' +
        '(apt-get install redis-server, brew install redis).',
    );
  }
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
  const until = performance.now() + startTimeoutMs;
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

async function startProcess({ file, env }, args, port) {
  const [command, ...prefix] = [...withParent('KILL'), file];
  const child = spawn(command, [...prefix, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let lastLine = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text) => {
      lastLine = text.trim().split('\n').at(-1) || lastLine;
    });
  }
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  const exited = new Promise((resolve) => child.once('close', resolve).once('error', resolve)).then(
    () => process.off('exit', killChild),
  );
  const hasExited = () => child.pid === undefined || child.exitCode !== null || child.signalCode;

  const kill = async (signal) => {
    child.kill(signal);
    const endsProcess = !['SIGSTOP', 'SIGCONT'].includes(signal);
    if (endsProcess) await exited;
  };
  const end = async () => {
    child.kill('SIGTERM');
    // A stopped process acts on a signal only once it goes on.
    child.kill('SIGCONT');
    const impatience = setTimeout(killChild, stopTimeoutMs);
    await exited;
    clearTimeout(impatience);
  };

  const until = performance.now() + startTimeoutMs;
  while (!hasExited() && performance.now() < until) {
    // Whoever answers on this port must be our child, not another process that was faster.
    if ((await answersPing(port)) && !hasExited()) return { pid: child.pid, kill, end };
    await pause(20);
  }
  killChild();
  await exited;
  throw new Error(`${file} did not start on port ${port}: ${lastLine || 'no answer'}`);
}

/** True once the server has loaded its data: until then it answers `-LOADING`. */
function answersPing(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(500, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
