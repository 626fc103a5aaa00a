import type { Flags } from '../flags.js';
import type { CrewTask, CrewWork } from '../roles/work-as-crew.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import { chosen } from '../selection.js';
import type { BenchServer } from '../server.js';
import { medianOf, percentile } from '../statistics.js';
import { decimals, table, whole } from '../table.js';

/*
 * What worker hosts and job names cost Redis: hosts that stand by with nothing to do, the same hosts with jobs that
 * come one at a time, and one host with jobs of many names. All hosts run in one process, with connections of their own.
 */

const HOSTS = [1, 10, 50, 200];
const NAMES = [1, 10, 200, 1_000];
/** Names in the store that no host handles. */
const OTHER_NAMES = 1_000;
const PACED_JOBS = 2_000;
const PER_SECOND = 200;
const LONE_JOBS = 20;
const IDLE_MS = 10_000;
const MINUTE = 60_000;

type Kind = 'lone' | 'paced' | 'at once';

interface Case {
  readonly label: string;
  readonly kind: Kind;
  readonly task: Omit<CrewTask, 'url' | 'payloadBytes'>;
}

export interface CrewRow {
  readonly kind: Kind;
  readonly hosts: number;
  readonly names: number;
  readonly otherNames: number;
  /** Of a host with nothing to do, in a minute. */
  readonly idle: { readonly calls: number; readonly redisMs: number; readonly bytes: number };
  /** Of a job; what the hosts would have cost without it is taken off. */
  readonly job: {
    readonly calls: number;
    readonly redisUs: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  };
  readonly p50: number;
  readonly p99: number;
}

export async function hosts(server: BenchServer, flags: Flags): Promise<CrewRow[]> {
  const cases = chosen(casesOf(flags), flags.only);
  const found = await interleave(cases, flags.rounds, async ({ task }) => {
    await server.flush();
    const { payloadBytes } = flags;
    return runChild({ ...task, url: server.url, payloadBytes }).result;
  });
  return [...found].map(([one, works]) => rowOf(one, works));
}

export function showHosts(rows: readonly CrewRow[]): string {
  return [
    `one job at a time, 4 a second, and what a host costs that has nothing to do\n\n${standBy(rows)}`,
    `${PER_SECOND} jobs a second\n\n${jobs(rows.filter(({ kind }) => kind === 'paced'))}`,
    `as fast as they go, all of them added before\n\n${jobs(rows.filter(({ kind }) => kind === 'at once'))}`,
  ].join('\n\n');
}

function standBy(rows: readonly CrewRow[]): string {
  const head = [
    'hosts',
    'idle: calls per host and minute',
    'Redis CPU ms per host and minute',
    'bytes per host and minute',
    'one job: calls',
    'Redis CPU µs',
    'p50 ms',
    'p99 ms',
  ];
  const lone = rows.filter(({ kind }) => kind === 'lone');
  return table(
    head,
    lone.map(({ hosts: count, idle, job, p50, p99 }) => [
      count,
      decimals(idle.calls),
      decimals(idle.redisMs, 2),
      whole(idle.bytes),
      decimals(job.calls),
      whole(job.redisUs),
      decimals(p50),
      decimals(p99),
    ]),
  );
}

function jobs(rows: readonly CrewRow[]): string {
  const head = [
    'hosts',
    'names',
    'others',
    'calls per job',
    'Redis CPU µs per job',
    'bytes in',
    'bytes out',
  ];
  return table(
    head,
    rows.map(({ hosts: count, names, otherNames, job }) => [
      count,
      whole(names),
      whole(otherNames),
      decimals(job.calls, 2),
      decimals(job.redisUs),
      whole(job.bytesIn),
      whole(job.bytesOut),
    ]),
  );
}

function casesOf({ jobs: many }: Flags): Case[] {
  const common = { role: 'crew', names: 1, hosts: 1 } as const;
  const lone = HOSTS.map((count) => ({
    kind: 'lone' as const,
    task: {
      ...common,
      hosts: count,
      jobs: LONE_JOBS,
      perSecond: 4,
      concurrency: 20,
      idleMs: IDLE_MS,
    },
  }));
  const paced = [
    ...HOSTS.map((count) => ({ hosts: count, names: 1 })),
    ...NAMES.slice(1).map((names) => ({ hosts: 1, names })),
    { hosts: 1, names: 1, otherNames: OTHER_NAMES },
  ].map((size) => ({
    kind: 'paced' as const,
    task: {
      ...common,
      ...size,
      jobs: PACED_JOBS,
      perSecond: PER_SECOND,
      concurrency: 20,
      idleMs: 5_000,
    },
  }));
  const atOnce = NAMES.map((names) => ({
    kind: 'at once' as const,
    task: { ...common, names, jobs: many, concurrency: 50, idleMs: 0 },
  }));
  return [...lone, ...paced, ...atOnce].map((one) => ({
    ...one,
    label: `${one.kind}: ${one.task.hosts} hosts, ${one.task.names} names`,
  }));
}

function rowOf({ kind, task }: Case, works: readonly CrewWork[]): CrewRow {
  const median = (of: (work: CrewWork) => number) => medianOf(works.map(of));
  const perMinute = (of: (cost: CrewWork['idle']) => number) =>
    median(({ idle }) => (idle.ms > 0 ? (of(idle) / idle.ms / task.hosts) * MINUTE : 0));
  const perJob = (of: (cost: CrewWork['busy']) => number) =>
    median(({ idle, busy }) => {
      const without = idle.ms > 0 ? (of(idle) / idle.ms) * busy.ms : 0;
      return (of(busy) - without) / task.jobs;
    });
  const delays = (percent: number) => median((work) => percentile(work.delays, percent));
  return {
    kind,
    hosts: task.hosts,
    names: task.names,
    otherNames: task.otherNames ?? 0,
    idle: {
      calls: perMinute(({ calls }) => calls),
      redisMs: perMinute(({ redisMs }) => redisMs),
      bytes: perMinute(({ bytesIn, bytesOut }) => bytesIn + bytesOut),
    },
    job: {
      calls: perJob(({ calls }) => calls),
      redisUs: perJob(({ redisMs }) => redisMs * 1_000),
      bytesIn: perJob(({ bytesIn }) => bytesIn),
      bytesOut: perJob(({ bytesOut }) => bytesOut),
    },
    p50: delays(50),
    p99: delays(99),
  };
}
