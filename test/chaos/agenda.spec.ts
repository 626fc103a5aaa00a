import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Family, define } from '../agenda/support/family.js';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { isLong, print } from './support/stage.js';

/* The real Agenda on our backend, in processes of its own. */

let compiled: CompiledPackage;
let redis: PrivateRedis;
let family: Family;
let children: ChildApp[];

beforeAll(async () => {
  compiled = await compilePackage('test/agenda/processes');
});
afterAll(() => compiled?.remove());

beforeEach(async () => {
  redis = await startPrivateRedis({ appendonly: true, appendfsync: 'always' });
  family = new Family(redis.url);
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  await family.close();
  await redis.stop();
});

async function spawn(process: string): Promise<ChildApp> {
  const file = join(compiled.dir, 'test/agenda/processes', `${process}.js`);
  const child = new ChildApp(file, { REDIS_TEST_URL: redis.url, KEY_PREFIX: family.prefix });
  children.push(child);
  await child.prints(/ready/);
  return child;
}

/** What processes have told in lines that begin with a word. */
const linesOf = (word: string): string[] =>
  children
    .flatMap(({ output }) => output.split('\n'))
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => line.slice(word.length + 1));

async function until(holds: () => unknown): Promise<void> {
  while (!(await holds())) await wait(20);
}

it('survives restarts of Redis under load, goes on, and loses no job', async () => {
  const workers = [await spawn('busy-worker'), await spawn('busy-worker')];
  const producer = await spawn('busy-producer');
  const died = Promise.race(workers.map(({ ended }) => ended));
  await until(() => linesOf('ran').length > 50);
  const resumedAfter: number[] = [];
  for (let round = 0; round < (isLong ? 20 : 3); round++) {
    await redis.kill('SIGKILL');
    await wait(500);
    await redis.restart();
    const backAt = performance.now();
    const before = linesOf('ran').length;
    await until(() => linesOf('ran').length > before + 20);
    resumedAfter.push(performance.now() - backAt);
  }
  producer.signal('SIGUSR2');
  expect(await producer.ended).toBe(0);
  const added = linesOf('added');
  await until(() => {
    const ran = new Set(linesOf('ran'));
    return added.every((id) => ran.has(id));
  });

  const agenda = await family.agenda();
  await until(async () => (await agenda.queryJobs({ state: 'completed' })).total >= added.length);
  const runs = linesOf('ran');
  print('restarts under Agenda', {
    added: added.length,
    refused: linesOf('refused').length,
    runsTwice: runs.length - new Set(runs).size,
    resumedAfter,
  });
  // No outage was as long as a lease.
  expect(new Set(runs).size).toBe(runs.length);
  expect(await Promise.race([died, wait(0, 'alive')])).toBe('alive');
  expect(Math.max(...resumedAfter)).toBeLessThan(4_000);
});

it('gives the rows of a killed process to another within its lease of 30 s, not after 10 minutes', async () => {
  const stuck = await spawn('stuck-worker');
  const agenda = await family.agenda({ processEvery: 1_000 });
  const job = await agenda.now('mail');
  await stuck.prints(/started/);
  const started = new Promise<string>((resolve) => {
    define(agenda, 'mail', ({ attrs }) => resolve(attrs._id!));
  });
  await agenda.start();

  stuck.signal('SIGKILL');
  const killedAt = performance.now();

  expect(await started).toBe(job.attrs._id);
  print('killed under Agenda', { takenOverAfterMs: performance.now() - killedAt });
  expect(performance.now() - killedAt).toBeLessThan(32_000);
});
