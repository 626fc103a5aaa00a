/*
 * npm run bench -- <command> [flags]
 *
 * Every command starts a Redis of its own, measures in processes of their own, fails when a job was
 * not handled exactly once, and asserts nothing about time.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { cluster, showCluster } from './commands/cluster.js';
import { compare, showComparison } from './commands/compare.js';
import { dashboard, showDashboardFigures } from './commands/dashboard.js';
import { areMet, figures, showFigures } from './commands/figures.js';
import { growth, showGrowth } from './commands/growth.js';
import { hosts, showHosts } from './commands/hosts.js';
import { latency, showLatency } from './commands/latency.js';
import { memory, showMemory } from './commands/memory.js';
import { nestCost, showNestCost } from './commands/nest.js';
import { profile } from './commands/profile.js';
import { queries, showQueries } from './commands/queries.js';
import { showSteps, steps } from './commands/steps.js';
import { FLAG_HELP, type Flags, readFlags } from './flags.js';
import { BenchServer } from './server.js';

/** The figures, and how they are shown. */
type Command = (server: BenchServer, flags: Flags) => Promise<{ figures: unknown; text: string }>;

const COMMANDS: Record<string, { does: string; run: Command }> = {
  compare: {
    does: 'adding and processing, beside others',
    async run(server, flags) {
      const figures = await compare(server, flags);
      return { figures, text: showComparison(figures) };
    },
  },
  figures: {
    does: 'what is promised on one local Redis; fails when a figure is missed',
    async run(server, flags) {
      const found = await figures(server, flags);
      if (!areMet(found)) process.exitCode = 1;
      return { figures: found, text: showFigures(found) };
    },
  },
  latency: {
    does: 'enqueue to start, and lateness of scheduled jobs',
    async run(server, flags) {
      const figures = await latency(server, flags);
      return { figures, text: showLatency(figures) };
    },
  },
  growth: {
    does: 'our own speed with a full store',
    async run(server, flags) {
      const figures = await growth(server, flags);
      return { figures, text: showGrowth(figures) };
    },
  },
  cluster: {
    does: 'one job name on a cluster of three masters: what partitions cost, and how evenly they use it',
    async run(server, flags) {
      const figures = await cluster(server, flags);
      return { figures, text: showCluster(figures) };
    },
  },
  hosts: {
    does: 'what idle hosts, many hosts and many names cost Redis',
    async run(server, flags) {
      const figures = await hosts(server, flags);
      return { figures, text: showHosts(figures) };
    },
  },
  steps: {
    does: 'calls, bytes and CPU of Redis per job for adding, claiming and settling',
    async run(server, flags) {
      const figures = await steps(server, flags);
      return { figures, text: showSteps(figures) };
    },
  },
  memory: {
    does: 'bytes of Redis per waiting, scheduled and completed job',
    async run(server, flags) {
      const figures = await memory(server, flags);
      return { figures, text: showMemory(figures) };
    },
  },
  queries: {
    does: 'questions about a full store, beside the official Redis backend',
    async run(server, flags) {
      const figures = await queries(server, flags);
      return { figures, text: showQueries(figures) };
    },
  },
  dashboard: {
    does: 'the dashboard on a full store: each answer, and the first view in a browser',
    async run(server, flags) {
      const figures = await dashboard(server, flags);
      return { figures, text: showDashboardFigures(figures) };
    },
  },
  nest: {
    does: 'the call of a handler through Nest, beside a bare function',
    async run(server, flags) {
      const figures = await nestCost(server, flags);
      return { figures, text: showNestCost(figures) };
    },
  },
  profile: {
    does: 'where the time of one system goes',
    async run(server, flags) {
      const text = await profile(server, flags);
      return { figures: text, text };
    },
  },
};

const { command: name = '', flags } = readFlags(process.argv.slice(2));
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command) await run(command.run, flags);
else help();

async function run(measure: Command, { aof, json, ...rest }: Flags): Promise<void> {
  const server = await BenchServer.start({ aof });
  try {
    const conditions = {
      command: name,
      node: process.version,
      redis: server.version,
      cpus: cpus().length,
      persistence: aof ? 'append-only file, every second' : 'none',
      ...rest,
    };
    console.log(
      `Node ${process.version}, Redis ${server.version} (persistence: ${conditions.persistence}), ` +
        `${conditions.cpus} CPUs; ${rest.rounds} rounds, ${rest.payloadBytes} bytes per job, ` +
        `${rest.workMs > 0 ? `handlers sleep ${rest.workMs} ms` : 'handlers do nothing'}\n`,
    );
    const { figures, text } = await measure(server, { aof, json, ...rest });
    console.log(text);
    if (json) writeFileSync(json, `${JSON.stringify({ conditions, figures }, null, 2)}\n`);
  } finally {
    await server.stop();
  }
}

function help(): void {
  const commands = Object.entries(COMMANDS).map(
    ([word, { does }]) => `  ${word.padEnd(15)} ${does}`,
  );
  console.error(`npm run bench -- <command> [flags]\n\n${commands.join('\n')}\n${FLAG_HELP}`);
  process.exitCode = 1;
}
