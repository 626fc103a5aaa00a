import { setTimeout as wait } from 'node:timers/promises';
import type { Child } from './support/child.js';
import { repeated } from './support/fact-book.js';
import { seeded } from './support/seed.js';
import { isLong, print, Stage } from './support/stage.js';
import { backToPaceAfter } from './support/throughput.js';

let stage: Stage;
let producers: Child[];
let workers: Child[];
beforeEach(async () => {
  stage = await Stage.open({ appendonly: true, appendfsync: 'always' });
  const engine = { lease: 10_000 };
  workers = [await stage.worker({ engine }), await stage.worker({ engine })];
  producers = [
    await stage.producer({ data: { ms: 20 }, everyMs: 10 }),
    await stage.producer({ data: { ms: 20 }, everyMs: 10 }),
  ];
  await stage.untilCompleted(50);
});
afterEach(() => stage.close());

it('goes on within 2 s when Redis is killed and comes back, and loses no acknowledged job', async () => {
  const random = seeded();
  const resumedAfter: number[] = [];
  const outages: [faultAt: number, wellAt: number][] = [];
  for (let round = 0; round < (isLong ? 20 : 3); round++) {
    await wait(1_000);
    const killedAt = Date.now();
    await stage.redis.kill('SIGKILL');
    await wait(200 + random() * 1_000);
    await stage.redis.restart();
    const backAt = Date.now();
    await stage.until('work goes on', async () => {
      return (await stage.facts.of('started')).some(({ at }) => at > backAt);
    });
    const next = (await stage.facts.of('started')).find(({ at }) => at > backAt);
    resumedAfter.push(next!.at - backAt);
    outages.push([killedAt, backAt]);
    await wait(500);
  }
  await finishWork();

  const backToPaceMs = await timesBackToPace(outages);
  print('Redis killed, ms', { resumedAfter, backToPaceMs });
  expect(Math.max(...resumedAfter)).toBeLessThan(2_000);
  expectSoonBackToPace(backToPaceMs);
});

it('does not mind that all connections are killed, again and again', async () => {
  const outages: [faultAt: number, wellAt: number][] = [];
  for (let round = 0; round < 3; round++) {
    await wait(1_000);
    const at = Date.now();
    await killConnections('normal');
    await killConnections('pubsub');
    outages.push([at, at]);
    await wait(500);
  }
  for (let round = 0; round < (isLong ? 100 : 12); round++) {
    // The second kind alone, the first alone, and both at once.
    if (round % 3 !== 0) await killConnections('normal');
    if (round % 3 !== 1) await killConnections('pubsub');
    await wait(250);
  }
  const { jobs, latestMs } = await finishWork();

  // News is heard again, so nobody waits for the safety net of 5 seconds.
  const backToPaceMs = await timesBackToPace(outages);
  print('connections killed', { jobs, latestMs, backToPaceMs });
  expect(latestMs).toBeLessThan(2_000);
  expectSoonBackToPace(backToPaceMs);
});

it('does not notice that scripts are flushed', async () => {
  for (let round = 0; round < (isLong ? 200 : 20); round++) {
    await stage.client.call('SCRIPT', 'FLUSH');
    await wait(100);
  }
  await finishWork();

  expect(await stage.facts.of('error')).toEqual([]);
});

const killConnections = (type: 'normal' | 'pubsub') =>
  stage.client.call('CLIENT', 'KILL', 'TYPE', type);

async function timesBackToPace(outages: [faultAt: number, wellAt: number][]): Promise<number[]> {
  const completed = await stage.facts.of('completed');
  return outages.map(([faultAt, wellAt]) => backToPaceAfter(completed, faultAt, wellAt));
}

/** Half a second is the figure: one fault shows that we can, and none may be far off when the machine is busy. */
function expectSoonBackToPace(times: readonly number[]): void {
  expect(Math.min(...times)).toBeLessThanOrEqual(500);
  expect(Math.max(...times)).toBeLessThanOrEqual(2_000);
}

/** Lets the work end, and checks that nothing was lost, doubled or broken. */
async function finishWork(): Promise<{ jobs: number; latestMs: number }> {
  await stage.endAll(producers);
  const added = await stage.facts.ids('added');
  await stage.untilCompleted(added.length);
  await stage.endAll(workers);

  const starts = await stage.facts.byId('started');
  expect(await stage.facts.of('refused')).toEqual([]);
  expect(added.filter((id) => !starts.has(id))).toEqual([]);
  // No outage was as long as a lease: nothing ran twice, and no add was stored twice.
  expect(repeated(starts)).toEqual([]);
  expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
  expect(await stage.counts()).toMatchObject({ completed: added.length, total: added.length });
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
  const late = [...starts.values()].map(([first]) => first!.at - first!.dueAt!);
  return { jobs: added.length, latestMs: Math.max(...late) };
}
