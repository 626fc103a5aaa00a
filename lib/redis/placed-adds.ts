import type { Enqueued } from '../core/contracts/job-broker.js';
import { InvalidOptionError } from '../core/errors.js';
import type { DedupedJob, NewJob } from '../core/job/job-record.js';
import { isMadeId, placedId, sharedBy, sharedByName, type Sharing } from '../core/job/placement.js';
import { dedupeJob } from './dedupe.js';
import { enqueueJobs } from './enqueue.js';
import { freshTogether, meetTogether } from './learn-together.js';
import { byPartition } from './partitions.js';
import { addedRecord } from './record-codec.js';
import type { RedisStore } from './redis-store.js';

/*
 * Adding jobs to a store with several partitions. Nearly always their ids have the right place already. But
 * which names are held together changes, and who made an id may not have heard of it. So a partition that may
 * not have jobs of a name answers that the name is away, and the job is added once more, by another id.
 */

/** So often a job goes to another partition, while others change what is held together. */
const MOST_MOVES = 3;

/** Adds jobs, in one call to each partition that gets any of them. */
export async function enqueuePlaced(
  store: RedisStore,
  jobs: readonly NewJob[],
): Promise<Enqueued[]> {
  for (const job of jobs) checkPlace(store, job, isChosen(job) ? job.id : undefined);
  await freshTogether(store, jobs, sharesAny);
  return inTheirPlaces(store, jobs, isChosen, (placed) =>
    byPartition(store, placed, ({ id }) => id, enqueueJobs),
  );
}

/** As `dedupeJob`. */
export async function dedupePlaced(store: RedisStore, job: DedupedJob): Promise<Enqueued> {
  // By its nonce nobody can tell: every call has one.
  const isChosenId = !isMadeId(job.id);
  checkPlace(store, job, isChosenId ? job.id : undefined);
  await freshTogether(store, [job], sharesAny);
  const [answer] = await inTheirPlaces(
    store,
    [job],
    () => isChosenId,
    async ([placed]) => [await dedupeJob(store.partitionOf(placed!.id), placed!)],
  );
  return answer!;
}

/**
 * @param chosenId - left out where one is made
 * @throws InvalidOptionError for a job that would need two places at once
 */
export function checkPlace(store: RedisStore, job: Sharing, chosenId: string | undefined): void {
  if (!sharesAny(job)) return;
  const [place, ...others] = sharedBy(job).map(store.placeOf);
  if (others.some((other) => other !== place)) {
    const expected = `left out beside an \`idempotencyKey\` or \`dedupe\` ${WHERE}`;
    throw new InvalidOptionError('key', job.key, expected);
  }
  if (chosenId === undefined || store.placeOfId(chosenId) === place) return;
  const expected = `left out beside a \`key\`, an \`idempotencyKey\` or \`dedupe\` ${WHERE}`;
  throw new InvalidOptionError('id', chosenId, expected);
}

const WHERE = 'in a store with several `partitions`, since each says where the job lives';

async function inTheirPlaces<Job extends NewJob>(
  store: RedisStore,
  jobs: readonly Job[],
  isFixed: (job: Job) => boolean,
  add: (placed: readonly Job[]) => Promise<readonly Enqueued[]>,
  movesLeft = MOST_MOVES,
): Promise<Enqueued[]> {
  const placed = jobs.map((job) => (isFixed(job) ? job : atItsPlace(store, job)));
  const fits = placed.map((job) => isAtItsPlace(store, job));
  const added = await add(placed.filter((_, i) => fits[i]));
  let at = 0;
  const answers = placed.map((job, i) => (fits[i] ? added[at++]! : misplaced(store, job)));
  const away = answers.flatMap(({ isMisplaced }, i) =>
    isMisplaced && !isFixed(placed[i]!) ? [i] : [],
  );
  if (away.length === 0 || movesLeft === 0) return answers;
  const moving = away.map((i) => placed[i]!);
  await meetTogether(
    store,
    moving.map(({ name }) => name),
  );
  const moved = await inTheirPlaces(store, moving, isFixed, add, movesLeft - 1);
  away.forEach((i, n) => (answers[i] = moved[n]!));
  return answers;
}

/** With another id, if the one it has was made for another place. */
function atItsPlace<Job extends NewJob>(store: RedisStore, job: Job): Job {
  const shared = bindingOf(store, job);
  const isRight = shared === undefined || store.placeOf(shared) === store.placeOfId(job.id);
  return isRight ? job : { ...job, id: placedId(shared) };
}

function isAtItsPlace(store: RedisStore, job: NewJob): boolean {
  if (!store.together.has(job.name)) return true;
  return store.placeOf(sharedByName(job.name)) === store.placeOfId(job.id);
}

/** What says where a job lives; nothing but its id where that is left out. */
function bindingOf(store: RedisStore, job: NewJob): string | undefined {
  if (store.together.has(job.name)) return sharedByName(job.name);
  return sharesAny(job) ? sharedBy(job)[0] : undefined;
}

const sharesAny = ({ key, idempotency, dedupe }: Sharing): boolean =>
  key !== undefined || idempotency !== undefined || dedupe !== undefined;

/** A chosen id is told from one of ours by its nonce, or its look. */
const isChosen = ({ id, nonce }: NewJob): boolean => nonce !== undefined || !isMadeId(id);

function misplaced(store: RedisStore, job: NewJob): Enqueued {
  const now = store.now();
  return { job: addedRecord(job, { now, soon: now }), created: false, isMisplaced: true };
}
