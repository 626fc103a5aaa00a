import { cluster } from '../commands/cluster.js';
import { MEASURED_RATES, rateFigures } from '../commands/rates.js';
import type { Flags } from '../flags.js';
import { progress } from '../rounds.js';
import { runChild } from '../run-child.js';
import { BenchServer } from '../server.js';
import type { Check } from './check.js';
import { checkSpeeds, CLAIMS_WITH_AOF } from './speed-claims.js';

/** P14: speed with every write in a file. */
export async function checkWithAof(_server: BenchServer, flags: Flags): Promise<Check[]> {
  const server = await BenchServer.start({ aof: true });
  try {
    return await checkSpeeds(server, CLAIMS_WITH_AOF, flags);
  } finally {
    await server.stop();
  }
}

const NAMES = 50;
const WATCHED_MS = 30_000;

/** P16: a worker with nothing to do. */
export async function checkIdleness(server: BenchServer): Promise<Check[]> {
  progress(`a worker of ${NAMES} names with nothing to do`);
  await server.flush();
  const { url } = server;
  const measured = await runChild({ role: 'stand-by', url, names: NAMES, forMs: WATCHED_MS })
    .result;
  const what = `a worker of ${NAMES} names with nothing to do`;
  return [{ goal: 'P16', what, bound: { atMost: 1 }, unit: 'commands/s', measured }];
}

const PARTITIONS = 8;
/** A hundred for each partition: a call speaks to one, and its price is that of the jobs it carries there. */
const HANDLERS = PARTITIONS * 100;

/** P17: partitions on a cluster of three masters. */
export async function checkCluster(server: BenchServer, flags: Flags): Promise<Check[]> {
  const extent = { concurrencies: [HANDLERS], partitions: [1, PARTITIONS] };
  const rows = await cluster(server, flags, extent);
  const measured = rows.find(({ partitions }) => partitions === PARTITIONS)!.toCluster;
  const what = `${PARTITIONS} partitions on 3 masters, jobs per CPU second of Redis`;
  return [{ goal: 'P17', what, bound: { atLeast: 0.75 }, to: 'one partition', measured }];
}

/** How many jobs a limited rate lets pass in time, by one process and by several. */
export async function checkRates(server: BenchServer, { rounds }: Flags): Promise<Check[]> {
  const found = await rateFigures(server, rounds);
  return found.map(({ processes, idealMs, mostMs, tookMs }) => ({
    goal: 'local',
    what: `${MEASURED_RATES}, ${processes} processes; ideal ${idealMs} ms`,
    bound: { atMost: mostMs },
    unit: 'ms',
    measured: tookMs.median,
  }));
}
