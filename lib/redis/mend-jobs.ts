import { MAX_REWRITES } from '../core/contracts/job-broker.js';
import type { JobChange, PromoteAnswer, UpdateAnswer } from '../core/contracts/mending.js';
import { randomToken } from '../core/job/job-id.js';
import { scripts } from './all-scripts.js';
import { dueText } from './due-text.js';
import { packText } from './pack-record.js';
import { byPartition } from './partitions.js';
import { inBites } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';
import { REPEAT_MARGIN_MS } from './row-saves.js';

/** Leaves a fact of a job as it is. */
const AS_IT_IS = '=';

export async function updateJob(
  store: RedisStore,
  id: string,
  { data = AS_IT_IS, version, priority, due, lastModifiedBy }: JobChange,
): Promise<UpdateAnswer> {
  const partition = store.partitionOf(id);
  const [, answer] = await partition.run(scripts.updateJob, [
    ...callHead(partition),
    id,
    due === undefined ? AS_IT_IS : dueText(due),
    priority === undefined ? AS_IT_IS : String(priority),
    data ?? '',
    lastModifiedBy === undefined ? '' : packText(lastModifiedBy),
    String(version ?? ''),
  ]);
  return answer as UpdateAnswer;
}

/** Makes waiting jobs due; answers in the order of the ids. */
export async function promoteJobs(
  store: RedisStore,
  ids: readonly string[],
): Promise<PromoteAnswer[]> {
  return [...(await byPartition(store, ids, (id) => id, promoteIn))];
}

async function promoteIn(partition: RedisStore, ids: readonly string[]): Promise<PromoteAnswer[]> {
  const head = callHead(partition);
  const answers: PromoteAnswer[] = [];
  const promote = async (bite: readonly string[]): Promise<number> => {
    const [, ...words] = await partition.run(scripts.promoteJobs, [...head, ...bite]);
    answers.push(...(words as PromoteAnswer[]));
    return words.length;
  };
  await inBites(ids, promote, MAX_REWRITES);
  return answers;
}

/** Channel, head of messages, and by what a repeat of the call is known. */
function callHead({ options, messageHead }: RedisStore): string[] {
  const { channelName, retryForMs } = options;
  return [channelName, messageHead, randomToken(), String(retryForMs + REPEAT_MARGIN_MS)];
}
