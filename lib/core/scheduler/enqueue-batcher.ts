import { Batcher } from '../batcher.js';
import type { Enqueued, JobBroker } from '../contracts/job-broker.js';
import type { NewJob } from '../job/job-record.js';
import { goTogether, sendJobs } from './send-jobs.js';

// What a record has beside its data.
const FRAME_BYTES = 512;

/** Single adds that come together travel together, and are inserted in the order they were asked for. */
export class EnqueueBatcher {
  private readonly batcher: Batcher<NewJob, Enqueued>;

  constructor(broker: () => JobBroker) {
    this.batcher = new Batcher({
      send: (jobs) => sendJobs(broker(), jobs),
      goTogether,
      bytesOf,
      most: () => broker().enqueueLimit,
      unsent: 'The job was not added: another add before it found no connection.',
    });
  }

  add(job: NewJob): Promise<Enqueued> {
    return this.batcher.add(job);
  }

  /** Resolves when every add has its answer. */
  idle(): Promise<void> {
    return this.batcher.idle();
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
