import type { WorkerSettings } from './processes/settings.js';
import type { Child } from './support/child.js';
import { repeated } from './support/fact-book.js';
import { seeded } from './support/seed.js';
import { print, Stage } from './support/stage.js';

const settings: Partial<WorkerSettings> = {
  engine: { lease: 2_000 },
  handler: { concurrency: 10 },
};
const INNOCENT = 200;
const LAST_START = 3;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('buries a job that kills its process after three starts, and none of those that run beside it', async () => {
  const { poison, innocent } = await addJobs(1);
  const killed = await workUntilAllHaveEnded();

  expect(killed).toHaveLength(LAST_START);
  expect((await stage.facts.of('started', poison[0])).map(({ attempt }) => attempt)).toEqual([
    1, 2, 3,
  ]);
  const stalled = (await stage.facts.of('stalled', poison[0])).map(({ why }) => why);
  expect(stalled).toEqual(['requeued', 'requeued', 'buried']);
  expect(await stage.facts.of('dead')).toMatchObject([{ id: poison[0], why: 'stalled' }]);
  expect(await stage.backend.manager.get(poison[0]!)).toMatchObject({
    nextRunAt: null,
    rescueCount: LAST_START,
    failCount: 0,
    failure: { reason: 'stalled' },
  });
  const records = await Promise.all(innocent.map((id) => stage.backend.manager.get(id)));
  const lost = records.map((job) => job!.rescueCount);
  print('innocent jobs by the processes they lost', { counts: countsOf(lost) });
  // It had company, most often up to the last start of all of them: there was something to be guarded.
  expect(Math.max(...lost)).toBeGreaterThan(0);
  expect(await stage.counts()).toMatchObject({ completed: INNOCENT, failed: 1 });
  await expectGoodOrder();
});

it('loses with two such jobs no more than one job with a process', async () => {
  const { poison } = await addJobs(2);
  const killed = await workUntilAllHaveEnded();

  const dead = await stage.facts.of('dead');
  print('two poison jobs', { killed: killed.length, dead: dead.length });
  expect(dead.map(({ id }) => id)).toEqual(expect.arrayContaining(poison));
  expect(new Set(dead.map(({ why }) => why))).toEqual(new Set(['stalled']));
  expect(dead.length).toBeLessThanOrEqual(killed.length);
  expect(await stage.counts()).toMatchObject({
    completed: INNOCENT + poison.length - dead.length,
    failed: dead.length,
  });
  await expectGoodOrder();
});

/** Adds the jobs, those that kill among the first, where they have company. */
async function addJobs(deadly: number): Promise<{ poison: string[]; innocent: string[] }> {
  const random = seeded();
  const places = new Set<number>();
  while (places.size < deadly) places.add(Math.floor(random() * 30));
  const poison: string[] = [];
  const innocent: string[] = [];
  for (let place = 0; place < INNOCENT + deadly; place++) {
    const isDeadly = places.has(place);
    const ms = 50 + Math.floor(random() * 250);
    const ids = await stage.add(1, isDeadly ? { deadly: true } : { ms });
    (isDeadly ? poison : innocent).push(...ids);
  }
  return { poison, innocent };
}

/** Three workers, each of which is replaced when it dies; those that did. */
async function workUntilAllHaveEnded(): Promise<Child[]> {
  const crew = await Promise.all([1, 2, 3].map(() => stage.worker(settings)));
  const killed: Child[] = [];
  await stage.until('every job has ended', async () => {
    for (const [i, worker] of crew.entries()) {
      if (!worker.hasEnded) continue;
      killed.push(worker);
      crew[i] = await stage.worker(settings);
    }
    const { total, completed, failed } = await stage.counts();
    return completed + failed === total;
  });
  await stage.endAll(crew);
  return killed;
}

async function expectGoodOrder(): Promise<void> {
  expect(await lastStartsThatMet()).toEqual([]);
  expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
}

/** Jobs that began their last start while another one's handler ran in the same process. */
async function lastStartsThatMet(): Promise<string[]> {
  const running = new Map<number, string>();
  const met: string[] = [];
  for (const { kind, id, pid, attempt } of await stage.facts.all()) {
    if (kind === 'returned' && running.get(pid) === id) running.delete(pid);
    if (kind !== 'started' || attempt !== LAST_START) continue;
    if (running.has(pid)) met.push(id);
    running.set(pid, id);
  }
  return met;
}

function countsOf(numbers: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const number of numbers) counts[number] = (counts[number] ?? 0) + 1;
  return counts;
}
