import { setTimeout as wait } from 'node:timers/promises';
import { type Swallowed, TcpProxy } from '../support/tcp-proxy.js';
import type { Child } from './support/child.js';
import { repeated } from './support/fact-book.js';
import { print, Stage } from './support/stage.js';

/* Connections that look alive at both ends while nothing gets through: nobody is told, somebody must notice. */

let stage: Stage;
let proxies: TcpProxy[];
beforeEach(async () => {
  stage = await Stage.open();
  proxies = [];
});
afterEach(async () => {
  await stage.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
});

async function newProxy(): Promise<TcpProxy> {
  const proxy = await TcpProxy.to(stage.redis.port);
  proxies.push(proxy);
  return proxy;
}

it('notices within seconds that a connection has died in silence, either way, keeps its jobs, and goes on', async () => {
  const ways: Swallowed[] = ['everything', 'answers', 'commands'];
  // Long enough for a renewal that is lost, and a second one over a new connection.
  const leaseMs = 9_000;
  const engine = { lease: leaseMs };
  const crew: Child[] = [];
  // Each has work that nobody else does: it must go on itself.
  for (const way of ways) {
    const { url: connectionString } = await newProxy();
    crew.push(await stage.worker({ redis: { connectionString }, engine, names: [way] }));
  }
  const long = await Promise.all(ways.map((way) => stage.add(1, { ms: 8_000 }, way)));
  await stage.until('the long jobs run', async () => {
    return (await stage.facts.of('started')).length === ways.length;
  });
  const short: string[] = [];
  for (let round = 0; round < 60; round++) {
    if (round === 20) ways.forEach((way, i) => proxies[i]!.swallow(way));
    for (const way of ways) short.push(...(await stage.add(1, { ms: 20 }, way)));
    await wait(50);
  }
  for (const way of ways) await stage.untilCompleted(61, way);
  await stage.endAll(crew);

  const starts = await stage.facts.byId('started');
  const latestMs = Object.fromEntries(
    ways.map((way) => {
      const ofName = [...starts.values()].flat().filter(({ name }) => name === way);
      return [way, Math.max(...ofName.map(({ at, dueAt }) => at - dueAt!))];
    }),
  );
  print('silent connections, latest start in ms', latestMs);
  expect([...starts.keys()].sort()).toEqual([...long.flat(), ...short].sort());
  // The next call finds out, a renewal at the latest; its connection is given up after 3 s, and what its
  // claims had taken along comes back with the next one.
  expect(Math.max(...Object.values(latestMs))).toBeLessThan(leaseMs / 3 + 3_000 + 1_500);
  expect(repeated(starts)).toEqual([]);
  expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
  expect(await stage.facts.of('signalled')).toEqual([]);
  expect(await stage.facts.of('lost')).toEqual([]);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});

it('gives the jobs of a worker that hears nothing at all to another, which alone settles them, and takes it back', async () => {
  const leaseMs = 2_000;
  const engine = { lease: leaseMs, shutdown: { timeout: 300, grace: 100, flush: 500 } };
  const [proxy, darkForGood] = [await newProxy(), await newProxy()];
  const [half, none] = [{ connectionString: proxy.url }, { connectionString: darkForGood.url }];
  const cutOff = await stage.worker({ redis: half, engine });
  const leaving = await stage.worker({ redis: none, engine, names: ['leaving'] });
  const [deaf] = await stage.add(1, { ms: 4_000 });
  const [loyal] = await stage.add(1, { ms: 4_000, obeys: true });
  const [left] = await stage.add(1, { ms: 4_000, obeys: true }, 'leaving');
  await stage.until('the jobs run', async () => (await stage.facts.of('started')).length === 3);

  proxy.darken();
  darkForGood.darken();
  const darkSince = Date.now();
  const other = await stage.worker({ engine, names: ['work', 'leaving'] });
  // One that is told to end meanwhile has nobody to say goodbye to, and ends all the same.
  leaving.terminate();
  const ended = leaving.ended.then((code) => ({ code, afterMs: Date.now() - darkSince }));
  const ids = [deaf!, loyal!, left!];
  const startsOf = async (id: string) => stage.facts.of('started', id);
  await stage.until('all jobs are taken over', async () => {
    return (await stage.facts.of('started')).length === 6;
  });
  const takenOver = (await stage.facts.of('started')).filter(({ attempt }) => attempt === 2);
  const takenOverAfterMs = Math.max(...takenOver.map(({ at }) => at)) - darkSince;
  const signals = (await stage.facts.of('signalled')).filter(({ pid }) => pid === cutOff.pid);
  proxy.lighten();
  await stage.untilCompleted(2);
  await stage.untilCompleted(1, 'leaving');
  await stage.endAll([other]);
  const after = await stage.add(5, {});
  await stage.untilCompleted(7);
  await stage.endAll([cutOff]);

  const { code, afterMs: endedAfterMs } = await ended;
  print('cut off', { takenOverAfterMs, endedAfterMs });
  expect(code).toBe(0);
  // The handlers knew before anybody else could have their jobs.
  expect(new Map(signals.map(({ id, why }) => [id, why]))).toEqual(
    new Map([deaf!, loyal!].map((id) => [id, 'LeaseLostError'])),
  );
  expect(Math.max(...signals.map(({ at }) => at))).toBeLessThan(darkSince + leaseMs);
  expect(takenOverAfterMs).toBeLessThan(leaseMs + 1_500);
  for (const id of ids) {
    expect((await startsOf(id)).map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect((await stage.facts.of('completed', id)).map(({ pid }) => pid)).toEqual([other.pid]);
  }
  for (const id of after) expect((await startsOf(id))[0]!.pid).toBe(cutOff.pid);
  expect(await stage.facts.of('failed')).toEqual([]);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
  expect(endedAfterMs).toBeLessThan(5_000);
});
