import { Batcher } from '../batcher.js';
import type { Enqueued, JobBroker } from '../contracts/job-broker.js';
import type { NewJob } from '../job/job-record.js';
import { goTogether, sendJobs } from './send-jobs.js';

// What a record has beside its data.
const FRAME_BYTES = 512;

/**
 * Single adds that come together travel together, and are inserted in the order they were asked for (see `Batcher`):
 * in each partition of the store, so that one that is away holds up nothing of the others.
 */
export class EnqueueBatcher {
  private readonly batchers = new Map<number, Batcher<NewJob, Enqueued>>();

  constructor(private readonly broker: () => JobBroker) {}

  add(job: NewJob): Promise<Enqueued> {
    return this.batcherOf(this.broker().partitionOf(job.id)).add(job);
  }

  /** Resolves when every add has its answer. */
  async idle(): Promise<void> {
    await Promise.all(Array.from(this.batchers.values(), (batcher) => batcher.idle()));
  }

  private batcherOf(partition: number): Batcher<NewJob, Enqueued> {
    let batcher = this.batchers.get(partition);
    if (!batcher) {
      batcher = this.newBatcher();
      this.batchers.set(partition, batcher);
    }
    return batcher;
  }

  private newBatcher(): Batcher<NewJob, Enqueued> {
    const oneByOne = this.broker().enqueueLimit === 1;
    return new Batcher({
      send: (jobs) => sendJobs(this.broker(), jobs),
      goTogether,
      bytesOf,
      most: () => this.broker().enqueueLimit,
      // A store that takes them one by one keeps no order among calls: they may go over different connections.
      mostUnderWay: oneByOne ? 1 : 2,
      unsent: 'The job was not added: another add before it found no connection.',
    });
  }
}

// What one with an idempotency key has besides: name and key, three times at most.
const KEYED_BYTES = 2400;

// A character of a tag or a header, as stores write it, at most.
const CHARACTER_BYTES = 6;
// What the index of a tag costs, which takes as long as so many bytes do.
const TAG_BYTES = 2048;

/** No less than the bytes of its record. */
export function bytesOf({ data, idempotency, tags = [], context }: NewJob): number {
  let frame = idempotency === undefined ? FRAME_BYTES : FRAME_BYTES + KEYED_BYTES;
  if (context !== undefined) frame += JSON.stringify(context).length * CHARACTER_BYTES;
  for (const tag of tags) frame += TAG_BYTES + tag.length * CHARACTER_BYTES;
  if (data === undefined) return frame;
  // Measuring costs more than it saves where little is at stake.
  return frame + (data.length < 1024 ? data.length * 3 : Buffer.byteLength(data));
}
