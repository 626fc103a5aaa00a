import { setTimeout as wait } from 'node:timers/promises';
import type { Child } from './support/child.js';
import { repeated } from './support/fact-book.js';
import { seeded } from './support/seed.js';
import { isLong, print, Stage } from './support/stage.js';
import { takeovers } from './support/takeovers.js';

const leaseMs = 5_000;
const kills = isLong ? 30 : 5;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('has every job of a killed worker run elsewhere within the lease and a second', async () => {
  const random = seeded();
  const settings = { engine: { lease: leaseMs, maxRescues: 100 } };
  const crew = await Promise.all([1, 2, 3, 4].map(() => stage.worker(settings)));
  const producer = await stage.producer({ data: { ms: 500 }, burst: 3, everyMs: 50 });
  const killed: Child[] = [];
  while (killed.length < kills) {
    await wait(1_500 + random() * 1_000);
    const next = Math.floor(random() * crew.length);
    await crew[next]!.crash();
    killed.push(crew[next]!);
    crew[next] = await stage.worker(settings);
  }
  await stage.endAll([producer]);
  const added = await stage.facts.ids('added');
  await stage.untilCompleted(added.length);
  await stage.endAll(crew);

  const waits = takeovers(await stage.facts.byId('started'), killed);
  const longest = waits.at(-1)!;
  print('takeover', { kills, jobs: waits.length, median: waits[waits.length >> 1], longest });
  expect(waits.length).toBeGreaterThanOrEqual(kills);
  expect(longest).toBeLessThanOrEqual(leaseMs + 1_000);
  expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});
