import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { define, Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let compiled: CompiledPackage;
let family: Family;
let children: ChildApp[];

beforeAll(async () => {
  compiled = await compilePackage('test/agenda/processes');
}, 30_000);
afterAll(() => compiled?.remove());

beforeEach(() => {
  family = new Family(url);
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  await family.close();
});

const fileOf = (process: string): string =>
  join(compiled.dir, 'test/agenda/processes', `${process}.js`);
const environment = () => ({ REDIS_TEST_URL: url, KEY_PREFIX: family.prefix });

function spawn(process: string, more: NodeJS.ProcessEnv = {}): ChildApp {
  const child = new ChildApp(fileOf(process), { ...environment(), ...more });
  children.push(child);
  return child;
}

it('makes one recurring job and one unique one, however many processes boot at once', async () => {
  const booting = Array.from({ length: 5 }, () => spawn('boot'));
  await Promise.all(booting.map((child) => child.prints(/ready/)));
  for (const child of booting) child.signal('SIGUSR2');
  const ends = await Promise.all(booting.map((child) => child.ended));

  const agenda = await family.agenda();
  const { jobs } = await agenda.queryJobs({ sort: { name: 'asc' } });
  const [mail, report] = jobs;
  const lines = booting.flatMap((child) => child.output.trim().split('\n'));

  expect(jobs).toHaveLength(2);
  expect(lines.filter((line) => line === `report ${report!._id}`)).toHaveLength(5);
  // Fifty saves: one made the job, and all are told of it.
  expect(lines.filter((line) => line === `mail ${mail!._id}`)).toHaveLength(50);
  expect(lines).toHaveLength(5 * (1 + 1 + 10));
  expect(ends).toEqual([0, 0, 0, 0, 0]);
}, 30_000);

it('gives the rows of a killed process to another within one lease', async () => {
  const leaseMs = 1_000;
  const stuck = spawn('stuck-worker', { LEASE_MS: `${leaseMs}` });
  await stuck.prints(/ready/);
  const agenda = await family.agenda({ processEvery: 100 });
  const jobs = await Promise.all([agenda.now('mail'), agenda.now('mail')]);
  for (const job of jobs) await stuck.prints(new RegExp(`started ${job.attrs._id}`));
  const ran = new Set<string>();
  define(agenda, 'mail', (job) => ran.add(job.attrs._id!));
  await agenda.start();
  // As long as it lives it keeps them.
  await pause(2 * leaseMs);
  expect(ran.size).toBe(0);

  stuck.signal('SIGKILL');
  const killedAt = performance.now();
  while (ran.size < 2) await pause(10);

  expect(performance.now() - killedAt).toBeLessThan(leaseMs + 1_000);
  expect(ran).toEqual(new Set(jobs.map((job) => job.attrs._id)));
  await pause(50);
  expect((await agenda.queryJobs({ state: 'completed' })).total).toBe(2);
}, 30_000);

it('lets a process end that has stopped, and leaves its open jobs to others', async () => {
  const child = spawn('short-lived');
  await child.prints(/stopped/);
  const stoppedAt = performance.now();

  expect(await child.ended).toBe(0);
  expect(performance.now() - stoppedAt).toBeLessThan(3_000);
  expect(child.output).not.toContain('error');
  const worker = await family.worker({ mail: () => {} });
  await next(worker, 'complete:mail');
}, 30_000);

describe('fork mode', () => {
  const run = async (data: string | undefined) => {
    const agenda = await family.agenda({
      forkHelper: {
        path: fileOf('fork-helper'),
        options: { env: { ...process.env, NODE_OPTIONS: '', ...environment() }, execArgv: [] },
      },
    });
    define(agenda, 'mail', () => {});
    const completed = next(agenda, 'complete:mail');
    await agenda.start();
    const job = await agenda.create('mail', data).forkMode(true).save();
    await completed;
    return (await agenda.queryJobs({ id: job.attrs._id })).jobs[0]!;
  };

  it('runs a job in a process of its own, whose touches count', async () => {
    const row = await run(undefined);

    expect(row).toMatchObject({ state: 'completed', fork: true, progress: 70 });
    expect(row).not.toHaveProperty('lockedAt');
    expect(row).not.toHaveProperty('failReason');
  });

  it.each([
    ['fails', 'fail', /no luck in the fork/],
    ['dies', 'die', /code: 2/],
  ])('tells of one that %s', async (_, data, reason) => {
    expect(await run(data)).toMatchObject({
      state: 'failed',
      failCount: 1,
      failReason: expect.stringMatching(reason),
      nextRunAt: null,
    });
  });
});
