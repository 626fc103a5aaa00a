import type { RequeueAnswer, RequeueRequest } from '../core/contracts/job-manager.js';
import { MAX_CALL_BYTES } from '../core/contracts/job-broker.js';
import { randomToken } from '../core/job/job-id.js';
import { scripts } from './all-scripts.js';
import { dueText } from './due-text.js';
import { byPartition } from './partitions.js';
import { inBites } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';
import { REPEAT_MARGIN_MS } from './row-saves.js';

/** Leaves the data of the jobs as it is. */
const AS_IT_IS = '=';

/** Brings dead letters back; answers in the order of the ids. */
export async function requeueJobs(
  store: RedisStore,
  ids: readonly string[],
  how: RequeueRequest,
): Promise<RequeueAnswer[]> {
  const requeue = (partition: RedisStore, share: readonly string[]): Promise<RequeueAnswer[]> =>
    requeueIn(partition, share, how);
  return [...(await byPartition(store, ids, (id) => id, requeue))];
}

async function requeueIn(
  partition: RedisStore,
  ids: readonly string[],
  { expectName = '', due, resetAttempts, data = AS_IT_IS, version }: RequeueRequest,
): Promise<RequeueAnswer[]> {
  const { channelName, retryForMs } = partition.options;
  const args = [
    channelName,
    partition.messageHead,
    randomToken(),
    String(retryForMs + REPEAT_MARGIN_MS),
    expectName,
    dueText(due),
    resetAttempts ? 'anew' : '',
    data ?? '',
    String(version ?? ''),
  ];
  const answers: RequeueAnswer[] = [];
  // New data is written as often as there are jobs.
  const most = Math.max(Math.floor(MAX_CALL_BYTES / Math.max(Buffer.byteLength(data ?? ''), 1)), 1);
  await inBites(ids, async (bite) => {
    const [, ...parts] = await partition.run(scripts.requeueJobs, [
      ...args,
      ...bite.slice(0, most),
    ]);
    for (let i = 0; i < parts.length; i += 2) {
      const [outcome, holder] = [parts[i] as RequeueAnswer['outcome'], parts[i + 1]!];
      answers.push({ outcome, ...(holder !== '' && { holder }) });
    }
    return parts.length / 2;
  });
  return answers;
}
