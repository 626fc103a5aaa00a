import type { Flags } from '../flags.js';
import type { StockKind } from '../roles/stock-up.js';
import { WARM_UP } from '../measurement.js';
import { interleave, progress } from '../rounds.js';
import { runChild } from '../run-child.js';
import { BenchServer } from '../server.js';
import { medianOf, type Spread, spreadOf } from '../statistics.js';
import { decimals, table, times, whole } from '../table.js';

const CONCURRENCY = 50;

export interface Growth {
  readonly stock: StockKind | 'none';
  readonly stored: number;
  readonly enqueuedPerSecond: Spread;
  readonly processedPerSecond: Spread;
  /** Enqueue, claim and settle together, in µs per job. */
  readonly together: number;
  /** The same in relation to an empty store. */
  readonly ratio: number;
  readonly redisCpu: number;
  readonly slowestCallMs: number;
}

interface Store {
  readonly label: string;
  readonly kind: StockKind | 'none';
  readonly server: BenchServer;
}

interface Pass {
  readonly addMs: number;
  readonly workMs: number;
  readonly redisMs: number;
  readonly slowestCallMs: number;
}

/**
 * What a full store costs. Each kind of stock lies in a Redis of its own, filled once by our own
 * scripts. Jobs that pass through are kept, so the full store grows by a little in every round.
 */
export async function growth(empty: BenchServer, flags: Flags): Promise<Growth[]> {
  const { rounds, stored, aof } = flags;
  const stores: Store[] = [{ label: 'empty store', kind: 'none', server: empty }];
  try {
    for (const kind of flags.stock) {
      const label = `${whole(stored)} ${kind} jobs`;
      progress(`making ${label}`);
      const server = await BenchServer.start({ aof });
      stores.push({ label, kind, server });
      const { url } = server;
      const { payloadBytes } = flags;
      await runChild({ role: 'stock', url, kind, jobs: stored, payloadBytes }).result;
    }
    const passes = await interleave(stores, rounds, (store) => pass(store, flags));
    const rows = [...passes].map(([store, all]) => rowOf(store, all, flags));
    return rows.map((row) => ({ ...row, ratio: row.together / rows[0]!.together }));
  } finally {
    await Promise.all(stores.slice(1).map(({ server }) => server.stop()));
  }
}

export function showGrowth(rows: readonly Growth[]): string {
  const head = [
    'store',
    'enqueued/s',
    'processed/s',
    'µs per job',
    'to empty',
    'Redis ms/1,000',
    'slowest call, ms',
  ];
  return table(
    head,
    rows.map((row) => [
      row.stock === 'none' ? 'empty' : `${whole(row.stored)} ${row.stock}`,
      whole(row.enqueuedPerSecond.median),
      whole(row.processedPerSecond.median),
      decimals(row.together),
      times(row.ratio),
      decimals(row.redisCpu),
      decimals(row.slowestCallMs, 2),
    ]),
  );
}

async function pass({ kind, server }: Store, { jobs, payloadBytes, stored }: Flags): Promise<Pass> {
  const { url } = server;
  const system = 'ours';
  const warmUp = WARM_UP;
  if (kind === 'none') await server.flush();
  await server.watchSlowCalls();
  const common = { system, url, jobs: jobs + warmUp, payloadBytes, warmUp } as const;
  const before = kind === 'scheduled' ? stored : 0;
  const add = await runChild({ role: 'add', manner: 'bulk', before, ...common }).result;
  const work = await runChild({
    role: 'work',
    concurrency: CONCURRENCY,
    kept: true,
    workMs: 0,
    others: before,
    ...common,
  }).result;
  return {
    addMs: add.ms,
    workMs: work.ms,
    redisMs: add.redisMs + work.redisMs,
    slowestCallMs: await server.slowestCallMs(),
  };
}

function rowOf({ kind }: Store, passes: readonly Pass[], { jobs, stored }: Flags): Growth {
  const perSecond = (ms: number) => (jobs / ms) * 1_000;
  return {
    stock: kind,
    stored: kind === 'none' ? 0 : stored,
    enqueuedPerSecond: spreadOf(passes.map(({ addMs }) => perSecond(addMs))),
    processedPerSecond: spreadOf(passes.map(({ workMs }) => perSecond(workMs))),
    together: (medianOf(passes.map(({ addMs, workMs }) => addMs + workMs)) / jobs) * 1_000,
    ratio: NaN,
    redisCpu: (medianOf(passes.map(({ redisMs }) => redisMs)) / jobs) * 1_000,
    slowestCallMs: Math.max(...passes.map(({ slowestCallMs }) => slowestCallMs)),
  };
}
