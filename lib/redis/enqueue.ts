import type { Enqueued } from '../core/contracts/job-broker.js';
import type { NewJob } from '../core/job/job-record.js';
import { scripts } from './all-scripts.js';
import { enqueueArgs } from './enqueue-codec.js';
import { readJobs, type JobTexts } from './read-jobs.js';
import { addedRecord, nonceOf, unpackRecord } from './record-codec.js';
import type { RedisStore } from './redis-store.js';

/** What a job met that was not simply added: see `enqueue-jobs.lua`. */
interface Met extends JobTexts {
  readonly word: 'existing' | 'mine' | 'gone' | 'held' | 'taken' | 'full' | 'away';
}

const REPLY_WIDTH = 7;

/** Adds jobs in one call, however often it is repeated. */
export async function enqueueJobs(store: RedisStore, jobs: readonly NewJob[]): Promise<Enqueued[]> {
  const { channelName } = store.options;
  const args = enqueueArgs(jobs);
  let isRepeat = false;
  const [time, soon, ...exceptions] = await store.run(scripts.enqueueJobs, (repeat) => {
    isRepeat = repeat;
    return [channelName, store.messageHead, repeat ? 'repeat' : String(store.now()), ...args];
  });
  const clock = { now: Number(time), soon: Number(soon) };
  const met = metBy(exceptions as string[], clock.now);
  await readUnanswered(store, met, jobs, isRepeat);
  return jobs.map((job, i) => {
    const found = met.get(i);
    if (found === undefined) return { job: addedRecord(job, clock), created: true };
    const { id, word, asked, happened, lease, result, now } = found;
    if (word === 'full') {
      const refused = { maxQueued: Number(happened), queued: Number(asked) };
      return { job: addedRecord(job, clock), created: false, refused };
    }
    if (word === 'away') {
      return { job: addedRecord(job, clock), created: false, isMisplaced: true };
    }
    const created = word === 'mine' || word === 'gone';
    // Removed: nobody has that job any longer.
    if (asked === '') return { job: addedRecord({ ...job, id }, clock), created };
    return { job: unpackRecord(id, asked, happened, lease, result, now), created };
  });
}

function metBy(exceptions: readonly string[], now: number): Map<number, Met> {
  const met = new Map<number, Met>();
  for (let i = 0; i < exceptions.length; i += REPLY_WIDTH) {
    const [number, word, id, asked, happened, lease, result] = exceptions.slice(
      i,
      i + REPLY_WIDTH,
    ) as [string, Met['word'], string, string, string, string, string];
    met.set(Number(number) - 1, { id, word, asked, happened, lease, result, now });
  }
  return met;
}

/** An add answers about 1 MiB of jobs in place; the others are read afterwards, in calls as short. */
async function readUnanswered(
  store: RedisStore,
  met: Map<number, Met>,
  jobs: readonly NewJob[],
  isRepeat: boolean,
): Promise<void> {
  const unread = [...met].filter(
    ([, { word, asked }]) => asked === '' && word !== 'gone' && word !== 'held' && word !== 'away',
  );
  const texts = await readJobs(
    store,
    unread.map(([, { id }]) => id),
  );
  unread.forEach(([at, { word }], i) => {
    const found = texts[i]!;
    const { nonce } = jobs[at]!;
    const isMine = nonce === undefined ? isRepeat : nonceOf(found.asked) === nonce;
    const decided = word === 'taken' ? (isMine ? 'mine' : 'existing') : word;
    met.set(at, { ...found, word: decided });
  });
}
