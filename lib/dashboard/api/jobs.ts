/** The states that lists can be asked for: those of jobs, and `dead`, `retrying` and `paused` (disabled). */
export type ListState =
  | 'scheduled'
  | 'queued'
  | 'running'
  | 'completed'
  | 'failed'
  | 'repeating'
  | 'paused'
  | 'dead'
  | 'retrying';

/** What a job is in: its state, `dead` for a failed job that does not run again, `paused` for a disabled one that waits. */
export type ShownState = Exclude<ListState, 'retrying'>;

/** A job in a list. */
export interface JobSummary {
  readonly id: string;
  readonly name: string;
  readonly state: ShownState;
  readonly key: string | null;
  readonly tags: readonly string[];
  readonly priority: number;
  /** Attempts that have begun, the present one included. */
  readonly attempt: number;
  readonly failReason: string | null;
  /** Why it is a dead letter, as the scheduler words it; null when it is none. */
  readonly deadReason: string | null;
  readonly disabled: boolean;
  /** Its rule, when it is recurring: the interval or cron rule, or the time of day. */
  readonly repeat: string | null;
  readonly createdAt: string;
  readonly nextRunAt: string | null;
  readonly lastRunAt: string | null;
  readonly lastFinishedAt: string | null;
  readonly failedAt: string | null;
  /** The first 200 characters of its data as JSON, redacted. */
  readonly dataPreview: string;
}

/**
 * `GET api/jobs`: a page of jobs. Query: `name` (may be repeated), `state`, `id` (one job at most), `tag` (may be
 * repeated: all of them), `data` (JSON: jobs whose data contains it), `limit` (1 to 200, 50 unless said), `cursor`.
 */
export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** For the next page; null when there is none. */
  readonly cursor: string | null;
}

/** An attempt, or what was done to the job between two: see `JobHistoryEntry` of the scheduler. */
export interface AttemptView {
  readonly kind: 'completed' | 'failed' | 'dead' | 'rescued' | 'requeued';
  readonly attempt: number;
  readonly plannedAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly waitMs: number | null;
  readonly runMs: number | null;
  readonly host: string;
  readonly failure: FailureView | null;
}

export interface FailureView {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** Why it died, as the scheduler words it; null for a failure that is no death. */
  readonly reason: string | null;
}

export interface LeaseView {
  readonly host: string;
  readonly lockedAt: string;
  /** Null for a lock that no process renews. */
  readonly expiresAt: string | null;
  readonly fence: number;
}

/** `GET api/jobs/:id`: all about a job; 404 when there is none. */
export interface JobDetail extends JobSummary {
  /** Redacted; null for none. */
  readonly data: unknown;
  readonly dataVersion: number;
  readonly context: Readonly<Record<string, string>>;
  readonly progress: unknown;
  /** Redacted; null for none, or when it was too large to be kept: see `resultOmitted`. */
  readonly result: unknown;
  /** Why the result is not there; null when it is, or when there was none. */
  readonly resultOmitted: string | null;
  readonly failCount: number;
  readonly rescueCount: number;
  readonly releaseCount: number;
  readonly snoozeCount: number;
  readonly lockedAt: string | null;
  readonly expiresAt: string | null;
  readonly repeatTimezone: string | null;
  readonly repeatKey: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly lastModifiedBy: string | null;
  readonly lease: LeaseView | null;
  readonly failure: FailureView | null;
  /** Oldest first, the newest twenty. */
  readonly attempts: readonly AttemptView[];
  /** What can be done to it now. */
  readonly actions: readonly JobAction[];
}

/** What can be done to one job: see `actions.ts`. */
export type JobAction =
  | 'requeue'
  | 'promote'
  | 'cancel'
  | 'disable'
  | 'enable'
  | 'remove'
  | 'run-again'
  | 'update'
  | 'reschedule'
  | 'change-schedule';

/** `GET api/jobs/:id/logs?cursor&limit`: what its handler has logged, oldest first. */
export interface LogPage {
  readonly lines: readonly string[];
  readonly cursor: string | null;
  readonly more: boolean;
}
