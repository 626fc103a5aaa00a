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

export interface JobsQueryOptions {
  name?: string;
  names?: string[];
  id?: string;
  ids?: string[];
  state?: JobState | 'paused';
  search?: string;
  data?: unknown;
  includeDisabled?: boolean;
  sort?: Partial<
    Record<
      'nextRunAt' | 'lastRunAt' | 'lastFinishedAt' | 'priority' | 'name' | 'data',
      SortDirection
    >
  >;
  skip?: number;
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
  id?: string;
  ids?: string[];
  name?: string;
  names?: string[];
  notNames?: string[];
  data?: unknown;
}
