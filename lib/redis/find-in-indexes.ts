import type { FindState } from '../core/contracts/job-manager.js';
import type { Search } from '../core/query/find-query.js';
import { compareTexts } from '../core/query/job-order.js';
import { backwards, forwards, type IndexGroup } from './index-group.js';
import { MAX_ENTRIES, readStretches, type IndexPart, type Start } from './index-stretch.js';
import { lastingMember } from './keys.js';
import type { RedisStore } from './redis-store.js';
import { inPages, knownNames } from './walk-jobs.js';

/*
 * A walk over the jobs of a state: name after name, and of a name index after index of the state, in all partitions
 * at once. A page goes on behind the score and the member it ended with, not at a rank, so whatever comes and goes
 * before that place is nothing to it, and thousands of one score are no more than others. Members of one score come
 * partition after partition, so one place in one of them is a place in all.
 *
 * Ended jobs are read newest first: what ends during the walk then comes before it.
 */

/** Where a page begins: of a name, in a group of its indexes, at its start or behind a spot. */
export interface IndexPlace {
  readonly name: string;
  readonly group: number;
  readonly behind?: Spot;
}

interface Spot {
  /** Which part of the group, in which partition. */
  readonly turn: number;
  readonly score: number;
  readonly member: string;
}

type Part = Omit<IndexPart, 'partition' | 'name'>;

/** Read in the order of scores. */
type Group = IndexGroup<Part>;

/** A group of one name in all partitions, on the way through it. */
interface Stage {
  readonly backwards: boolean;
  /** By their turns. */
  readonly parts: readonly IndexPart[];
  readonly place: IndexPlace;
  /** Where to go on after it; `undefined`: nowhere. */
  readonly after: IndexPlace | undefined;
}

const NEWEST_FIRST: Record<FindState, readonly Group[]> = {
  // By time in both, so that one that is disabled meanwhile is neither missed nor seen twice.
  scheduled: [forwards(of('timed', 'ahead'), of('parked', 'ahead'))],
  // From `timed` jobs go to the lines of their keys and to `ready` by themselves, and hardly ever back.
  queued: [
    forwards(of('timed', 'due')),
    forwards(of('lined')),
    forwards(of('ready')),
    forwards(of('parked', 'due')),
  ],
  running: [forwards(of('running'))],
  completed: [backwards(of('completed'))],
  dead: [backwards(of('dead'))],
  failed: [backwards(of('dead')), forwards(of('retrying'))],
  retrying: [forwards(of('retrying'))],
  repeating: [forwards(of('repeating'))],
  paused: [forwards(of('disabled'))],
};
/** Of so many stages it is asked at once whether there is anything. */
const LOOKED_AHEAD = 50;
/** Of each partition so many times its share of a page is read, since they are never quite even. */
const SPARE = 2;

/** No member of a score is before the one, or behind the other: they may begin with an id, in whatever script. */
const BEFORE_ALL = '';
const BEHIND_ALL = '\u{10ffff}';

type StateSearch = Search<IndexPlace> & { readonly state: FindState };

/** The ids of a page, at most as many as asked for, and where the next one begins. */
export async function findInIndexes(
  store: RedisStore,
  search: StateSearch,
  at: number,
): Promise<{ ids: readonly string[]; next: IndexPlace | undefined }> {
  const { limit } = search;
  // What is promoted while the page is read may be met twice.
  const ids = new Set<string>();
  const partitions = store.partitions.length;
  for await (const stage of stages(store, search, at)) {
    let { behind } = stage.place;
    const wanted = limit - ids.size;
    const share = Math.min(Math.ceil((SPARE * wanted) / partitions), wanted);
    const most = (MAX_ENTRIES * partitions) / stage.parts.length;
    // Much is read only where recurring jobs and retries, which are left out, stand between the others.
    for (const count of share < wanted ? [share, wanted, most] : [wanted, most]) {
      const step = await read(stage, { behind, at, count, wanted: limit - ids.size });
      for (const id of step.ids) ids.add(id);
      behind = step.next;
      if (behind === undefined || ids.size === limit) break;
    }
    if (behind !== undefined) return { ids: [...ids], next: { ...stage.place, behind } };
    if (ids.size === limit) return { ids: [...ids], next: stage.after };
  }
  return { ids: [...ids], next: undefined };
}

/** The next of a group, in the order of scores. */
async function read(
  { backwards, parts }: Stage,
  how: { behind: Spot | undefined; at: number; count: number; wanted: number },
): Promise<{ ids: string[]; next: Spot | undefined }> {
  const { behind, at, count, wanted } = how;
  const requests = parts.map((part, turn) => {
    return { of: part, start: startOf(turn, behind, backwards), count };
  });
  const stretches = await readStretches(requests, { backwards, at });
  const sign = backwards ? -1 : 1;
  const compare = (a: Spot, b: Spot) => sign * (a.score - b.score) || a.turn - b.turn;

  const bounds = stretches.flatMap(({ next }, turn) => spotBehind(next, turn, parts[turn]!));
  const bound = bounds.sort(compare)[0];
  const met = stretches
    .flatMap(({ entries }, turn) => entries.map((entry) => ({ ...entry, turn })))
    .sort(compare)
    .filter((entry) => bound === undefined || compare(entry, bound) <= 0);
  const taken = met.slice(0, wanted);
  const last = taken.at(-1);
  const next = met.length > wanted && last ? spotOf(last, parts[last.turn]!) : bound;
  return { ids: taken.map(({ id }) => id), next };
}

/** Where to begin in a part when the walk has come to a spot of its group. */
function startOf(turn: number, spot: Spot | undefined, backwards: boolean): Start {
  if (spot === undefined) return { rank: 0 };
  const { score, member } = spot;
  if (turn > spot.turn) return { score };
  const last = backwards ? BEFORE_ALL : BEHIND_ALL;
  return { behind: { score: String(score), member: turn < spot.turn ? last : member } };
}

function spotBehind(start: Start | undefined, turn: number, part: IndexPart): Spot[] {
  if (start === undefined || !('behind' in start)) return [];
  const { score, member } = start.behind;
  return [spotOf({ turn, score: Number(score), member }, part)];
}

function spotOf({ turn, score, member }: Spot, { index }: IndexPart): Spot {
  return { turn, score, member: lastingMember(index, member) };
}

/** From the place of a search on; of names that are not begun yet only where there are jobs. */
async function* stages(store: RedisStore, search: StateSearch, at: number): AsyncGenerator<Stage> {
  const { place } = search;
  const all = stagesOf(store, await namesFrom(store, search), groupsOf(search));
  const isBegun = (stage: Stage) => stage.place.name === place?.name;
  const isPassed = ({ place: { group } }: Stage) => group < place!.group;

  const begun = all.filter((stage) => isBegun(stage) && !isPassed(stage));
  for (const stage of begun) {
    yield stage.place.group === place!.group ? { ...stage, place: place! } : stage;
  }
  const others = all.filter((stage) => !isBegun(stage));
  for (const some of inPages(others, LOOKED_AHEAD)) yield* await inhabited(some, at);
}

function stagesOf(
  { partitions }: RedisStore,
  names: readonly string[],
  groups: readonly Group[],
): Stage[] {
  const lastName = names.at(-1);
  return names.flatMap((name) =>
    groups.map(({ backwards, parts }, group) => {
      const isLast = name === lastName && group === groups.length - 1;
      const after = isLast ? undefined : { name, group: group + 1 };
      const ofAll = parts.flatMap((part) =>
        partitions.map((partition) => ({ ...part, partition, name })),
      );
      return { backwards, parts: ofAll, place: { name, group }, after };
    }),
  );
}

/** Those in which anything stands; a single one is not asked for. */
async function inhabited(some: readonly Stage[], at: number): Promise<readonly Stage[]> {
  if (some.length === 1) return some;
  const requests = some.flatMap(({ parts }) =>
    parts.map((part) => ({ of: part, start: { rank: 0 }, count: 0 })),
  );
  const stretches = await readStretches(requests, { backwards: false, at });
  let position = 0;
  return some.filter(({ parts }) => {
    const ofStage = stretches.slice(position, (position += parts.length));
    return ofStage.some(({ size }) => size > 0);
  });
}

/** The name that a search has come to, and those behind it. */
async function namesFrom(store: RedisStore, { names, place }: StateSearch): Promise<string[]> {
  const known = names ?? (await knownNames(store));
  const sorted = [...known].sort(compareTexts);
  if (!place) return sorted;
  return [place.name, ...sorted.filter((name) => compareTexts(name, place.name) > 0)];
}

function groupsOf({ state, oldestFirst }: StateSearch): readonly Group[] {
  const groups = NEWEST_FIRST[state];
  return oldestFirst ? groups.map(({ parts }) => forwards(...parts)) : groups;
}

function of(index: Part['index'], part: Part['part'] = 'all'): Part {
  return { index, part };
}
