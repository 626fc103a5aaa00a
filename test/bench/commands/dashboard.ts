import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Flags } from '../flags.js';
import type { ShownDashboard } from '../roles/show-dashboard.js';
import { evenly } from '../roles/stock-states.js';
import { progress } from '../rounds.js';
import { runChild } from '../run-child.js';
import type { BenchServer } from '../server.js';
import { spreadOf } from '../statistics.js';
import { decimals, table, whole } from '../table.js';

// As in server.ts: it is no TypeScript, so it stays where it is.
const SUPPORT = pathToFileURL(join(process.cwd(), 'test/support/chromium.mjs')).href;
const { chromium } = (await import(SUPPORT)) as typeof import('../../support/chromium.mjs');

/** How long a full store lets those wait who look at it. */
export async function dashboard(server: BenchServer, flags: Flags): Promise<ShownDashboard> {
  const { url } = server;
  const jobs = evenly(flags.stored);
  const browser = await chromium();
  await server.flush();
  progress(`making ${whole(jobs)} jobs`);
  const { payloadBytes, rounds } = flags;
  await runChild({ role: 'stock-states', system: 'ours', url, jobs, payloadBytes }).result;
  progress('');
  return runChild({ role: 'show-dashboard', url, rounds, browser }).result;
}

export function showDashboardFigures({ answers, namesShownMs }: ShownDashboard): string {
  const rows = answers.map(({ what, ms, commands }) => [what, decimals(ms), commands]);
  const { median, min, max } = spreadOf(namesShownMs);
  return (
    `${table(['answer of the server', 'ms', 'commands'], rows)}\n\n` +
    `In the browser all names are shown ${whole(median)} ms after the navigation ` +
    `(${whole(min)} to ${whole(max)}).\n`
  );
}
