import { Redis } from 'ioredis';
import { openTestStore, type TestStore } from './support.js';

let store: TestStore;
let redis: Redis;

beforeEach(async () => {
  redis = new Redis(process.env.TEST_REDIS_URL!);
  store = await openTestStore();
  await store.engine.scheduler.now('mail', { to: 'ann' });
});

afterEach(async () => {
  await store.close();
  redis.disconnect();
});

it('says that nothing is wrong', async () => {
  const { code, out } = await store.run('doctor');

  expect(code).toBe(0);
  expect(out).toMatch(/version \d/);
  expect(out).toMatch(/1 job looked at in \d+\.\d seconds: nothing is wrong\.$/);
});

it('finds and changes nothing without --repair, mends with it, and finds it no more', async () => {
  await redis.del(`${store.keyPrefix}ready:mail`);

  const looked = await store.run('doctor');
  expect(looked.code).toBe(1);
  expect(looked.out).toMatch(/fault\s+misplaced {2}Job \S+:.*\n.*can be mended: --repair/);
  expect(looked.out).toMatch(/1 fault, 1 not mended\.$/);
  expect(await redis.exists(`${store.keyPrefix}ready:mail`)).toBe(0);

  const repaired = await store.run('doctor', '--repair', '--pace', '100');
  expect(repaired.code).toBe(0);
  expect(repaired.out).toMatch(/1 fault, all mended\.$/);
  expect(await redis.exists(`${store.keyPrefix}ready:mail`)).toBe(1);
  expect((await store.run('doctor')).out).toMatch(/nothing is wrong\.$/);
});

it('shows what strangers have written as text', async () => {
  await redis.set(`${store.keyPrefix}\u001b[31mred`, '1');

  expect((await store.run('doctor')).out).toContain('\\u001b[31mred');
});

it('tells its report as one JSON document', async () => {
  await redis.hset(`${store.keyPrefix}results`, 'nobody', '1');

  const { code, document } = await store.json('doctor');

  expect(code).toBe(1);
  expect(document).toMatchObject({ isSound: false, jobs: 1, keyPrefix: store.keyPrefix });
  expect(document.findings).toContainEqual(
    expect.objectContaining({ code: 'remains', subject: 'nobody', outcome: 'mendable' }),
  );
});

it.each(['--pace=0', '--pace=101', '--mend', 'now'])('does not understand %s', async (argument) => {
  const { code } = await store.run('doctor', argument);

  expect(code).toBe(2);
});
