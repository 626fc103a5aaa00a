import { setTimeout as wait } from 'node:timers/promises';
import { scripts } from '../../lib/redis/all-scripts.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { Monitor, tally } from './support/monitor.js';
import { isLong, print, Stage } from './support/stage.js';

const names = Array.from({ length: 50 }, (_, i) => `job-${i}`);

let stage: Stage;
let monitor: Monitor;
async function open(partitions: number): Promise<void> {
  const redis = await startPrivateRedis();
  const store = { connectionString: redis.url, partitions };
  stage = await Stage.on({ store, stop: () => redis.stop() }, redis);
  // Before there is anything to see: ioredis trips over a command in the moment of its start.
  await stage.client.ping();
  // A script that a server sees for the first time costs a call more, once for all processes.
  for (const { source } of Object.values(scripts)) await stage.client.script('LOAD', source);
  monitor = await Monitor.on(redis.url);
}
afterEach(async () => {
  monitor.stop();
  await stage.close();
});

/** The addresses of all clients but our own and monitors. */
async function othersOf(): Promise<string[]> {
  const list = (await stage.client.client('LIST')) as string;
  const own = await stage.client.client('ID');
  return list
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(`id=${own} `) && !/ flags=\S*O/.test(line))
    .map((line) => / addr=(\S+)/.exec(line)![1]!);
}

it.each([
  { partitions: 1, seconds: isLong ? 60 : 12 },
  { partitions: 8, seconds: 60 },
])(
  'costs an idle worker with 50 handlers less than one command a second on two connections, with $partitions partitions',
  async ({ partitions, seconds }) => {
    await open(partitions);
    await stage.worker({ names });
    const connections = await othersOf();
    // What a start costs is not meant.
    await wait(1_000);
    const beganAt = monitor.seen.length;
    await wait(seconds * 1_000);
    monitor.stop();
    const sent = monitor.seen.slice(beganAt).filter(({ client }) => connections.includes(client));

    print(`${partitions} partitions, idle for ${seconds} s`, tally(sent));
    expect(connections).toHaveLength(2);
    expect(await othersOf()).toEqual(connections);
    expect(sent.length).toBeLessThan(seconds);
    // A worker that never looks would pass as well.
    expect(sent.length).toBeGreaterThan(0);
    expect(stage.troubles()).toEqual([]);
  },
);

it('takes at most four commands to add a job and run it in another process', async () => {
  await open(1);
  await stage.worker({ names: ['work', ...names] });
  const count = isLong ? 200 : 20;
  await stage.add(2, {});
  await stage.untilCompleted(2);
  const producer = await stage.producer({ count, everyMs: 100 });
  const beganAt = monitor.seen.length;
  await producer.ended;
  await wait(100);
  monitor.stop();
  const sent = monitor.seen.slice(beganAt);

  print(`commands of ${count} jobs, one after the other`, tally(sent));
  // What the worker does of its own accord meanwhile counts, too.
  expect(sent.length / count).toBeLessThanOrEqual(4);
  expect(await stage.counts()).toMatchObject({ completed: count + 2, total: count + 2 });
  expect(stage.troubles()).toEqual([]);
});
