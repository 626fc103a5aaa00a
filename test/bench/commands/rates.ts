import { progress } from '../rounds.js';
import type { LimitedTask } from '../roles/work-limited.js';
import { runChild } from '../run-child.js';
import type { BenchServer } from '../server.js';
import { type Spread, spreadOf } from '../statistics.js';

/** 400 jobs at 10 in 100 ms: the first ten at once, the last ten 3.9 s later. */
const JOBS = 400;
const RATE = { max: 10, perMs: 100 } as const;
const IDEAL_MS = (JOBS / RATE.max - 1) * RATE.perMs;
/** What may be lost to waking up in time, in relation to the ideal time. */
const MOST = 1.1;

export const MEASURED_RATES = `${JOBS} jobs at ${RATE.max} in ${RATE.perMs} ms`;

export interface RateFigure {
  readonly processes: number;
  readonly idealMs: number;
  readonly mostMs: number;
  readonly tookMs: Spread;
}

/** How long jobs take under a rate limit, from the first start to the last, by the clock of Redis. */
export async function rateFigures(server: BenchServer, rounds: number): Promise<RateFigure[]> {
  const found: RateFigure[] = [];
  for (const processes of [1, 4]) {
    const times: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}: ${MEASURED_RATES}, ${processes} processes`);
      times.push(await timeOf(server, processes));
    }
    const tookMs = spreadOf(times);
    found.push({ processes, idealMs: IDEAL_MS, mostMs: IDEAL_MS * MOST, tookMs });
  }
  progress('');
  return found;
}

async function timeOf(server: BenchServer, processes: number): Promise<number> {
  await server.flush();
  const task: LimitedTask = { role: 'work-limited', url: server.url, jobs: JOBS, ...RATE };
  const workers = Array.from({ length: processes }, (_, n) => runChild({ ...task, adds: n === 0 }));
  const starts = (await Promise.all(workers.map(({ result }) => result))).flat();
  starts.sort((a, b) => a - b);
  verify(starts);
  return starts.at(-1)! - starts[0]!;
}

/** Every job once, and in no interval of the given length more than may start. */
function verify(starts: readonly number[]): void {
  if (starts.length !== JOBS) throw new Error(`${starts.length} starts of ${JOBS} jobs.`);
  for (let n = RATE.max; n < starts.length; n++) {
    if (starts[n]! - starts[n - RATE.max]! < RATE.perMs) {
      throw new Error(`More than ${RATE.max} starts within ${RATE.perMs} ms.`);
    }
  }
}
