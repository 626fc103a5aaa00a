import { UnsupportedOperationError } from '../errors.js';
import type { HistoryEntry } from '../job/attempt-history.js';
import type { Due } from '../job/due.js';
import type { JobRecord } from '../job/job-record.js';
import type { JobState, StateCounts } from '../job/job-state.js';
import type { JobsQueryOptions } from './job-parameters.js';

/**
 * Finding, counting and mending jobs. A backend may come without: then these verbs are a typed error.
 */
export abstract class JobManager {
  /** The job with this id, or `undefined`. */
  abstract get(id: string): Promise<JobRecord | undefined>;

  /**
   * Jobs by state: of one name, or of each name that has jobs. Costs O(names), whatever is stored;
   * due jobs count as `queued` from their millisecond on.
   */
  abstract counts(names?: readonly string[]): Promise<Map<string, StateCounts>>;

  /**
   * Jobs by filter, in order, a page of them. Bounded (O(page)) when a state is given without a sort,
   * or with the sort of that state's index; every other query reads all that match, in pages.
   * Default order: with a state that of its index, else `nextRunAt`, then `lastRunAt`, newest first.
   *
   * @throws InvalidOptionError for an unknown option, state, sort key or direction
   */
  abstract query(query: JobsQueryOptions): Promise<{ jobs: JobRecord[]; total: number }>;

  /**
   * Removes jobs, in whatever state; a running one loses its lease, and its worker is told the
   * reason (by news at once, by its next renewal at the latest). At most 100 ids a call.
   *
   * @returns the ids that were there
   */
  abstract cancel(ids: readonly string[], reason: string): Promise<string[]>;

  /**
   * A page of the jobs that match, and where the next one begins. A walk from page to page sees a job that
   * matches all the while exactly once for a given state other than `queued`, and at least once
   * otherwise, whatever else comes, goes or moves. A page costs O(names + limit) when a state is given.
   *
   * Names follow one another; within a name jobs come in an order that does not move while they stay in
   * their state: running ones by their claim, completed ones and dead letters by their end, newest
   * first, those that wait by their time. A user who gives a waiting job another time during the walk
   * moves it: it may then be missed, or come twice. So may one that is disabled or enabled in the very
   * millisecond the walk has come to, and a row of Agenda's engine that says it is alive.
   *
   * @throws InvalidCursorError for a cursor that is damaged, or of another filter
   * @throws UnsupportedOperationError by a manager that cannot
   */
  find(_query: FindQuery): Promise<FoundPage> {
    return Promise.reject(new UnsupportedOperationError('find', 'foreign'));
  }

  /**
   * Brings dead letters back: each is judged alone. At most 100 ids a call; answers in their order.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  requeue(_ids: readonly string[], _how: RequeueRequest): Promise<RequeueAnswer[]> {
    return Promise.reject(new UnsupportedOperationError('requeue', 'foreign'));
  }

  /**
   * How the newest attempts of a job ended, oldest first; `undefined` when there is no such job. A plain
   * first success is told from the record, and so is that of a process which keeps no history.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  history(_id: string): Promise<HistoryEntry[] | undefined> {
    return Promise.reject(new UnsupportedOperationError('history', 'foreign'));
  }

  /**
   * Everything that is known of a job at one instant; `undefined` when there is no such job.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  inspect(_id: string): Promise<Inspected | undefined> {
    return Promise.reject(new UnsupportedOperationError('inspect', 'foreign'));
  }

  /**
   * Removes ended jobs that ended at least so long ago, oldest first: at most `limit`, 200 or less.
   *
   * @returns the ids that are gone; fewer than `limit` when no more match
   * @throws UnsupportedOperationError by a manager that cannot
   */
  clean(_request: CleanRequest): Promise<string[]> {
    return Promise.reject(new UnsupportedOperationError('clean', 'foreign'));
  }
}

/** The most jobs of one page. */
export const MAX_PAGE = 200;

/** `dead`: dead letters alone; `failed`: these and the jobs that wait for their retry. */
export type FindState = JobState | 'paused' | 'dead';

export interface FindQuery {
  /** Left out: every name. An empty list matches nothing. */
  readonly names?: readonly string[];
  /** Left out: every state. */
  readonly state?: FindState;
  /** As in `JobsFilter`. */
  readonly data?: unknown;
  /** Completed jobs and dead letters from the oldest end on; without meaning for other states. */
  readonly oldestFirst?: boolean;
  /** The most jobs of a page, 1 to {@link MAX_PAGE}. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface FoundPage {
  readonly jobs: readonly JobRecord[];
  /** Where the next page begins; `undefined` after the last one. A page may be short, or empty, and not the last. */
  readonly cursor: string | undefined;
}

export interface Inspected {
  readonly record: JobRecord;
  /** Who has it; `undefined` unless it is running. */
  readonly lease: InspectedLease | undefined;
  /** As `history` answers. */
  readonly history: readonly HistoryEntry[];
  /** The instant, by the backend's clock. */
  readonly now: number;
}

/** A lease without its token, which nobody but its holder may know. */
export interface InspectedLease {
  /** The worker host; empty where nobody knows. */
  readonly host: string;
  readonly lockedAt: number;
  /** `null` for the lock of a row, which falls to age alone. */
  readonly expiresAt: number | null;
  readonly fence: number;
}

export interface RequeueRequest {
  /** Jobs of other names are refused. */
  readonly expectName?: string;
  /** A time that has passed is now. */
  readonly due: Due;
  /** Whether attempts, rescues and snoozes are counted anew. An exhausted job has one run more otherwise. */
  readonly resetAttempts: boolean;
  /** JSON text of new data; `null` for none; left out: the data stays. */
  readonly data?: string | null;
}

export interface RequeueAnswer {
  readonly outcome: 'ok' | 'not-found' | 'not-dead' | 'name-mismatch' | 'key-taken';
  /** Of `key-taken`: the job that has taken the idempotency key meanwhile. */
  readonly holder?: string;
}

export interface CleanRequest {
  readonly name: string;
  readonly place: 'completed' | 'dead';
  readonly olderThanMs: number;
  readonly limit: number;
}
