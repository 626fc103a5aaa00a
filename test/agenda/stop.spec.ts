import { Redis } from 'ioredis';
import { Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

it('stores the result of a run that outlives the connection, and runs it no second time', async () => {
  let runs = 0;
  const run = async () => {
    runs += 1;
    await pause(200);
  };
  const worker = await family.worker({ mail: run });
  const [started, completed] = [next(worker, 'start:mail'), next(worker, 'complete:mail')];
  const job = await worker.now('mail');
  await started;

  await worker.stop();
  const other = await family.worker({ mail: run });
  await completed;

  expect((await other.queryJobs({ id: job.attrs._id })).jobs).toMatchObject([
    { state: 'completed', lastFinishedAt: expect.any(Date) },
  ]);
  expect(runs).toBe(1);
});

it('processes again after another start, with a connection of its own', async () => {
  const worker = await family.worker({ mail: () => {} });
  for (let round = 0; round < 2; round++) {
    const completed = next(worker, 'complete:mail');
    await worker.now('mail');
    await completed;
    await worker.stop();
    // Adding and asking work in between, too.
    await worker.schedule('in 1 hour', 'mail');
    expect((await worker.queryJobs({ state: 'scheduled' })).total).toBe(round + 1);
    await worker.start();
  }

  expect((await worker.queryJobs({ state: 'completed' })).total).toBe(2);
});

it('gives back what it has claimed and not begun', async () => {
  const worker = await family.worker({ mail: () => {} });
  const job = await worker.schedule('in 1 minute', 'mail');
  const { repository } = family.backend();
  const stored = () => repository.getJobById(job.attrs._id!);
  while (!(await stored())!.lockedAt) await pause(5);

  await worker.stop();
  expect(await stored()).not.toHaveProperty('lockedAt');

  await family.worker({ mail: () => {} });
  while (!(await stored())!.lockedAt) await pause(5);
});

it('leaves nothing behind on the server but its keys', async () => {
  const redis = new Redis(url);
  const connectionName = family.prefix;
  const connected = async () =>
    String(await redis.client('LIST')).split(`name=${connectionName}`).length - 1;
  const backend = family.backend({ redisOptions: { connectionName } });
  const worker = await family.worker({ mail: () => {} }, {}, backend);
  const completed = next(worker, 'complete:mail');
  await worker.now('mail');
  await completed;
  expect(await connected()).toBe(2);

  await worker.stop();
  while ((await connected()) > 0) await pause(20);
  redis.disconnect();
});

it('leaves an injected client as it was, and goes on asking over it', async () => {
  const redis = new Redis(url, { db: 3 });
  await redis.ping();
  const listeners = () => redis.eventNames().map((name) => [name, redis.listenerCount(name)]);
  const before = listeners();
  const backend = family.backend({ redis });
  const worker = await family.worker({ mail: () => {} }, { logging: true }, backend);
  const completed = next(worker, 'complete:mail');
  await worker.now('mail');
  await completed;

  await worker.stop();
  expect((await worker.queryJobs({ state: 'completed' })).total).toBe(1);
  await backend.disconnect();
  while (String(listeners()) !== String(before)) await pause(20);

  expect(await redis.ping()).toBe('PONG');
  await redis.set(`${family.prefix}own`, '1', 'PX', 1_000);
  expect(redis.options.db).toBe(3);
  const subscriber = redis.duplicate();
  await subscriber.subscribe(family.prefix);
  subscriber.disconnect();
  redis.disconnect();
});

it('lets two instances share one backend: the end of one does not cut off the other', async () => {
  const redis = new Redis(url);
  const backend = family.backend({ redis });
  const one = await family.worker({ mail: () => {} }, {}, backend);
  const other = await family.worker({ mail: () => {} }, {}, backend);

  await one.stop();
  const completed = next(other, 'complete:mail');
  await (await family.agenda()).now('mail');
  await completed;

  expect((await other.queryJobs({ state: 'completed' })).total).toBe(1);
  await family.close();
  redis.disconnect();
});
