// `npm run check:consumers [-- tarball]`: installs the packed package into applications as users have them, in
// folders outside of this one, and builds, tests and runs them on a Redis of their own. They stand in
// test/consumers; each has the scripts `build`, `test` and `start`.
import { spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPrivateRedis } from '../test/support/redis-server.mjs';
import { withTarball } from './package-tarball.mjs';

const consumers = fileURLToPath(new URL('../test/consumers', import.meta.url));
/** An application that does not end by itself has something open. */
const LIMIT_MS = { install: 240_000, build: 60_000, test: 60_000, start: 30_000 };

const underWay = new Set();
process.once('exit', () => underWay.forEach(end));
// So that there is an exit: they stand in groups of their own, which no signal to this one reaches.
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));

await withTarball(async (dir, tarball) => {
  const redis = await startPrivateRedis();
  try {
    const names = readdirSync(consumers);
    const checks = await Promise.allSettled(names.map((name) => check(name, dir, tarball, redis)));
    const failures = checks.flatMap(({ reason }) => (reason ? [reason.message] : []));
    if (failures.length > 0) throw new Error(failures.join('\n\n'));
  } finally {
    await redis.stop();
  }
});

async function check(name, dir, tarball, redis) {
  const startedAt = performance.now();
  const place = join(dir, name);
  cpSync(join(consumers, name), place, { recursive: true });
  addDependency(join(place, 'package.json'), tarball);
  await install(name, place);
  const environment = { REDIS_URL: redis.url };
  for (const script of ['build', 'test', 'start']) {
    await npm(`${name}: npm run ${script}`, place, ['run', script], LIMIT_MS[script], environment);
  }
  console.log(`${name}: works, after ${Math.round((performance.now() - startedAt) / 1_000)} s`);
}

function addDependency(file, tarball) {
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.dependencies['nestjs-agenda-redis'] = `file:${tarball}`;
  writeFileSync(file, JSON.stringify(manifest));
}

async function install(name, place) {
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
  // A registry that is not there is found out in seconds.
  const retries = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
  const remedy =
    'The check needs the npm registry (see `npm config get registry`), or a cache that has what ' +
    `test/consumers/${name}/package.json asks for.`;
  try {
    await npm(`${name}: npm install`, place, ['install', ...quiet, ...retries], LIMIT_MS.install);
  } catch (error) {
    throw new Error(`${error.message}\n${remedy}`, { cause: error });
  }
}

/** Rejects with all that was written, unless it succeeds in time. */
function npm(what, cwd, args, limitMs, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
      detached: process.platform !== 'win32',
    });
    underWay.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      end(child);
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      underWay.delete(child);
      if (code === 0 && !isLate) return resolve();
      const why = isLate ? `did not end within ${limitMs / 1_000} s` : `ended with ${code}`;
      reject(new Error(`${what} ${why}\n${output}`));
    });
  });
}

/** With what it has started: npm leaves its scripts running. */
function end(child) {
  if (process.platform === 'win32') return child.kill('SIGKILL');
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended just now.
  }
}
