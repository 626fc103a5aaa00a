import type { JobId } from '../job/job-id.js';
import type { JobState } from '../job/job-state.js';

/**
 * A job as Agenda v6 sees it: the row that `JobRepository` takes. In those that it gives, dates are
 * `Date`s, and unset fields are left out, except `nextRunAt`, which is `null` when no run is planned.
 */
export interface JobParameters<Data = unknown> {
  _id?: string;
  name: string;
  priority: number;
  nextRunAt: Date | null;
  type: 'normal' | 'single';
  data: Data;
  lockedAt?: Date;
  lastRunAt?: Date;
  lastFinishedAt?: Date;
  failedAt?: Date;
  failCount?: number;
  failReason?: string;
  repeatInterval?: string | number;
  repeatTimezone?: string;
  repeatAt?: string;
  startDate?: Date;
  endDate?: Date;
  skipDays?: number[];
  disabled?: boolean;
  progress?: number;
  unique?: Record<string, unknown>;
  uniqueOpts?: UniqueOptions;
  debounceStartedAt?: Date;
  lastModifiedBy?: string;
  fork?: boolean;
  /** Ours: tells several rules of one name apart. */
  repeatKey?: string;
  /** Ours: what happens to occurrences missed while nobody could run them. */
  catchUp?: 'latest' | 'skip';
  /** Ours: where in the code the rule of a `single` job stands, if that is what made it. */
  repeatOrigin?: string;
}

/** A row that `JobRepository` gives. */
export interface StoredRow<Data = unknown> extends JobParameters<Data> {
  _id?: JobId;
}

export interface UniqueOptions {
  insertOnly?: boolean;
  debounce?: { delay: number; maxWait?: number; strategy?: 'trailing' | 'leading' };
}

export type SortDirection = 'asc' | 'desc' | 1 | -1;

/**
 * Which jobs, in which order, and which page of them; criteria are combined with AND, `undefined` is
 * none. Bounded, whatever is stored, is a query for a `state` (of names, if any) without a sort, or
 * with that of the state's index; every other one reads all jobs that may match, in pages.
 */
export interface JobsQueryOptions {
  /** Wins over `names`. */
  name?: string;
  /** An empty list matches nothing. */
  names?: string[];
  /** Wins over `ids`. */
  id?: string;
  /** An empty list matches nothing. */
  ids?: string[];
  /** `paused` are the disabled jobs; one that waits for its retry is `failed`. */
  state?: JobState | 'paused';
  /** A part of the job's name, in capitals or not. */
  search?: string;
  /** As in {@link JobsFilter}. */
  data?: unknown;
  /** @default true */
  includeDisabled?: boolean;
  /**
   * By what to sort; the key that is written first goes first. Jobs without a value come last in
   * both directions, ties go by insertion. Data sorts by its first 256 characters.
   *
   * @default with a state the order of its index; else nextRunAt, then lastRunAt, newest first
   */
  sort?: Partial<
    Record<
      'nextRunAt' | 'lastRunAt' | 'lastFinishedAt' | 'priority' | 'name' | 'data',
      SortDirection
    >
  >;
  /** @default 0 */
  skip?: number;
  /** 0 is all of them. @default 0 */
  limit?: number;
}

export interface JobWithState extends StoredRow {
  _id: JobId;
  state: JobState | 'paused';
}

export interface JobsResult {
  jobs: JobWithState[];
  total: number;
}

export interface JobsOverview {
  name: string;
  total: number;
  running: number;
  scheduled: number;
  queued: number;
  completed: number;
  failed: number;
  repeating: number;
  paused: number;
}

/** Which jobs: the groups (ids, names, data) are combined with AND; none given matches nothing. */
export interface JobsFilter {
  /** Wins over `ids`. */
  id?: string;
  /** An empty list matches nothing. */
  ids?: string[];
  /** Wins over `names`, and these over `notNames`. */
  name?: string;
  /** An empty list matches nothing. */
  names?: string[];
  /** An empty list is no criterion. */
  notNames?: string[];
  /**
   * Of an object its properties, at any depth, whatever else the job's data holds; everything else as
   * a whole: `{ userId: 1 }` never matches 12, and `5` only jobs whose data is 5. `{}` is no criterion.
   */
  data?: unknown;
  /** Ours: jobs that have all of these. An empty list is no criterion. */
  tags?: string[];
}
