import { setTimeout as wait } from 'node:timers/promises';
import { isLong, print, Stage } from './support/stage.js';

const lateMs = isLong ? 12_000 : 3_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('starts before its Redis is up, and runs the first job within a second when it comes', async () => {
  await stage.redis.kill();
  const workers = [1, 2].map(() => stage.beginWorker({ redis: { waitForRedis: true } }));
  const producer = stage.beginProducer({ redis: { waitForRedis: true }, count: 100 });
  await wait(lateMs);
  expect(stage.children.filter(({ hasEnded }) => hasEnded)).toEqual([]);

  await stage.redis.restart();
  const upAt = Date.now();
  await producer.ended;
  await stage.untilCompleted(100);
  const [first] = await stage.facts.of('started');
  await stage.endAll(workers);

  print(`Redis ${lateMs} ms late`, { firstJobAfterMs: first!.at - upAt });
  expect(first!.at - upAt).toBeLessThanOrEqual(1_000);
  expect(await stage.facts.of('refused')).toEqual([]);
  expect(await stage.facts.ids('added')).toHaveLength(100);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});
