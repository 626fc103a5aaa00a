import { constant } from 'agenda';
import { RedisJobLogger } from '../../lib/redis/index.js';
import { define, Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

it('keeps the story of a job in order, over both of its tries', async () => {
  let tries = 0;
  const agenda = await family.agenda({ logging: true, name: 'shop' });
  const run = async () => {
    tries += 1;
    if (tries === 1) throw new Error('no luck');
  };
  define(agenda, 'mail', run, { backoff: constant({ delay: 10 }) });
  const success = next(agenda, 'success:mail');
  await agenda.start();
  const job = await agenda.now('mail');
  await success;
  await next(agenda, 'complete:mail');

  const query = { jobId: job.attrs._id!, sort: 'asc' as const };
  while ((await agenda.getLogs(query)).total < 9) await pause(10);
  const { entries } = await agenda.getLogs(query);

  expect(entries.map(({ event }) => event)).toEqual([
    ...['locked', 'start', 'fail', 'retry', 'complete'],
    ...['locked', 'start', 'success', 'complete'],
  ]);
  expect(entries[2]).toMatchObject({
    level: 'error',
    error: 'no luck',
    failCount: 1,
    agendaName: 'shop',
    jobName: 'mail',
    timestamp: expect.any(Date),
  });
  expect((await agenda.getLogs({ level: ['error', 'warn'], limit: 1 })).total).toBe(1);
  expect(await agenda.clearLogs({ event: 'locked' })).toBe(2);
  expect(await agenda.clearLogs()).toBe(7);
});

it('keeps only what is asked for', async () => {
  const agenda = await family.agenda({ logging: { default: false } });
  define(agenda, 'loud', async () => {}, { logging: true });
  define(agenda, 'quiet', async () => {});
  await agenda.start();
  const ends = [next(agenda, 'complete:loud'), next(agenda, 'complete:quiet')];
  await Promise.all([agenda.now('loud'), agenda.now('quiet'), ...ends]);
  while ((await agenda.getLogs({ event: 'complete' })).total < 1) await pause(10);

  const { entries } = await agenda.getLogs();

  expect(new Set(entries.map(({ jobName }) => jobName))).toEqual(new Set(['loud']));
});

it('takes a logger of its own, beside any backend', async () => {
  const logger = new RedisJobLogger({ connectionString: url, keyPrefix: `${family.prefix}log:` });
  const agenda = await family.worker({ mail: () => {} }, { logging: logger });
  const completed = next(agenda, 'complete:mail');
  await agenda.now('mail');
  await completed;
  while ((await agenda.getLogs()).total < 4) await pause(10);

  expect((await family.backend().logger.getLogs()).total).toBe(0);
  expect(await agenda.clearLogs()).toBe(4);
});

it('gives entries of two processes different ids, also in the same millisecond', async () => {
  const agendas = await Promise.all(
    [1, 2].map(() => family.worker({ mail: () => {} }, { logging: true })),
  );
  const entry = { level: 'info', event: 'start', jobName: 'mail', message: 'x' } as const;
  const timestamp = new Date();
  const logs = agendas.flatMap(() => family.backend().logger);

  await Promise.all(logs.flatMap((log) => [1, 2, 3].map(() => log.log({ ...entry, timestamp }))));

  const { entries } = await agendas[0]!.getLogs();
  expect(new Set(entries.map(({ _id }) => _id)).size).toBe(6);
});
