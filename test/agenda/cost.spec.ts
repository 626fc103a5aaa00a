import { Redis } from 'ioredis';
import { Monitor, tally } from '../chaos/support/monitor.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { Family, next, pause } from './support/family.js';

let redis: PrivateRedis;
let monitor: Monitor;
let family: Family;

beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis?.stop());

beforeEach(async () => {
  family = new Family(redis.url);
  monitor = await Monitor.on(redis.url);
});
afterEach(async () => {
  monitor.stop();
  await family.close();
});

/** All that clients send meanwhile, and in the moment after it. */
async function commandsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await pause(50);
  await monitor.caughtUp();
  const beganAt = monitor.seen.length;
  await work();
  await pause(100);
  await monitor.caughtUp();
  return tally(monitor.seen.slice(beganAt));
}

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

it.each(['the same process', 'another process'])(
  'takes at most nine commands to add a job and run it, in %s',
  async (where) => {
    const worker = await family.worker({ mail: () => {} });
    const producer = where === 'the same process' ? worker : await family.agenda();
    const runOne = async () => {
      const completed = next(worker, 'complete:mail');
      await producer.now('mail');
      await completed;
    };
    // The first call brings its script along.
    await runOne();

    const counts = await commandsOf(runOne);

    expect(sum(counts)).toBeLessThanOrEqual(9);
    expect((await worker.queryJobs({ state: 'completed' })).total).toBe(2);
  },
);

it('sends scripts by their hash, and sends them whole when the server has forgotten them', async () => {
  const worker = await family.worker({ mail: () => {} });
  const runOne = async () => {
    const completed = next(worker, 'complete:mail');
    await worker.now('mail');
    await completed;
  };
  await runOne();
  expect(await commandsOf(runOne)).not.toHaveProperty('eval');

  const admin = new Redis(redis.url);
  await admin.script('FLUSH');
  admin.disconnect();

  expect(await commandsOf(runOne)).toHaveProperty('eval');
});

it('never looks over all keys, and takes the characters of patterns as they are', async () => {
  const backend = family.backend({ keyPrefix: `${family.prefix}[*]?:` });
  const worker = await family.worker({ 'm*[a]?l': () => {} }, { logging: true }, backend);
  const counts = await commandsOf(async () => {
    const completed = next(worker, 'complete:m*[a]?l');
    const job = await worker.now('m*[a]?l', { n: 1 });
    await worker.now('mail');
    await worker.every('1 hour', 'm*[a]?l');
    await completed;
    expect((await worker.queryJobs({ name: 'm*[a]?l', search: '*[' })).total).toBe(2);
    expect(await worker.disable({ names: ['m*[a]?l'] })).toBe(2);
    expect(await worker.enable({ data: { n: 1 } })).toBe(1);
    await worker.getJobsOverview();
    await worker.getRunningStats();
    await worker.getLogs({ jobName: 'm*[a]?l' });
    await job.remove();
    expect(await worker.purge()).toBe(1);
    expect(await worker.cancelAll()).toBe(1);
    await worker.clearLogs();
  });

  expect(Object.keys(counts)).not.toEqual(expect.arrayContaining(['keys']));
  expect(Object.keys(counts)).not.toEqual(expect.arrayContaining(['scan']));
});

it('removes ten thousand jobs in few calls', async () => {
  const agenda = await family.agenda();
  for (let i = 0; i < 10; i++) {
    await Promise.all(Array.from({ length: 1_000 }, () => agenda.now('mail')));
  }
  let removed = 0;

  const counts = await commandsOf(async () => (removed = await agenda.cancel({ name: 'mail' })));

  expect(removed).toBe(10_000);
  expect(sum(counts)).toBeLessThan(500);
});
