import { learnTogether } from '../learn-together.js';
import type { RedisStore } from '../redis-store.js';
import { Examination } from './examination.js';
import { examineKeys } from './examine-keys.js';
import { examinePartition } from './examine-partition.js';
import { examineSettings } from './examine-settings.js';
import type { Findings } from './findings.js';
import { MetLines } from './met-lines.js';
import { Pace } from './pace.js';

/** How the keys of a store are looked at. */
interface Look {
  readonly repair: boolean;
  /** The most of a server's time, in percent. */
  readonly pace: number;
  readonly tell: (line: string) => void;
}

/** Looks at what is fixed in a store, and at all its keys. @returns how many jobs there were */
export async function examineStore(
  store: RedisStore,
  findings: Findings,
  { repair, pace: percent, tell }: Look,
): Promise<number> {
  const isReadable = await examineSettings(store, repair, (finding) => findings.add(finding));
  if (!isReadable) return 0;
  const pace = new Pace(percent);
  const lookAt = (partition: RedisStore, number: number): Examination =>
    new Examination(store, partition, number, findings, pace, repair);
  const { partitions } = store;
  const isSpread = partitions.length > 1;
  if (isSpread) {
    await learnTogether(store);
    // What is nobody's alone: there are no jobs.
    const home = lookAt(store, 0);
    await examineKeys(home, store.keys.prefix, new MetLines(home));
  }
  let jobs = 0;
  for (const [number, partition] of partitions.entries()) {
    jobs += await examinePartition(lookAt(partition, number));
    if (isSpread) tell(`Partition ${number + 1} of ${partitions.length}: ${jobs} jobs so far.`);
  }
  return jobs;
}
