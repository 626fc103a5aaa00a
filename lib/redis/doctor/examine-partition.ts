import { scripts } from '../all-scripts.js';
import { isHome } from '../hold-names.js';
import { scanPages } from '../repartition/scan-pages.js';
import { inPages } from '../walk-jobs.js';
import type { Examination } from './examination.js';
import { examineJobs } from './examine-jobs.js';
import { examineKeys, type Met } from './examine-keys.js';

const NAMES_AT_ONCE = 20;
const LINES_AT_ONCE = 20;

/**
 * Looks at all keys of a partition: at its jobs first, so that what leads to none of them is left over for the look
 * at keys; at names and lines last, since they follow from the places of jobs.
 *
 * @returns how many jobs there were
 */
export async function examinePartition(examination: Examination): Promise<number> {
  const { keys } = examination.partition;
  await examination.ask(scripts.examineStore, []);
  const jobs = await examineJobs(examination);
  const met = await examineKeys(examination, keys.prefix);
  await examineLines(examination, met);
  await examineNames(examination, met);
  return jobs;
}

async function examineLines(examination: Examination, { names, lines }: Met): Promise<void> {
  const { keys } = examination.partition;
  const all = new Map(lines);
  for (const name of names) {
    for (const which of ['lines', 'openings'] as const) {
      for (const key of await entriesOf(examination, 'ZSCAN', keys.keysOf(name, which))) {
        all.set(`${Buffer.byteLength(name)}:${name}${key}`, [name, key]);
      }
    }
  }
  for (const some of inPages([...all.values()], LINES_AT_ONCE)) {
    await examination.ask(scripts.examineLines, some.flat());
  }
}

async function examineNames(examination: Examination, met: Met): Promise<void> {
  const { whole, partition, number } = examination;
  const { keys } = partition;
  const names = new Set(met.names);
  const listed: [command: 'HSCAN' | 'SSCAN' | 'ZSCAN', key: string][] = [
    ['SSCAN', keys.names],
    ['HSCAN', keys.settings],
    ['HSCAN', keys.limits],
    ['HSCAN', keys.gates],
    ['ZSCAN', keys.due],
    ['ZSCAN', keys.opens],
  ];
  for (const [command, key] of listed) {
    for (const name of await entriesOf(examination, command, key)) names.add(name);
  }
  const isAway = (name: string) => whole.together.has(name) && !isHome(whole, name, number);
  for (const some of inPages([...names], NAMES_AT_ONCE)) {
    const pairs = some.flatMap((name) => [name, isAway(name) ? 'away' : '']);
    await examination.ask(scripts.examineNames, pairs);
  }
}

/** The members, or fields, of a key; none of one that is not what its name says. */
async function entriesOf(
  { partition }: Examination,
  command: 'HSCAN' | 'SSCAN' | 'ZSCAN',
  key: string,
): Promise<string[]> {
  const found: string[] = [];
  const step = command === 'SSCAN' ? 1 : 2;
  try {
    for await (const page of scanPages(partition.connection, command, key, 200)) {
      found.push(...page.filter((_, i) => i % step === 0));
    }
  } catch (error) {
    if (!/WRONGTYPE/.test(String(error))) throw error;
  }
  return found;
}
