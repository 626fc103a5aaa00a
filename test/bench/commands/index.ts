import { showChecks } from '../goals/check.js';
import type { Flags } from '../flags.js';
import type { BenchServer } from '../server.js';
import { cluster, showCluster } from './cluster.js';
import { compare, showComparison } from './compare.js';
import { dashboard, showDashboardFigures } from './dashboard.js';
import { areMet, goals } from './goals.js';
import { growth, showGrowth } from './growth.js';
import { guard, areWon, showGuard } from './guard.js';
import { hosts, showHosts } from './hosts.js';
import { latency, showLatency } from './latency.js';
import { memory, showMemory } from './memory.js';
import { nestCost, showNestCost } from './nest.js';
import { profile } from './profile.js';
import { queries, showQueries } from './queries.js';
import { showSteps, steps } from './steps.js';

export interface Report {
  readonly figures: unknown;
  readonly text: string;
  /** The run ends with an error when what it asks for is missed. */
  readonly isMet: boolean;
}

export interface Command {
  readonly does: string;
  /** Whether `--only` can choose some of what it measures. */
  readonly hasParts: boolean;
  /** What is shown of the rounds. */
  readonly shows: 'medians' | 'the best round';
  readonly run: (server: BenchServer, flags: Flags) => Promise<Report>;
}

type Measure<Figures> = (server: BenchServer, flags: Flags) => Promise<Figures>;

function inParts<Figures>(
  does: string,
  measure: Measure<Figures>,
  show: (figures: Figures) => string,
  isMet: (figures: Figures) => boolean = () => true,
): Command {
  const run = async (server: BenchServer, flags: Flags) => {
    const figures = await measure(server, flags);
    return { figures, text: show(figures), isMet: isMet(figures) };
  };
  return { does, hasParts: true, shows: 'medians', run };
}

function asWhole<Figures>(...command: Parameters<typeof inParts<Figures>>): Command {
  return { ...inParts(...command), hasParts: false };
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  compare: inParts('adding and processing, beside others', compare, showComparison),
  latency: inParts('enqueue to start, and lateness of scheduled jobs', latency, showLatency),
  memory: inParts('bytes of Redis per waiting, scheduled and completed job', memory, showMemory),
  goals: inParts(
    'all that is wanted of this package; fails when a goal is missed',
    goals,
    showChecks,
    areMet,
  ),
  guard: {
    ...asWhole(
      'for CI: fails when ours has become much slower beside the floor',
      guard,
      showGuard,
      areWon,
    ),
    shows: 'the best round',
  },
  growth: asWhole('our own speed with a full store', growth, showGrowth),
  queries: inParts(
    'questions about a full store, beside the official Redis backend',
    queries,
    showQueries,
  ),
  steps: inParts(
    'calls, bytes and CPU of Redis per job for adding, claiming and settling',
    steps,
    showSteps,
  ),
  hosts: inParts('what idle hosts, many hosts and many names cost Redis', hosts, showHosts),
  cluster: asWhole(
    'one job name on a cluster of three masters: what partitions cost, and how evenly they use it',
    cluster,
    showCluster,
  ),
  dashboard: asWhole(
    'the dashboard on a full store: each answer, and the first view in a browser',
    dashboard,
    showDashboardFigures,
  ),
  nest: asWhole(
    'the call of a handler through Nest, beside a bare function',
    nestCost,
    showNestCost,
  ),
  profile: inParts('where the time of one system goes', profile, (text) => text),
};
