import type { NameLimits } from '../core/contracts/job-broker.js';
import { ScatteredJobsError } from '../core/errors.js';
import { sharedByName } from '../core/job/placement.js';
import { scripts } from './all-scripts.js';
import { allOf, inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';

/*
 * Names with limits over all processes: nobody counts over several partitions at once, so all their jobs live in
 * one. In every other one the name is *away*: its gate says so, atomically with the look whether it has jobs there. The
 * whole keeps the list of these names, from which those who make ids know where to place them. Names that lose
 * their limits stay, until they are forgotten.
 */

/** Whether limits hold over all jobs of a name; those per key hold where the jobs of the key are, wherever that is. */
export const holdOverAll = ({ concurrency, rate, maxQueued }: NameLimits = {}): boolean =>
  concurrency !== undefined || rate !== undefined || maxQueued !== undefined;

/**
 * Sees to it that all jobs of these names live in one partition from now on.
 *
 * @throws ScatteredJobsError when one has jobs elsewhere: then nothing has changed
 */
export async function holdTogether(store: RedisStore, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  if (store.partitions.length === 1) return noteTogether(store, names);
  // A name that is away for a moment only would send some of its jobs to another place than others of their key.
  expectNoJobs(names, await allOf(inOthers(store, 'look', names)));
  const moves = inOthers(store, 'away', names);
  try {
    expectNoJobs(names, await allOf(moves));
  } catch (thrown) {
    await takeBack(store, moves);
    throw thrown;
  }
  await store.run(scripts.keepTogether, ['held', ...names]);
  store.together.add(names);
}

/** A store in one piece has one place only. But ids that are made from now on fit when it gets more partitions. */
async function noteTogether(store: RedisStore, names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !store.together.has(name));
  if (unknown.length === 0) return;
  await store.run(scripts.keepTogether, ['held', ...unknown]);
  store.together.add(unknown);
}

/** A name that is forgotten may live anywhere again, unless it has limits. */
export async function letGo(store: RedisStore, name: string): Promise<void> {
  if (store.partitions.length === 1 && !store.together.has(name)) return;
  const moves = await inAll(store, (partition) => move(partition, 'back', [name]));
  if (!moves.every((moved) => moved.get(name)!.isMoved)) return;
  await store.run(scripts.keepTogether, ['free', name]);
  store.together.remove(name);
}

/**
 * For scripts that store limits, of names that are held together if these call for it: whether all jobs of the name
 * live in another partition than this.
 */
export function awayWord(
  store: RedisStore,
  name: string,
  limits: NameLimits | undefined,
  number: number,
): 'away' | '' {
  return holdOverAll(limits) && !isHome(store, name, number) ? 'away' : '';
}

/** Whether a name that is held together lives in the partition. */
export function isHome(store: RedisStore, name: string, number: number): boolean {
  return store.numberOfShared(sharedByName(name)) === number;
}

/** In every partition about those of the names that belong in another one. */
function inOthers(
  store: RedisStore,
  what: 'look' | 'away',
  names: readonly string[],
): Promise<Moves>[] {
  return store.partitions.map((partition, number) =>
    move(
      partition,
      what,
      names.filter((name) => !isHome(store, name, number)),
    ),
  );
}

/** @throws ScatteredJobsError */
function expectNoJobs(names: readonly string[], found: readonly Moves[]): void {
  for (const name of names) {
    const counts = found.map((moves) => moves.get(name)?.jobs ?? 0);
    if (counts.some((count) => count > 0)) throw new ScatteredJobsError(name, counts);
  }
}

/** As far as the partitions can be reached: what one that is away has kept its next hold, or its end, finds. */
async function takeBack(store: RedisStore, calls: readonly Promise<Moves>[]): Promise<void> {
  const taken = await Promise.allSettled(calls);
  const backs = taken.map(async (outcome, number) => {
    const moves = outcome.status === 'fulfilled' ? [...outcome.value] : [];
    const moved = moves.flatMap(([name, { isMoved }]) => (isMoved ? [name] : []));
    return move(store.partitions[number]!, 'back', moved);
  });
  await Promise.allSettled(backs);
}

type Moves = ReadonlyMap<string, Move>;

interface Move {
  /** How many jobs it has there, for which it could not be taken away. */
  readonly jobs: number;
  readonly isMoved: boolean;
}

async function move(
  partition: RedisStore,
  what: 'look' | 'away' | 'back',
  names: readonly string[],
): Promise<Moves> {
  const moves = new Map<string, Move>();
  if (names.length === 0) return moves;
  const [, ...parts] = await partition.run(scripts.holdNames, [what, ...names]);
  names.forEach((name, i) => {
    moves.set(name, { jobs: Number(parts[2 * i]), isMoved: parts[2 * i + 1] === '1' });
  });
  return moves;
}
