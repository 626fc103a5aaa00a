export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LOG_EVENTS = [
  'locked',
  'start',
  'success',
  'fail',
  'complete',
  'retry',
  'retry:exhausted',
  'expired',
] as const;

/** How serious an entry is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What happened to the job. */
export type JobLogEvent = (typeof LOG_EVENTS)[number];

/** One line of the log, in the shape of Agenda v6. */
export interface JobLogEntry {
  /** Given by the logger; unique over all machines. */
  _id?: string;
  timestamp: Date;
  level: LogLevel;
  event: JobLogEvent;
  jobId?: string;
  jobName: string;
  /** Cut to 16 KiB. */
  message: string;
  /** Of a run, in ms. */
  duration?: number;
  /** Cut to 16 KiB. */
  error?: string;
  failCount?: number;
  /** In ms. */
  retryDelay?: number;
  retryAttempt?: number;
  /** The `name` of the instance that wrote it. */
  agendaName?: string;
  /** At most 32 KiB of JSON. */
  meta?: Record<string, unknown>;
}

/** Which entries: all conditions must hold. */
export interface JobLogQuery {
  jobId?: string;
  jobName?: string;
  /** One of them, or several; an empty list matches nothing. */
  level?: LogLevel | readonly LogLevel[];
  event?: JobLogEvent | readonly JobLogEvent[];
  /** Inclusive. */
  from?: Date;
  /** Inclusive. */
  to?: Date;
  /** At most so many entries, 1 or more. @default 50 */
  limit?: number;
  /** After so many others. @default 0 */
  offset?: number;
  /** By time; entries of one millisecond stand in the order they were written, or in its reverse. @default 'desc' */
  sort?: 'asc' | 'desc';
}

export interface JobLogQueryResult {
  entries: JobLogEntry[];
  /** How many match, whatever the page. */
  total: number;
}

/**
 * A persistent log of what happened to jobs: the logger contract of Agenda v6's backends.
 *
 * The entries of a job leave with it, and those of the same job that come later are not kept.
 * `purgeAllJobs` leaves the log alone.
 */
export abstract class JobLogger {
  /**
   * Keeps one entry; entries are written in the order of the calls. Never throws synchronously.
   *
   * @throws InvalidOptionError for an entry that no log can keep
   * @throws ConnectionError when the backend did not answer in time
   */
  abstract log(entry: Omit<JobLogEntry, '_id'>): Promise<void>;

  /** @throws InvalidOptionError for a query that cannot be meant */
  abstract getLogs(query?: JobLogQuery): Promise<JobLogQueryResult>;

  /**
   * Deletes what matches; everything without a query. What it says of pages and order does not matter here.
   *
   * @returns how many entries that were
   * @throws InvalidOptionError for a query that cannot be meant
   */
  abstract clearLogs(query?: JobLogQuery): Promise<number>;

  /**
   * Ours, beyond Agenda's contract: entries are about to come. A store that keeps the jobs, too, knows
   * from then on that those it removes may have some.
   */
  expectEntries?(): Promise<void>;
}
