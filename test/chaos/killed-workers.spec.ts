import { setTimeout as wait } from 'node:timers/promises';
import type { WorkerSettings } from './processes/settings.js';
import type { Child } from './support/child.js';
import { repeated } from './support/fact-book.js';
import { seeded } from './support/seed.js';
import { isLong, print, Stage } from './support/stage.js';
import { takeovers } from './support/takeovers.js';

const leaseMs = 2_000;
const jobs = isLong ? 30_000 : 5_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('loses no job and settles none twice while a worker is killed every second', async () => {
  const random = seeded();
  // Many kills may hit the same job: that it is given up after three is another test's promise.
  const settings: Partial<WorkerSettings> = {
    engine: { lease: leaseMs, maxRescues: 100 },
  };
  const crew = await Promise.all([1, 2, 3].map(() => stage.worker(settings)));
  const killed: Child[] = [];
  const added = await stage.added({ data: { ms: 80 }, count: jobs, burst: 100, everyMs: 10 });
  expect(new Set(added).size).toBe(jobs);

  while ((await stage.counts()).completed < jobs) {
    const next = Math.floor(random() * crew.length);
    await crew[next]!.crash();
    killed.push(crew[next]!);
    crew[next] = await stage.worker(settings);
    await wait(1_000 - (Date.now() - killed.at(-1)!.killedAt!));
    if (killed.length > jobs / 100) throw new Error('The work does not end.');
  }
  await stage.endAll(crew);

  const starts = await stage.facts.byId('started');
  const completed = await stage.facts.byId('completed');
  const waits = takeovers(starts, killed);
  const records = await Promise.all(added.map((id) => stage.backend.manager.get(id)));
  print('killed workers', {
    kills: killed.length,
    startedAgain: waits.length,
    longestWaitMs: Math.max(...waits),
  });

  expect(killed.length).toBeGreaterThan(3);
  expect(waits.length).toBeGreaterThan(0);
  expect(added.filter((id) => !starts.has(id))).toEqual([]);
  expect(repeated(completed)).toEqual([]);
  expect(await stage.counts()).toMatchObject({ completed: jobs, total: jobs });
  // Each end of an attempt is in its record once: all were rescued but the last, which succeeded.
  expect(records.filter((job) => job!.attempt !== job!.rescueCount + 1)).toEqual([]);
  // A start that nobody was killed for would have waited for ever.
  expect(Math.max(...waits)).toBeLessThanOrEqual(leaseMs + 2_000);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});
