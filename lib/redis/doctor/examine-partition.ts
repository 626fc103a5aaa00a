import { scripts } from '../all-scripts.js';
import { isHome } from '../hold-names.js';
import { scanPages } from '../repartition/scan-pages.js';
import { inPages } from '../walk-jobs.js';
import type { Examination } from './examination.js';
import { examineJobs } from './examine-jobs.js';
import { examineKeys } from './examine-keys.js';
import { MetLines } from './met-lines.js';

const NAMES_AT_ONCE = 20;

/**
 * Looks at all keys of a partition: at its jobs first, so that what leads to none of them is left over for the look
 * at keys; at names and lines last, since they follow from the places of jobs.
 *
 * @returns how many jobs there were
 */
export async function examinePartition(examination: Examination): Promise<number> {
  const { keys } = examination.partition;
  await examination.ask(scripts.examineStore, [[]]);
  const jobs = await examineJobs(examination);
  const lines = new MetLines(examination);
  const names = await examineKeys(examination, keys.prefix, lines);
  await examineLines(examination, names, lines);
  await examineNames(examination, names);
  return jobs;
}

async function examineLines(
  examination: Examination,
  names: ReadonlySet<string>,
  lines: MetLines,
): Promise<void> {
  const { keys } = examination.partition;
  for (const name of names) {
    for (const which of ['lines', 'openings'] as const) {
      for await (const key of entriesOf(examination, 'ZSCAN', keys.keysOf(name, which))) {
        await lines.add(name, key);
      }
    }
  }
  await lines.examine();
}

async function examineNames(examination: Examination, met: ReadonlySet<string>): Promise<void> {
  const { whole, partition, number } = examination;
  const { keys } = partition;
  const names = new Set(met);
  const listed: [command: 'HSCAN' | 'SSCAN' | 'ZSCAN', key: string][] = [
    ['SSCAN', keys.names],
    ['HSCAN', keys.settings],
    ['HSCAN', keys.limits],
    ['HSCAN', keys.gates],
    ['ZSCAN', keys.due],
    ['ZSCAN', keys.opens],
  ];
  for (const [command, key] of listed) {
    for await (const name of entriesOf(examination, command, key)) names.add(name);
  }
  const isAway = (name: string) => whole.together.has(name) && !isHome(whole, name, number);
  for (const some of inPages([...names], NAMES_AT_ONCE)) {
    const pairs = some.map((name) => [name, isAway(name) ? 'away' : '']);
    await examination.ask(scripts.examineNames, pairs);
  }
}

/** The members, or fields, of a key; none of one that is not what its name says. */
async function* entriesOf(
  { partition }: Examination,
  command: 'HSCAN' | 'SSCAN' | 'ZSCAN',
  key: string,
): AsyncGenerator<string> {
  const step = command === 'SSCAN' ? 1 : 2;
  try {
    for await (const page of scanPages(partition.connection, command, key, 200)) {
      yield* page.filter((_, i) => i % step === 0);
    }
  } catch (error) {
    if (!/WRONGTYPE/.test(String(error))) throw error;
  }
}
