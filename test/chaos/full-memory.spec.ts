import { setTimeout as wait } from 'node:timers/promises';
import { repeated } from './support/fact-book.js';
import { print, Stage } from './support/stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('refuses only adds when the memory is full, goes on working, and takes adds again afterwards', async () => {
  const used = /used_memory:(\d+)/.exec(await stage.client.info('memory'))![1];
  await stage.client.config('SET', 'maxmemory', Number(used) + 6_000_000);
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
  producer.terminate();
  await producer.ended;
  await stage.until('all jobs are done', async () => (await stage.counts()).total === 0);
  await wait(50);
  const later = await stage.added({ data, count: 50, burst: 10 });
  await stage.until('all jobs are done', async () => (await stage.counts()).total === 0);
  await stage.endWorkers([worker]);

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
