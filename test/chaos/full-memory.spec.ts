import { setTimeout as wait } from 'node:timers/promises';
import { repeated } from './support/fact-book.js';
import { print, Stage } from './support/stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('refuses only adds when the memory is full, goes on working, and takes adds again afterwards', async () => {
  await limitMemory(6_000_000);
  const data = { ms: 100, ballast: 'x'.repeat(10_000) };
  // Twice as much as the workers can do, so that the memory fills and stays full.
  const producer = await stage.producer({ data, burst: 2, everyMs: 10 });
  await stage.until('the memory is full', async () => {
    return (await stage.facts.of('refused')).length >= 20;
  });
  const before = (await stage.facts.of('completed')).length;
  expect(before).toBe(0);

  const worker = await stage.worker({ handler: { concurrency: 10, removeOnComplete: true } });
  await stage.until('running jobs are settled while adds are refused', async () => {
    const facts = await stage.facts.all();
    const firstEnd = facts.find(({ kind }) => kind === 'completed');
    const ended = facts.filter(({ kind }) => kind === 'completed').length;
    const refusedSince = facts.filter(({ kind, at }) => {
      return kind === 'refused' && firstEnd !== undefined && at > firstEnd.at;
    });
    return ended >= 50 && refusedSince.length >= 20;
  });
  await stage.endAll([producer]);
  await stage.until('all jobs are done', async () => (await stage.counts()).total === 0);
  await wait(50);
  const later = await stage.added({ data, count: 50, burst: 10 });
  await stage.until('all jobs are done', async () => (await stage.counts()).total === 0);
  await stage.endAll([worker]);

  const refused = await stage.facts.of('refused');
  const starts = await stage.facts.byId('started');
  const added = await stage.facts.ids('added');
  print('full memory', { added: added.length, refused: refused.length });
  expect(later).toHaveLength(50);
  expect([...new Set(refused.map(({ why }) => why))]).toEqual(['BackendFullError']);
  expect(Math.max(...refused.map(({ at, askedAt }) => at - askedAt!))).toBeLessThan(2_000);
  expect(added.filter((id) => !starts.has(id))).toEqual([]);
  // What was refused was not stored in part: nothing else ever ran.
  expect([...starts.keys()].sort()).toEqual([...added].sort());
  expect(repeated(starts)).toEqual([]);
  expect(await stage.facts.of('error')).toEqual([]);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});

it('makes room by itself when what fills the memory may be forgotten', async () => {
  await limitMemory(6_000_000);
  const keeping = await stage.worker({ handler: { concurrency: 10, retention: false } });
  const data = { ballast: 'x'.repeat(10_000) };
  const producer = await stage.producer({ data, burst: 2, everyMs: 10 });
  await stage.until('the memory is full of jobs that are done', async () => {
    const { completed, total } = await stage.counts();
    return completed === total && (await stage.facts.of('refused')).length >= 20;
  });
  await stage.endAll([keeping]);
  const { completed } = await stage.counts();

  // It can be started though nothing can be added, and its first look removes nearly all.
  const retention = { completed: { count: 10 } };
  const forgetting = await stage.worker({ handler: { concurrency: 10, retention } });
  const startedAt = Date.now();
  await stage.until('adds succeed again', async () => {
    return (await stage.facts.of('added')).some(({ at }) => at > startedAt + 100);
  });
  await stage.endAll([producer]);
  const added = await stage.facts.ids('added');
  await stage.until('all jobs are done, and what was kept is gone but for ten', async () => {
    const counts = await stage.counts();
    return counts.completed === counts.total && counts.total <= added.length - completed + 10;
  });
  await stage.endAll([forgetting]);

  const next = (await stage.facts.of('added')).find(({ at }) => at > startedAt);
  print('memory made free', { kept: completed, afterMs: next!.at - startedAt });
  expect(completed).toBeGreaterThan(100);
  const refused = await stage.facts.of('refused');
  expect([...new Set(refused.map(({ why }) => why))]).toEqual(['BackendFullError']);
  expect([...(await stage.facts.byId('started')).keys()].sort()).toEqual([...added].sort());
  expect(await stage.facts.of('error')).toEqual([]);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});

/** Leaves so much room beside what Redis needs without any job. */
async function limitMemory(bytes: number): Promise<void> {
  const used = /used_memory:(\d+)/.exec(await stage.client.info('memory'))![1];
  await stage.client.config('SET', 'maxmemory', Number(used) + bytes);
}
