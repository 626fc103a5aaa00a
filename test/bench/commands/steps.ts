import type { Flags } from '../flags.js';
import { STEPS, type Step, type Steps } from '../roles/take-steps.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import { chosen } from '../selection.js';
import type { BenchServer } from '../server.js';
import { medianOf } from '../statistics.js';
import { decimals, table, whole } from '../table.js';

/** So many jobs go in one call. */
const BATCHES = [1, 10, 100];
/** Of the jobs, where each goes alone. */
const SLOW_SHARE = 1 / 4;

export interface StepRow {
  readonly step: Step;
  readonly batch: number;
  readonly redisUs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What each step in the life of a plain job costs Redis, by the number of jobs that take it together. */
export async function steps(server: BenchServer, flags: Flags): Promise<StepRow[]> {
  const all = BATCHES.map((batch) => ({ batch, label: `${batch} in a call` }));
  const cases = chosen(all, flags.only);
  const found = await interleave(cases, flags.rounds, async ({ batch }) => {
    await server.flush();
    const { payloadBytes } = flags;
    const jobs = Math.ceil(flags.jobs * (batch === 1 ? SLOW_SHARE : 1));
    const taken = await runChild({ role: 'steps', url: server.url, jobs, batch, payloadBytes })
      .result;
    return { jobs: Math.ceil(jobs / batch) * batch, taken };
  });
  return [...found].flatMap(([{ batch }, all]) =>
    STEPS.map((step) => {
      const perJob = (of: (cost: Steps[Step]) => number) =>
        medianOf(all.map(({ jobs, taken }) => of(taken[step]) / jobs));
      return {
        step,
        batch,
        redisUs: perJob(({ redisMs }) => redisMs * 1_000),
        bytesIn: perJob(({ bytesIn }) => bytesIn),
        bytesOut: perJob(({ bytesOut }) => bytesOut),
      };
    }),
  );
}

export function showSteps(rows: readonly StepRow[]): string {
  const head = ['per job', 'jobs in a call', 'calls', 'Redis CPU µs', 'bytes in', 'bytes out'];
  return table(
    head,
    STEPS.flatMap((step) => rows.filter((row) => row.step === step)).map((row) => [
      row.step,
      row.batch,
      decimals(1 / row.batch, 2),
      decimals(row.redisUs),
      whole(row.bytesIn),
      whole(row.bytesOut),
    ]),
  );
}
