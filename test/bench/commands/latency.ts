import type { Flags } from '../flags.js';
import type { Work } from '../roles/work-off.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import { chosen } from '../selection.js';
import type { BenchServer } from '../server.js';
import { medianOf, percentile } from '../statistics.js';
import type { SystemName } from '../systems/index.js';
import { type Cell, decimals, section, table, times } from '../table.js';

const SYSTEMS: readonly SystemName[] = ['ours', 'bullmq', 'bee-queue', 'agenda', 'floor'];
const YARDSTICKS = ['bullmq', 'bee-queue'] as const;

const CONCURRENCY = 50;
/** How long jobs are sent. */
const SECONDS = 5;
const SCHEDULED_PER_SECOND = 200;
/** Time to add all scheduled jobs before the first is due. */
const AHEAD_MS = 3_000;
/** From the start of the worker; who has not handled all jobs then has not kept up. */
const PATIENCE_MS = (SECONDS + 10) * 1_000 + AHEAD_MS;

export const KINDS = [
  { title: 'enqueue to start, 500/s', perSecond: 500, scheduled: false },
  { title: 'enqueue to start, 2,000/s', perSecond: 2_000, scheduled: false },
  {
    title: `lateness of scheduled jobs, ${SCHEDULED_PER_SECOND}/s`,
    perSecond: SCHEDULED_PER_SECOND,
    scheduled: true,
  },
] as const;

type Kind = (typeof KINDS)[number];
type Title = Kind['title'];

interface Case {
  readonly label: string;
  readonly kind: Kind;
  readonly system: SystemName;
}

export interface Latency {
  readonly title: Title;
  readonly system: SystemName;
  /** In ms; medians over the rounds. A negative minimum is a job that started early. None: it did not keep up. */
  readonly delays?: {
    readonly min: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
}

/** How long it takes from adding a job to its start, and from its due time. */
export async function latency(server: BenchServer, flags: Flags): Promise<Latency[]> {
  const left = new Set<Case>();
  const results = await interleave(
    chosen(casesOf(flags), flags.only),
    flags.rounds,
    async (one) => {
      // Whoever does not keep up once would only take the time of the others.
      if (left.has(one)) return undefined;
      const { keptUp, delays } = await measure(server, one, flags);
      if (!keptUp) left.add(one);
      return delays;
    },
  );
  return [...results].map(([one, rounds]) => {
    const { kind, system } = one;
    const { title } = kind;
    if (left.has(one)) return { title, system };
    const at = (percent: number) => medianOf(rounds.map((delays) => percentile(delays!, percent)));
    return { title, system, delays: { min: at(0), p50: at(50), p99: at(99), max: at(100) } };
  });
}

export function showLatency(rows: readonly Latency[]): string {
  const titles = [...new Set(rows.map(({ title }) => title))];
  const head = ['ms', 'p50', 'p99', 'min', 'max'];
  for (const name of YARDSTICKS) head.push(`p50 to ${name}`, `p99 to ${name}`);
  return titles
    .map((title) => {
      const group = rows.filter((row) => row.title === title);
      return section(
        title,
        table(
          head,
          group.map((row) => lineOf(row, group)),
        ),
      );
    })
    .join('\n');
}

function lineOf({ system, delays }: Latency, group: readonly Latency[]): Cell[] {
  if (!delays)
    return [system, 'does not keep up', '', '', '', ...YARDSTICKS.flatMap(() => ['', ''])];
  const { p50, p99, min, max } = delays;
  const ratios = YARDSTICKS.flatMap((name) => {
    const other = group.find((row) => row.system === name)?.delays;
    return other ? [times(p50 / other.p50), times(p99 / other.p99)] : ['', ''];
  });
  return [system, ...[p50, p99, min, max].map((ms) => decimals(ms, 2)), ...ratios];
}

function casesOf({ systems }: Flags): Case[] {
  const wanted = systems.length > 0 ? systems : SYSTEMS;
  return KINDS.flatMap((kind) =>
    wanted.map((system) => ({ kind, system, label: `${kind.title}: ${system}` })),
  );
}

async function measure(
  server: BenchServer,
  { system, kind: { perSecond, scheduled } }: Case,
  { payloadBytes, workMs }: Flags,
): Promise<Work> {
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
    workMs,
    delays: scheduled ? 'since-due' : 'since-sent',
    patienceMs: PATIENCE_MS,
  });
  await Promise.race([work.ready, work.result]);
  const ahead = scheduled ? { aheadMs: AHEAD_MS } : {};
  const send = runChild({ role: 'send', system, url, jobs, perSecond, payloadBytes, ...ahead });
  const [done] = await Promise.all([work.result, send.result]);
  return done;
}
