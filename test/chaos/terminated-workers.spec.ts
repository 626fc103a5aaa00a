import { setTimeout as wait } from 'node:timers/promises';
import type { WorkerSettings } from './processes/settings.js';
import { repeated } from './support/fact-book.js';
import { isLong, print, Stage } from './support/stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('lets running handlers end on SIGTERM, and hands back those that take too long, uncounted', async () => {
  const engine = { shutdown: { timeout: 600, grace: 200 } };
  const worker = await stage.worker({ engine });
  const quick = await stage.add(5, { ms: 400 });
  const obeying = await stage.add(3, { ms: 60_000, obeys: true });
  const deaf = await stage.add(3, { ms: 3_000 });
  await stage.until('all handlers run', async () => {
    return (await stage.facts.of('started')).length === 11;
  });

  worker.terminate();
  await worker.says('closed');

  // The handlers that ignore their signal still run in that process: their jobs do not wait.
  expect(worker.hasEnded).toBe(false);
  expect(await stage.counts()).toMatchObject({ completed: 5, running: 0, queued: 6, failed: 0 });
  expect((await stage.facts.ids('completed')).sort()).toEqual(quick.sort());
  expect((await stage.keys()).filter((key) => /[:}]leases?$/.test(key))).toEqual([]);
  expect(await stage.violations()).toEqual([]);

  await worker.ended;
  const releasedJobs = [...obeying, ...deaf];
  const records = await Promise.all(releasedJobs.map((id) => stage.backend.manager.get(id)));
  expect(records.map((job) => [job!.attempt, job!.failCount, job!.releaseCount])).toEqual(
    releasedJobs.map(() => [0, 0, 1]),
  );

  const other = await stage.worker({ engine });
  await stage.until('the jobs run elsewhere', async () => {
    return (await stage.facts.of('started')).length === 11 + 6;
  });
  const again = (await stage.facts.of('started')).filter(({ pid }) => pid === other.pid);
  expect(again.map(({ id }) => id).sort()).toEqual(releasedJobs.sort());
  expect(again.map(({ attempt }) => attempt)).toEqual(releasedJobs.map(() => 1));
  await stage.untilCompleted(5 + deaf.length);
  expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});

it('replaces every worker under load with nothing stalled, repeated or left behind', async () => {
  // Long enough that no lease runs out by itself: whatever starts twice was not handed over well.
  const settings: Partial<WorkerSettings> = { engine: { lease: 10_000 } };
  let crew = await Promise.all([1, 2, 3].map(() => stage.worker(settings)));
  const producer = await stage.producer({ data: { ms: 60 }, burst: 2, everyMs: 8 });

  for (let round = 0; round < (isLong ? 10 : 2); round++) {
    for (const old of crew) {
      const fresh = await stage.worker(settings);
      old.terminate();
      // By itself: nobody had to be forced.
      expect(await old.ended).toBe(0);
      crew = [...crew.filter((worker) => worker !== old), fresh];
      await wait(200);
    }
  }
  await stage.endAll([producer]);
  const added = await stage.facts.ids('added');
  await stage.untilCompleted(added.length);
  await stage.endAll(crew);

  print('rolling SIGTERM', { jobs: added.length, processes: stage.children.length });
  const starts = await stage.facts.byId('started');
  expect(added.length).toBeGreaterThan(500);
  expect(await stage.facts.of('refused')).toEqual([]);
  expect(added.filter((id) => !starts.has(id))).toEqual([]);
  expect(repeated(starts)).toEqual([]);
  expect(await stage.facts.of('stalled')).toEqual([]);
  expect(await stage.facts.of('interrupted')).toEqual([]);
  expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
  expect(await stage.counts()).toMatchObject({ completed: added.length, total: added.length });
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});
