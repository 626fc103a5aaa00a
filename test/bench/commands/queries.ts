import type { Flags } from '../flags.js';
import { QUESTIONS, type QuestionName } from '../roles/ask.js';
import { interleave, progress } from '../rounds.js';
import { runChild } from '../run-child.js';
import type { BenchServer } from '../server.js';
import { percentile } from '../statistics.js';
import { STORES, type StoreName } from '../systems/stores.js';
import { decimals, table, times, whole } from '../table.js';

/** So many jobs are in the store that looks at each of them. */
const STORED_BESIDE = 10_000;
/** The mix of states comes out even in so many jobs. */
const UNIT = 500;

interface Case {
  readonly label: string;
  readonly question: QuestionName;
  readonly system: StoreName;
  readonly stored: number;
}

export interface Answered extends Case {
  readonly title: string;
  readonly asked: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** The longest that Redis was held by one command meanwhile; what is below 0.1 ms counts as nothing. */
  readonly slowestCallMs: number;
}

/** How long questions about a full store take, beside a store with a hundredth of the jobs. */
export async function queries(server: BenchServer, flags: Flags): Promise<Answered[]> {
  const { url } = server;
  const { payloadBytes } = flags;
  const sizes = { ours: evenly(flags.stored), '@agendajs/redis-backend': STORED_BESIDE } as const;
  await server.flush();
  for (const system of STORES) {
    progress(`making ${whole(sizes[system])} jobs for ${system}`);
    const task = { role: 'stock-states', system, url, jobs: sizes[system], payloadBytes } as const;
    await runChild(task).result;
  }
  const cases = (Object.keys(QUESTIONS) as QuestionName[])
    .flatMap((question) => STORES.map((system) => ({ question, system, stored: sizes[system] })))
    .map((one) => ({ ...one, label: `${one.system}: ${QUESTIONS[one.question].title}` }))
    .filter(({ label }) => label.includes(flags.only));
  const passes = await interleave(cases, flags.rounds, (one) => pass(server, one));
  return [...passes].map(([one, all]) => rowOf(one, all));
}

export function showQueries(rows: readonly Answered[]): string {
  const head = [
    'question',
    'store',
    'jobs',
    'median, ms',
    'p99, ms',
    'slowest call, ms',
    'to ours',
  ];
  return table(
    head,
    rows.map((row) => {
      const ours = rows.find(
        ({ question, system }) => question === row.question && system === 'ours',
      );
      return [
        row.title,
        row.system,
        whole(row.stored),
        decimals(row.medianMs, 2),
        decimals(row.p99Ms, 2),
        decimals(row.slowestCallMs, 2),
        ours && ours !== row ? times(row.medianMs / ours.medianMs) : undefined,
      ];
    }),
  );
}

interface Pass {
  readonly ms: readonly number[];
  readonly slowestCallMs: number;
}

async function pass(server: BenchServer, { question, system, stored }: Case): Promise<Pass> {
  await server.watchSlowCalls();
  const { url } = server;
  const ms = await runChild({ role: 'ask', system, url, question, stored }).result;
  return { ms, slowestCallMs: await server.slowestCallMs() };
}

function rowOf(one: Case, passes: readonly Pass[]): Answered {
  const ms = passes.flatMap((each) => each.ms).sort((a, b) => a - b);
  return {
    ...one,
    title: QUESTIONS[one.question].title,
    asked: ms.length,
    medianMs: percentile(ms, 50),
    p99Ms: percentile(ms, 99),
    slowestCallMs: Math.max(...passes.map(({ slowestCallMs }) => slowestCallMs)),
  };
}

function evenly(jobs: number): number {
  return Math.max(Math.round(jobs / UNIT), 1) * UNIT;
}
