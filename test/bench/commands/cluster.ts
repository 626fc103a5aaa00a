import { addressOf } from '../address.js';
import { BenchCluster } from '../bench-cluster.js';
import type { Flags } from '../flags.js';
import { WARM_UP } from '../measurement.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import type { BenchServer } from '../server.js';
import { medianOf, type Spread, spreadOf } from '../statistics.js';
import { decimals, table, times, whole } from '../table.js';

/*
 * One job name on a cluster of three masters: what partitions cost, and how evenly they use it.
 *
 * On one machine all masters and the worker share the cores, so more masters cannot be faster here. What tells
 * is how many jobs a second of CPU of all servers together carries: from that follows what servers with cores of
 * their own do. A call speaks to one partition, so what counts for its price is how many jobs it carries there: with 800
 * handlers each of 8 partitions has as many as 100 of one have.
 */

interface Extent {
  readonly concurrencies: readonly number[];
  readonly partitions: readonly number[];
}

const WHOLE: Extent = { concurrencies: [100, 800], partitions: [1, 8, 9] };
/** A hundred for each partition. */
const ADDED_AT_ONCE = 900;

interface Case {
  readonly label: string;
  readonly store: string;
  /** None: a server without a cluster. */
  readonly partitions?: number;
  readonly concurrency: number;
  readonly address: string;
  readonly cluster?: BenchCluster;
}

interface Pass {
  readonly addMs: number;
  readonly workMs: number;
  readonly redisMs: number;
  readonly commands: readonly number[];
}

export interface ClusterRow {
  readonly store: string;
  readonly partitions?: number;
  readonly concurrency: number;
  readonly enqueuedPerSecond: Spread;
  readonly processedPerSecond: Spread;
  /** Of all masters together, for adding, claiming and settling, in ms per 1,000 jobs. */
  readonly redisCpu: number;
  /** Jobs per second of that CPU, to those of one server with one partition, and of the cluster with one. */
  readonly toServer: number;
  readonly toCluster: number;
  /** The commands of each master, to their mean. */
  readonly shares: readonly number[];
}

export async function cluster(
  server: BenchServer,
  flags: Flags,
  { concurrencies, partitions: spreads }: Extent = WHOLE,
): Promise<ClusterRow[]> {
  const servers = await BenchCluster.start();
  try {
    const stores = [
      { store: 'one server', address: addressOf(server.url, {}) },
      ...spreads.map((partitions) => ({
        store: `cluster, partitions: ${partitions}`,
        partitions,
        address: servers.address(partitions),
        cluster: servers,
      })),
    ];
    const cases = concurrencies.flatMap((concurrency): Case[] =>
      stores.map((one) => ({
        ...one,
        concurrency,
        label: `${one.store}, ${concurrency} handlers`,
      })),
    );
    const passes = await interleave(cases, flags.rounds, (one) => pass(server, one, flags));
    const rows = [...passes].map(([one, all]) => rowOf(one, all, flags));
    return rows.map((row) => {
      const [alone, onCluster] = rows.filter(({ concurrency }) => concurrency === row.concurrency);
      return {
        ...row,
        toServer: alone!.redisCpu / row.redisCpu,
        toCluster: onCluster!.redisCpu / row.redisCpu,
      };
    });
  } finally {
    await servers.stop();
  }
}

export function showCluster(rows: readonly ClusterRow[]): string {
  const head = [
    'store',
    'handlers',
    'enqueued/s',
    'processed/s',
    'Redis ms/1,000',
    'jobs per CPU second, to one server',
    'to one partition',
    'commands of each master, to their mean',
  ];
  return table(
    head,
    rows.map((row) => [
      row.store,
      row.concurrency,
      whole(row.enqueuedPerSecond.median),
      whole(row.processedPerSecond.median),
      decimals(row.redisCpu),
      times(row.toServer),
      row.shares.length > 0 ? times(row.toCluster) : undefined,
      row.shares.length > 0 ? row.shares.map(percent).join(' ') : undefined,
    ]),
  );
}

async function pass(server: BenchServer, one: Case, flags: Flags): Promise<Pass> {
  const { address: url, cluster: servers, concurrency } = one;
  const { jobs, payloadBytes, workMs } = flags;
  const warmUp = WARM_UP;
  const common = { system: 'ours', url, jobs: jobs + warmUp, payloadBytes, warmUp } as const;
  await (servers ?? server).flush();
  await servers?.resetCommandStats();
  const add = await runChild({ role: 'add', manner: 'bulks', bulk: ADDED_AT_ONCE, ...common })
    .result;
  const task = { role: 'work', concurrency, kept: true, workMs, ...common } as const;
  const work = await runChild(task).result;
  return {
    addMs: add.ms,
    workMs: work.ms,
    redisMs: add.redisMs + work.redisMs,
    commands: (await servers?.commandsPerMaster()) ?? [],
  };
}

function rowOf(
  { store, partitions, concurrency }: Case,
  passes: readonly Pass[],
  { jobs }: Flags,
): ClusterRow {
  const perSecond = (ms: number) => (jobs / ms) * 1_000;
  const shares = passes.map(({ commands }) => toMean(commands));
  return {
    store,
    ...(partitions !== undefined && { partitions }),
    concurrency,
    enqueuedPerSecond: spreadOf(passes.map(({ addMs }) => perSecond(addMs))),
    processedPerSecond: spreadOf(passes.map(({ workMs }) => perSecond(workMs))),
    redisCpu: (medianOf(passes.map(({ redisMs }) => redisMs)) / jobs) * 1_000,
    toServer: NaN,
    toCluster: NaN,
    shares: shares[0]!.map((_, master) => medianOf(shares.map((of) => of[master]!))),
  };
}

function toMean(commands: readonly number[]): number[] {
  const mean = commands.reduce((sum, count) => sum + count, 0) / commands.length;
  return commands.map((count) => count / mean - 1);
}

const percent = (share: number): string =>
  `${share < 0 ? '−' : '+'}${decimals(Math.abs(share) * 100)} %`;
