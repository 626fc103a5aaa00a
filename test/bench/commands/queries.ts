import type { Flags } from '../flags.js';
import { type Asked, QUESTIONS, type QuestionName } from '../roles/ask.js';
import { evenly } from '../roles/stock-states.js';
import { interleave, progress } from '../rounds.js';
import { runChild } from '../run-child.js';
import { chosen } from '../selection.js';
import type { BenchServer } from '../server.js';
import { medianOf, percentile } from '../statistics.js';
import { STORES, type StoreName } from '../systems/stores.js';
import { decimals, table, times, whole } from '../table.js';

/** So many jobs are in the store that looks at each of them. */
const STORED_BESIDE = 10_000;

interface Case {
  readonly label: string;
  readonly question: QuestionName;
  readonly system: StoreName;
  readonly stored: number;
}

export interface Answered extends Case {
  readonly title: string;
  /** In ms; medians over the rounds. */
  readonly p50: number;
  readonly p99: number;
  readonly min: number;
  /** CPU ms per question. */
  readonly nodeCpu: number;
  readonly redisCpu: number;
  /**
   * The longest that Redis was held by one command, in ms, in the round where that was least; below
   * 0.1 it counts as nothing.
   */
  readonly slowestCallMs: number;
}

/** How long questions about a full store take, beside a store with a hundredth of the jobs. */
export async function queries(server: BenchServer, flags: Flags): Promise<Answered[]> {
  const { url } = server;
  const { payloadBytes } = flags;
  const sizes = { ours: evenly(flags.stored), '@agendajs/redis-backend': STORED_BESIDE } as const;
  const all = (Object.keys(QUESTIONS) as QuestionName[])
    .flatMap((question) => STORES.map((system) => ({ question, system, stored: sizes[system] })))
    .map((one) => ({ ...one, label: `${one.system}: ${QUESTIONS[one.question].title}` }));
  const cases = chosen(all, flags.only);
  await server.flush();
  for (const system of STORES) {
    progress(`making ${whole(sizes[system])} jobs for ${system}`);
    const task = { role: 'stock-states', system, url, jobs: sizes[system], payloadBytes } as const;
    await runChild(task).result;
  }
  const passes = await interleave(cases, flags.rounds, (one) => pass(server, one));
  return [...passes].map(([one, all]) => rowOf(one, all));
}

export function showQueries(rows: readonly Answered[]): string {
  const head = [
    'question, ms',
    'store',
    'jobs',
    'p50',
    'p99',
    'min',
    'CPU of Node',
    'of Redis',
    'slowest call',
    'p50 to ours',
  ];
  return table(
    head,
    rows.map((row) => {
      const ours = rows.find((one) => one.question === row.question && one.system === 'ours');
      return [
        row.title,
        row.system,
        whole(row.stored),
        ...[row.p50, row.p99, row.min, row.nodeCpu, row.redisCpu, row.slowestCallMs].map((ms) =>
          decimals(ms, 2),
        ),
        ours && ours !== row ? times(row.p50 / ours.p50) : undefined,
      ];
    }),
  );
}

interface Pass extends Asked {
  readonly slowestCallMs: number;
}

async function pass(server: BenchServer, { question, system, stored }: Case): Promise<Pass> {
  await server.watchSlowCalls();
  const { url } = server;
  const asked = await runChild({ role: 'ask', system, url, question, stored }).result;
  return { ...asked, slowestCallMs: await server.slowestCallMs() };
}

function rowOf(one: Case, passes: readonly Pass[]): Answered {
  const sorted = passes.map(({ ms }) => ms.toSorted((a, b) => a - b));
  const at = (percent: number) => medianOf(sorted.map((ms) => percentile(ms, percent)));
  const perQuestion = (part: 'nodeMs' | 'redisMs') =>
    medianOf(passes.map(({ ms, cost }) => cost[part] / ms.length));
  return {
    ...one,
    title: QUESTIONS[one.question].title,
    p50: at(50),
    p99: at(99),
    min: at(0),
    nodeCpu: perQuestion('nodeMs'),
    redisCpu: perQuestion('redisMs'),
    slowestCallMs: Math.min(...passes.map(({ slowestCallMs }) => slowestCallMs)),
  };
}
