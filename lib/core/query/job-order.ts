import type { FindState } from '../contracts/job-manager.js';
import type { ClaimKey, ClaimOrder } from '../options/claim-order.js';
import type { JobRecord } from '../job/job-record.js';
import type { JobQuery, QueryState, SortKey } from './job-query.js';

/*
 * The orders of queries.
 *
 * A sort that is asked for goes by its keys, jobs without a value last in both directions, ties by
 * insertion. Without a sort, the default is `nextRunAt`, then `lastRunAt`, newest first; but a query
 * for a state has the order of that state's index:
 *
 *   scheduled   nextRunAt, ties by insertion; at one instant the disabled behind, by id
 *   queued      the order of claims (of a priority those that go first in front); the disabled behind, by nextRunAt, ties by id
 *   running     lockedAt, ties by id
 *   completed   lastFinishedAt, newest first; what was saved without a time and never ran, by when it was saved
 *   failed      dead letters by failedAt, newest first; then those that wait for a retry, by nextRunAt
 *   repeating   nextRunAt, ties by id
 *   paused      id
 *
 * Newest first is the index read backwards, ties included. A sort by that very key, in either
 * direction, is the index too, and its ties those of the index. Ids made by this library sort by birth.
 */

/** What of a job decides its place: a value per criterion. */
export type OrderKeys = readonly (number | string | null)[];

/** A stored job, as far as orders look at it. */
export interface Orderable {
  readonly record: JobRecord;
  /** Insertion order. */
  readonly seq: number;
}

interface Criterion {
  /** `null` when there is none: last in both directions. */
  readonly valueOf: (job: Orderable) => number | string | null;
  readonly descending: boolean;
}

/** A total order of jobs. Only keys are kept while many jobs are sorted, not the jobs. */
export class JobOrder {
  private readonly criteria: readonly Criterion[];

  constructor(
    criteria: readonly Criterion[],
    private readonly backwards = false,
  ) {
    this.criteria = [...criteria, ascending(({ seq }) => seq)];
  }

  keysOf(job: Orderable): OrderKeys {
    return this.criteria.map(({ valueOf }) => valueOf(job));
  }

  /** Below zero when `a` goes first. */
  compare(a: OrderKeys, b: OrderKeys): number {
    const forwards = this.compareForwards(a, b);
    return this.backwards ? -forwards : forwards;
  }

  private compareForwards(a: OrderKeys, b: OrderKeys): number {
    for (const [i, { descending }] of this.criteria.entries()) {
      const [one, other] = [a[i]!, b[i]!];
      if (one === other) continue;
      if (one === null) return 1;
      if (other === null) return -1;
      const order = compareValues(one, other);
      return descending ? -order : order;
    }
    return 0;
  }
}

/** How the index of a query's state serves its order: as it stands, backwards, or not at all. */
export type IndexDirection = 'forwards' | 'backwards';

/** The order of a query. `claims` is the order of claims, for what is queued. */
export function orderOf(query: JobQuery, claims: ClaimOrder): JobOrder {
  const direction = indexDirection(query);
  if (direction) return new JobOrder(INDEX_ORDERS[query.state!](claims), direction === 'backwards');
  return new JobOrder(
    (query.sort.length > 0 ? query.sort : DEFAULT_SORT).flatMap(({ key, descending }) =>
      SORT_VALUES[key].map((valueOf) => ({ valueOf, descending })),
    ),
  );
}

/** The order in which a search goes through jobs: of a name that of their state; with tags, or without a state, by insertion. */
export function walkOrder({ state, tags, oldestFirst }: Walk, claims: ClaimOrder): JobOrder {
  if (state === undefined || tags) return new JobOrder([]);
  const isFailed = state === 'dead' || state === 'retrying';
  return new JobOrder(INDEX_ORDERS[isFailed ? 'failed' : state](claims), oldestFirst);
}

/** Of a search what its order depends on. */
interface Walk {
  readonly state: FindState | undefined;
  readonly tags: readonly string[] | undefined;
  readonly oldestFirst: boolean;
}

/** Whether the order of a query is that of its state's index; `undefined` when it is another one. */
export function indexDirection({
  state,
  sort,
}: Pick<JobQuery, 'state' | 'sort'>): IndexDirection | undefined {
  if (state === undefined) return undefined;
  const [first, second] = sort;
  if (first === undefined) return 'forwards';
  const own = INDEX_KEYS[state];
  if (second !== undefined || own?.key !== first.key) return undefined;
  return own.descending === first.descending ? 'forwards' : 'backwards';
}

/** The sort keys that are an index's own. `running` goes by the claim, which a run may follow later. */
const INDEX_KEYS: { readonly [State in QueryState]?: JobQuery['sort'][number] } = {
  scheduled: { key: 'nextRunAt', descending: false },
  repeating: { key: 'nextRunAt', descending: false },
  completed: { key: 'lastFinishedAt', descending: true },
};

const DEFAULT_SORT: JobQuery['sort'] = [
  { key: 'nextRunAt', descending: true },
  { key: 'lastRunAt', descending: true },
];

type ValueOf = Criterion['valueOf'];
const idOf: ValueOf = ({ record }) => record.id;
const nextRunAt: ValueOf = ({ record }) => record.nextRunAt;
const disabled: ValueOf = ({ record }) => Number(record.disabled);

const INDEX_ORDERS: Record<QueryState, (claims: ClaimOrder) => Criterion[]> = {
  scheduled: () => [ascending(nextRunAt), ascending(disabled), ascending(where(isDisabled, idOf))],
  queued: ({ parts }) => [
    ascending(disabled),
    ...parts.map(({ key, descending }) => ({
      valueOf: where(isEnabled, ({ record }) => placeBy(key, descending, record)),
      descending,
    })),
    ascending(where(isEnabled, ({ record, seq }) => (record.first ? -seq : 0))),
    ascending(where(isDisabled, nextRunAt)),
    ascending(where(isDisabled, idOf)),
  ],
  running: () => [ascending(({ record }) => record.lockedAt), ascending(idOf)],
  completed: () => [
    descending(({ record }) => record.lastFinishedAt ?? record.createdAt),
    descending(idOf),
  ],
  failed: () => [
    ascending((job) => Number(isWaiting(job))),
    descending(where(isOver, ({ record }) => record.failedAt)),
    descending(where(isOver, idOf)),
    ascending(nextRunAt),
    ascending(idOf),
  ],
  repeating: () => [ascending(nextRunAt), ascending(idOf)],
  paused: () => [ascending(idOf)],
};

const SORT_VALUES: Record<SortKey, readonly ValueOf[]> = {
  nextRunAt: [nextRunAt],
  lastRunAt: [({ record }) => record.lastRunAt],
  lastFinishedAt: [({ record }) => record.lastFinishedAt],
  priority: [({ record }) => record.priority],
  name: [({ record }) => record.name],
  data: [({ record }) => kindOf(record.data), ({ record }) => comparable(record.data)],
};

/** Numbers, then texts, then the rest; no data and `null` count as missing. */
function kindOf(data: unknown): number | null {
  if (data === undefined || data === null) return null;
  return typeof data === 'number' ? 0 : typeof data === 'string' ? 1 : 2;
}

/** So many characters of a text, or of other data's JSON, tell where it stands: data may be large. */
const COMPARED_LENGTH = 256;

function comparable(data: unknown): number | string | null {
  if (data === undefined || data === null || typeof data === 'number') return data ?? null;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return text.slice(0, COMPARED_LENGTH);
}

/** A job that goes first has a time in front of all times. */
function placeBy(key: ClaimKey, descending: boolean, record: JobRecord): number | null {
  if (key === 'priority' || !record.first) return record[key];
  return descending ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
}

const isDisabled = ({ record }: Orderable): boolean => record.disabled;
const isEnabled = ({ record }: Orderable): boolean => !record.disabled;
const isWaiting = ({ record }: Orderable): boolean => record.nextRunAt !== null;
const isOver = ({ record }: Orderable): boolean => record.nextRunAt === null;

/** A value that only some jobs are compared by; those that are not stand together already. */
function where(holds: (job: Orderable) => boolean, valueOf: ValueOf): ValueOf {
  return (job) => (holds(job) ? valueOf(job) : null);
}

function ascending(valueOf: ValueOf): Criterion {
  return { valueOf, descending: false };
}

function descending(valueOf: ValueOf): Criterion {
  return { valueOf, descending: true };
}

/** Of one criterion both are numbers or both are texts. */
function compareValues(a: number | string, b: number | string): number {
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  return a < b ? -1 : 1;
}

const HAS_SURROGATES = /[\ud800-\udfff]/;

/** By bytes of UTF-8, as Redis orders the members of an index. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  // Only beyond the first 65,536 characters do bytes and code units differ.
  if (!HAS_SURROGATES.test(a) && !HAS_SURROGATES.test(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
