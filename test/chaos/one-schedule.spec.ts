import { setTimeout as wait } from 'node:timers/promises';
import type { WorkerSettings } from './processes/settings.js';
import { seeded } from './support/seed.js';
import { isLong, print, Stage } from './support/stage.js';

const processes = 10;
const seconds = isLong ? 60 : 8;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('runs each second once, in ten processes that all ask for it and are killed one after the other', async () => {
  const random = seeded();
  const settings: Partial<WorkerSettings> = {
    names: ['tick'],
    every: '* * * * * *',
    engine: { lease: 2_000, maxRescues: 100 },
  };
  const crew = await Promise.all(Array.from({ length: processes }, () => stage.worker(settings)));
  for (let kill = 0; kill < seconds; kill++) {
    const next = Math.floor(random() * processes);
    // Between two slots: what dies with a slot is another test's.
    await wait(1_500 - (Date.now() % 1_000));
    const [fresh] = await Promise.all([stage.worker(settings), crew[next]!.crash()]);
    crew[next] = fresh;
  }
  await stage.endAll(crew);

  const starts = await stage.facts.of('started');
  const slots = starts.map(({ dueAt }) => dueAt!);
  const first = slots[0]!;
  print('one schedule', { slots: slots.length, processes: stage.children.length });
  expect(slots.length).toBeGreaterThanOrEqual(seconds - 1);
  expect(slots).toEqual(slots.map((_, i) => first + i * 1_000));
  expect(new Set(starts.map(({ id }) => id)).size).toBe(1);
  expect(new Set(starts.map(({ pid }) => pid)).size).toBeGreaterThan(1);
  expect(await stage.counts('tick')).toMatchObject({ repeating: 1, total: 1 });
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});
