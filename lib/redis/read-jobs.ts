import { MAX_BATCH } from '../core/contracts/job-broker.js';
import type { Orderable } from '../core/query/job-order.js';
import { scripts } from './all-scripts.js';
import { byPartition } from './partitions.js';
import { readableRecord, seqOf } from './readable-record.js';
import type { RedisStore } from './redis-store.js';

/** The texts of a stored job; `asked` is empty when there is none, the others where there is nothing to tell. */
export interface JobTexts {
  readonly id: string;
  readonly asked: string;
  readonly happened: string;
  readonly lease: string;
  readonly result: string;
  /** When they were read, by the store's clock. */
  readonly now: number;
}

const WIDTH = 4;

/** The jobs with these ids, in their order. */
export async function readJobs(
  store: RedisStore,
  ids: readonly string[],
): Promise<readonly JobTexts[]> {
  store.expectOpen();
  return byPartition(store, ids, (id) => id, readIn);
}

async function readIn(partition: RedisStore, ids: readonly string[]): Promise<JobTexts[]> {
  const jobs: JobTexts[] = [];
  await inBites(ids, async (bite) => {
    const [time, ...parts] = await partition.run(scripts.getJobs, bite);
    const count = parts.length / WIDTH;
    for (let i = 0; i < count; i++) {
      const [asked, happened, lease, result] = parts.slice(i * WIDTH, (i + 1) * WIDTH);
      jobs.push({
        id: bite[i]!,
        asked: asked!,
        happened: happened!,
        lease: lease!,
        result: result!,
        now: Number(time),
      });
    }
    return count;
  });
  return jobs;
}

/** The records of the jobs with these ids, in their order; `undefined` where there is none. */
export async function readRecords(
  store: RedisStore,
  ids: readonly string[],
): Promise<(Orderable | undefined)[]> {
  return (await readJobs(store, ids)).map((texts) =>
    texts.asked === '' ? undefined : { record: readableRecord(texts), seq: seqOf(texts.asked) },
  );
}

/**
 * Gives ids to a script that looks at as many of them as make about 1 MiB, until it has had all.
 *
 * @param look tells how many of the ids it got were looked at: one at least
 * @param most how many it gets at once
 */
export async function inBites(
  ids: readonly string[],
  look: (bite: readonly string[]) => Promise<number>,
  most = MAX_BATCH,
): Promise<void> {
  for (let done = 0; done < ids.length;) {
    done += Math.max(await look(ids.slice(done, done + most)), 1);
  }
}
