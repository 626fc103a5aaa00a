import type { Enqueued } from '../contracts/job-broker.js';
import { InvalidOptionError, QueueFullError } from '../errors.js';

/** Why a job was not added, though nothing was there in its place. */
export function refusalOf({ job, refused, isMisplaced }: Enqueued): Error | undefined {
  if (refused) return new QueueFullError(job.name, refused.maxQueued, refused.queued);
  if (!isMisplaced) return undefined;
  const expected =
    `left out for "${job.name}": its limits hold over all processes, so in a store with several \`partitions\` ` +
    'its jobs live in one of them, and their ids are made to tell which';
  return new InvalidOptionError('id', job.id, expected);
}
