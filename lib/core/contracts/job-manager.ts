import { UnsupportedOperationError } from '../errors.js';
import type { HistoryEntry } from '../job/attempt-history.js';
import type { Due } from '../job/due.js';
import type { JobRecord } from '../job/job-record.js';
import type { JobState, StateCounts } from '../job/job-state.js';
import type { EventBounds, EventsPage, EventsRequest } from './event-store.js';
import type { HostFacts } from './host-registry.js';
import type { JobsFilter, JobsQueryOptions } from './job-parameters.js';
import type { NameLimits } from './job-broker.js';
import type { JobChange, PromoteAnswer, RemovalTerms, UpdateAnswer } from './mending.js';
import type { MetricsBatch, MetricsQuery, StoredMetrics } from './metrics-store.js';

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
   * Default order: with a state that of its index, else `nextRunAt`, then `lastRunAt`, newest first. Among jobs
   * of several partitions ties go by how many were added to each before, then by id.
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
   * otherwise, whatever else comes, goes or moves. A page costs O((names + limit) × partitions) when a state is given.
   *
   * Names follow one another; within a name jobs come in an order that does not move while they stay in
   * their state: running ones by their claim, completed ones and dead letters by their end, newest
   * first, those that wait by their time. A user who gives a waiting job another time during the walk
   * moves it: it may then be missed, or come twice. So may one that is disabled or enabled in the very
   * millisecond the walk has come to, and a row of Agenda's engine that says it is alive.
   *
   * With tags the walk goes through the jobs of that tag which fewest have, in pages that may be short.
   *
   * In a store of several partitions all this holds for the whole, but where insertion decides: among jobs of one
   * instant, without a state, and with tags each partition has an order of its own, and comes after another.
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

  /** The jobs with these ids, in their order; `undefined` where there is none. At most 100 ids a call. */
  getMany(ids: readonly string[]): Promise<(JobRecord | undefined)[]> {
    return Promise.all(ids.map((id) => this.get(id)));
  }

  /**
   * What the handlers of a job have logged, as far as it is kept; `undefined` when there is no such job.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  logs(_id: string, _query: LinesQuery): Promise<LinesPage | undefined> {
    return Promise.reject(new UnsupportedOperationError('logs', 'foreign'));
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
   * Removes ended jobs that ended at least so long ago, oldest first (of each partition): at most `limit`, 200 or less.
   *
   * @returns the ids that are gone; fewer than `limit` when no more match
   * @throws UnsupportedOperationError by a manager that cannot
   */
  clean(_request: CleanRequest): Promise<string[]> {
    return Promise.reject(new UnsupportedOperationError('clean', 'foreign'));
  }

  /**
   * Holds a name back, or everything: no claim that starts after the reply hands out a job of it, but those of
   * `claimOne`, which passes. What runs goes on and ends, adding goes on, and what is due counts as queued. It
   * stays so until `resume`, also over restarts. Paused twice it keeps its instant, and takes the new words.
   * Partitions are told one by one: a call that fails may have reached some, and its repeat the others.
   *
   * @throws InvalidJobError for the name
   * @throws UnsupportedOperationError by a manager that cannot
   */
  pause(_request: PauseRequest): Promise<void> {
    return Promise.reject(new UnsupportedOperationError('pause', 'foreign'));
  }

  /**
   * Ends the pause of a name; without one, that of everything, and paused names stay so. Sleeping hosts hear of
   * it at once.
   *
   * @returns whether it was paused
   * @throws InvalidJobError for the name
   * @throws UnsupportedOperationError by a manager that cannot
   */
  resume(_name?: string): Promise<boolean> {
    return Promise.reject(new UnsupportedOperationError('resume', 'foreign'));
  }

  /** What is paused, in any partition. @throws UnsupportedOperationError by a manager that cannot */
  pauses(): Promise<StoredPauses> {
    return Promise.reject(new UnsupportedOperationError('pauses', 'foreign'));
  }

  /**
   * Sets limits of a name by hand, in place of those that were set before: they hold from the next claim on, and
   * each of them wins over the handler's until `null` removes them all. Starts count from then on.
   *
   * @throws InvalidOptionError, InvalidJobError
   * @throws ScatteredJobsError in a store with several partitions, for limits over all processes
   * @throws UnsupportedOperationError by a manager that cannot
   */
  setLimits(_name: string, _limits: NameLimits | null): Promise<void> {
    return Promise.reject(new UnsupportedOperationError('setLimits', 'foreign'));
  }

  /** The limits of every name that has any. @throws UnsupportedOperationError by a manager that cannot */
  limits(): Promise<Map<string, KnownLimits>> {
    return Promise.reject(new UnsupportedOperationError('limits', 'foreign'));
  }

  /**
   * Changes a job in one step. One that waits moves to its new place, and is claimed as it is then; one that
   * was handed out as a row and has not begun is taken back. A recurring job keeps the occurrences of its rule,
   * whatever time its next run is given. Of one that runs the record is rewritten at once, and the time is kept
   * for afterwards, as a save keeps it.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  update(_id: string, _change: JobChange): Promise<UpdateAnswer> {
    return Promise.reject(new UnsupportedOperationError('update', 'foreign'));
  }

  /**
   * Makes jobs due that wait for a time ahead, also for the time of a retry, each judged alone; those that are
   * due keep their places. A recurring job runs once more, and keeps its next occurrence. At most 100 ids a call;
   * answers in their order.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  promote(_ids: readonly string[]): Promise<PromoteAnswer[]> {
    return Promise.reject(new UnsupportedOperationError('promote', 'foreign'));
  }

  /**
   * Removes those of the jobs that the terms mean, as `cancel` removes them. At most 100 ids a call.
   *
   * @returns the ids that are gone
   * @throws UnsupportedOperationError by a manager that cannot
   */
  removeIf(_ids: readonly string[], _terms: RemovalTerms): Promise<string[]> {
    return Promise.reject(new UnsupportedOperationError('removeIf', 'foreign'));
  }

  /**
   * Removes the jobs that a filter means, in whatever state, in calls that never hold the store up.
   *
   * @returns how many there were
   * @throws InvalidOptionError for a filter that cannot be meant
   * @throws UnsupportedOperationError by a manager that cannot
   */
  cancelMatching(_filter: JobsFilter, _reason: string): Promise<number> {
    return Promise.reject(new UnsupportedOperationError('cancelMatching', 'foreign'));
  }

  /**
   * Forgets a name that has no jobs any more; its settings, limits and pause stay.
   *
   * @returns whether it is forgotten: false while there are jobs of it
   * @throws UnsupportedOperationError by a manager that cannot
   */
  forgetName(_name: string): Promise<boolean> {
    return Promise.reject(new UnsupportedOperationError('forgetName', 'foreign'));
  }

  /**
   * The hosts that are alive, by their ids.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  hosts(): Promise<HostFacts[]> {
    return Promise.reject(new UnsupportedOperationError('hosts', 'foreign'));
  }

  /**
   * From now on every step that changes jobs tells it in the durable stream, within these bounds: the last call
   * counts. `null` ends that, and drops what is kept. Each partition keeps an equal share.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  keepEvents(_bounds: EventBounds | null): Promise<void> {
    return Promise.reject(new UnsupportedOperationError('keepEvents', 'foreign'));
  }

  /**
   * A page of the durable stream, oldest first: of several partitions by time, as far as these have told, each
   * in its own order.
   *
   * @throws InvalidCursorError for a cursor that is damaged
   * @throws EventsLostError when events behind the cursor are gone: nothing is skipped in silence
   * @throws UnsupportedOperationError by a manager that cannot
   */
  readEvents(_request: EventsRequest): Promise<EventsPage> {
    return Promise.reject(new UnsupportedOperationError('events', 'foreign'));
  }

  /**
   * Adds to the metrics of names; rows of a minute that is no longer kept are dropped.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  addMetrics(_batch: MetricsBatch): Promise<void> {
    return Promise.reject(new UnsupportedOperationError('addMetrics', 'foreign'));
  }

  /**
   * The metrics of names; costs O(names × minutes), whatever was counted.
   *
   * @throws UnsupportedOperationError by a manager that cannot
   */
  readMetrics(_query: MetricsQuery): Promise<StoredMetrics> {
    return Promise.reject(new UnsupportedOperationError('metrics', 'foreign'));
  }
}

/** The most jobs of one page. */
export const MAX_PAGE = 200;

/** `failed` are the `dead`, which are dead letters, and the `retrying`, which wait for their retry. */
export type FindState = JobState | 'paused' | 'dead' | 'retrying';

export interface FindQuery {
  /** Left out: every name. An empty list matches nothing. */
  readonly names?: readonly string[];
  /** Left out: every state. */
  readonly state?: FindState;
  /** As in `JobsFilter`. */
  readonly data?: unknown;
  /** Jobs that have all of these. Then the order is that of insertion, over all names and whatever the state. */
  readonly tags?: readonly string[];
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

export interface LinesQuery {
  /** The most lines of a page, 1 to {@link OUTPUT_LIMITS}. */
  readonly limit: number;
  /** The number of the line that the page begins behind. Left out: it begins at the end it goes from. */
  readonly behind?: number | undefined;
  /** From the newest line to older ones, instead of from the oldest to newer ones. */
  readonly newestFirst?: boolean;
}

export interface LinesPage {
  /** With their numbers among all lines that the job ever had, from 1; some may be missing. */
  readonly lines: readonly { readonly number: number; readonly text: string }[];
  /** Whether more lines follow at present. */
  readonly more: boolean;
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

export interface PauseRequest {
  /** Left out: everything. */
  readonly name?: string;
  /** Why, in words. */
  readonly reason?: string;
  /** Who. */
  readonly by?: string;
}

export interface PauseFacts {
  /** Since when. */
  readonly at: number;
  readonly reason?: string;
  readonly by?: string;
}

export interface StoredPauses {
  /** Of everything. */
  readonly all?: PauseFacts;
  readonly names: ReadonlyMap<string, PauseFacts>;
}

export interface KnownLimits {
  /** What its handler says, as it was registered last. */
  readonly handler?: NameLimits;
  /** What `setLimits` said last. */
  readonly byHand?: NameLimits;
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
  /** Which version of its handler's input the new data is; without new data it means nothing. @default as the data in place */
  readonly version?: number;
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
