import { Engine } from '../../lib/core/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { Stage } from './support/stage.js';

const keys = Array.from({ length: 10 }, (_, i) => `user-${i}`);
const racers = 50;

let stage: Stage;
let producers: Engine[];
beforeEach(async () => {
  stage = await Stage.open();
  producers = Array.from({ length: 10 }, () => {
    return new Engine(new RedisBackend(stage.store), { worker: false });
  });
  await Promise.all(producers.map((producer) => producer.connect()));
});
afterEach(async () => {
  await Promise.all(producers.map((producer) => producer.close()));
  await stage.close();
});

type Add = (producer: Engine, key: string) => Promise<{ id: string }>;

const ways: [way: string, add: Add][] = [
  [
    'an idempotency key',
    ({ scheduler }, key) => scheduler.now('work', { key }, { idempotencyKey: key }),
  ],
  [
    'a field of their data as the key',
    ({ scheduler }, key) =>
      scheduler.now('work', { key }, { dedupe: { key: ['key'], mode: 'latest' } }),
  ],
  [
    'a unique key',
    async ({ scheduler }, key) => {
      const job = scheduler.create('work', { key }).unique({ 'data.key': key });
      return job.save();
    },
  ],
];

it.each(ways)(
  'makes one job of fifty racing adds with %s, for each of ten keys',
  async (_, add) => {
    const added = await Promise.all(
      keys.map(async (key) => {
        const racing = Array.from({ length: racers }, (_, i) => {
          return add(producers[i % producers.length]!, key);
        });
        const ids = (await Promise.all(racing)).map(({ id }) => id);
        return { key, ids: new Set(ids) };
      }),
    );

    expect(added.map(({ ids }) => ids.size)).toEqual(keys.map(() => 1));
    expect(new Set(added.flatMap(({ ids }) => [...ids])).size).toBe(keys.length);
    expect(await stage.counts()).toMatchObject({ queued: keys.length, total: keys.length });
    expect(await stage.violations()).toEqual([]);
  },
);
