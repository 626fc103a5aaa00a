import type { Flags } from '../flags.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import type { BenchServer } from '../server.js';
import { medianOf, percentile } from '../statistics.js';
import type { SystemName } from '../systems/index.js';
import { decimals, table, times } from '../table.js';

const CONCURRENCY = 50;
/** How long jobs are sent. */
const SECONDS = 5;
const SCHEDULED_PER_SECOND = 200;
/** Time to add all scheduled jobs before the first is due. */
const AHEAD_MS = 3_000;

interface Case {
  readonly label: string;
  readonly title: string;
  readonly system: SystemName;
  readonly perSecond: number;
  readonly scheduled: boolean;
}

export interface Latency {
  readonly title: string;
  readonly system: SystemName;
  /** In ms; medians over the rounds. A negative minimum is a job that started early. */
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How long it takes from adding a job to its start, and from its due time. */
export async function latency(server: BenchServer, flags: Flags): Promise<Latency[]> {
  const results = await interleave(casesOf(flags), flags.rounds, (one) =>
    measure(server, one, flags),
  );
  return [...results].map(([{ title, system }, rounds]) => {
    const at = (percent: number) => medianOf(rounds.map((delays) => percentile(delays, percent)));
    return { title, system, min: at(0), p50: at(50), p99: at(99), max: at(100) };
  });
}

export function showLatency(rows: readonly Latency[]): string {
  const titles = [...new Set(rows.map(({ title }) => title))];
  const head = ['ms', 'p50', 'p99', 'min', 'max', 'p50 to bullmq', 'p99 to bullmq'];
  return titles
    .map((title) => {
      const group = rows.filter((row) => row.title === title);
      const rival = group.find(({ system }) => system === 'bullmq');
      const lines = group.map(({ system, min, p50, p99, max }) => [
        system,
        ...[p50, p99, min, max].map((ms) => decimals(ms, 2)),
        ...(rival ? [times(p50 / rival.p50), times(p99 / rival.p99)] : ['', '']),
      ]);
      return `${title}\n\n${table(head, lines)}\n`;
    })
    .join('\n');
}

function casesOf({ systems, only }: Flags): Case[] {
  const wanted: readonly SystemName[] = systems.length > 0 ? systems : ['ours', 'bullmq', 'floor'];
  const kinds = [
    { title: 'enqueue to start, 500/s', perSecond: 500, scheduled: false },
    { title: 'enqueue to start, 2,000/s', perSecond: 2_000, scheduled: false },
    { title: 'lateness of scheduled jobs', perSecond: SCHEDULED_PER_SECOND, scheduled: true },
  ];
  return kinds
    .filter(({ title }) => title.includes(only))
    .flatMap((kind) =>
      wanted.map((system) => ({ ...kind, system, label: `${kind.title}: ${system}` })),
    );
}

async function measure(
  server: BenchServer,
  { system, perSecond, scheduled }: Case,
  { payloadBytes }: Flags,
): Promise<readonly number[]> {
  const { url } = server;
  const jobs = perSecond * SECONDS;
  await server.flush();
  const work = runChild({
    role: 'work',
    system,
    url,
    concurrency: CONCURRENCY,
    kept: false,
    jobs,
    // The first second shows how processes start, not how they run.
    warmUp: perSecond,
    workMs: 0,
    delays: scheduled ? 'since-due' : 'since-sent',
  });
  await Promise.race([work.ready, work.result]);
  const ahead = scheduled ? { aheadMs: AHEAD_MS } : {};
  const send = runChild({ role: 'send', system, url, jobs, perSecond, payloadBytes, ...ahead });
  const [{ delays }] = await Promise.all([work.result, send.result]);
  return delays;
}
