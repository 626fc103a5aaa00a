import type { NameLimits } from '../../lib/core/contracts/job-broker.js';
import type { WorkerSettings } from './processes/settings.js';
import type { Child } from './support/child.js';
import type { Fact } from './processes/settings.js';
import { seeded } from './support/seed.js';
import { isLong, print, Stage } from './support/stage.js';

/*
 * Limits hold over all processes, whatever happens to these: what runs is counted by leases, and a process
 * that is killed leaves no slot behind. Starts are judged by the instants at which Redis handed the jobs out.
 */

const LEASE_MS = 1_000;
const jobs = isLong ? 1_500 : 400;
const RATE = { max: 20, perMs: 250 } as const;
const KEYS = ['a', 'b', 'c', 'd', 'e'] as const;
const LIMITS: Readonly<Record<string, NameLimits>> = {
  capped: { concurrency: 3 },
  rated: { rate: RATE },
  keyed: { key: { concurrency: 1 } },
};
const NAMES = Object.keys(LIMITS);

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('never exceeds a limit with four processes of which one is killed ever so often', async () => {
  const random = seeded();
  for (const name of NAMES) await stage.backend.manager.setLimits(name, LIMITS[name]!);
  // Many kills may hit the same job: that it is given up after three is another test's promise.
  const settings: Partial<WorkerSettings> = {
    names: NAMES,
    handler: { concurrency: 10 },
    engine: { lease: LEASE_MS, maxRescues: 100 },
  };
  const crew = await Promise.all([1, 2, 3, 4].map(() => stage.worker(settings)));
  await stage.add(jobs, { ms: 15 }, 'capped');
  await stage.add(jobs, { ms: 5 }, 'rated');
  const keyOf = new Map<string, string>();
  for (const key of KEYS) {
    const ids = await stage.add(jobs / KEYS.length, { ms: 30 }, 'keyed', { key });
    for (const id of ids) keyOf.set(id, key);
  }

  const killed: Child[] = [];
  while (!(await isDone())) {
    const next = Math.floor(random() * crew.length);
    await crew[next]!.crash();
    killed.push(crew[next]!);
    crew[next] = await stage.worker(settings);
    if (killed.length > jobs / 5) throw new Error('The work does not end.');
  }
  await stage.endAll(crew);

  const started = await stage.facts.of('started');
  const returned = await stage.facts.of('returned');
  const runs = (mine: (fact: Fact) => boolean) => runsOf(started.filter(mine), returned, killed);
  const ofName = (name: string) => (fact: Fact) => fact.name === name;
  const capped = mostAtOnce(runs(ofName('capped')));
  const keyed = KEYS.map((key) => mostAtOnce(runs(({ id }) => keyOf.get(id) === key)));
  const rated = mostStarts(started.filter(ofName('rated')), RATE.perMs);
  print('limits', { kills: killed.length, capped, keyed, rated });

  expect(killed.length).toBeGreaterThan(2);
  // Reached, and never exceeded.
  expect(capped).toBe(3);
  expect(keyed).toEqual(KEYS.map(() => 1));
  expect(rated).toBe(RATE.max);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});

async function isDone(): Promise<boolean> {
  const counts = await Promise.all(NAMES.map((name) => stage.counts(name)));
  return counts.every(({ completed, total }) => completed === total);
}

interface Run {
  readonly from: number;
  readonly to: number;
}

/** When handlers were at work: from their start to their return, or to the death of their process. */
function runsOf(
  starts: readonly Fact[],
  returns: readonly Fact[],
  killed: readonly Child[],
): Run[] {
  const returnedAt = new Map(returns.map(({ pid, id, at }) => [`${pid} ${id}`, at]));
  const killedAt = new Map(killed.map((child) => [child.pid, child.killedAt!]));
  return starts.map(({ pid, id, at }) => ({
    from: at,
    to: returnedAt.get(`${pid} ${id}`) ?? killedAt.get(pid)!,
  }));
}

function mostAtOnce(runs: readonly Run[]): number {
  const steps = runs.flatMap(({ from, to }) => [
    { at: from, change: 1 },
    { at: to, change: -1 },
  ]);
  // Of one instant the ends count first: the clock is no finer.
  steps.sort((one, other) => one.at - other.at || one.change - other.change);
  let [most, now] = [0, 0];
  for (const { change } of steps) {
    now += change;
    most = Math.max(most, now);
  }
  return most;
}

/** The most starts in a half-open interval of that length, wherever it begins. */
function mostStarts(starts: readonly Fact[], perMs: number): number {
  const times = starts.map(({ lockedAt }) => lockedAt!).sort((one, other) => one - other);
  return Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + perMs).length),
  );
}
