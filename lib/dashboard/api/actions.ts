/*
 * Changes. All are POST with a JSON body, the header `x-dashboard-token`, and from the page's own origin; what a body
 * does not know is refused (400). A job that is not there is a 404; one that is in the wrong state for what is asked,
 * a 409 that tells its state. With `readOnly` all are a 403.
 */

/** The answer to a change of one job. */
export interface Changed {
  readonly id: string;
  /** As the scheduler words it, such as `ok`, `kept-for-next`. */
  readonly outcome: string;
}

/** `POST api/jobs/:id/requeue`: a dead letter runs again. What has ended otherwise does by `…/run-again`. */
export interface RequeueBody {
  /** In place of its data. Values that are the mask, where they were shown so, stay what they were. */
  readonly data?: unknown;
  /** An instant, or words such as `in 5 minutes`. Left out: now. */
  readonly runAt?: string;
  /** Whether its attempts begin anew. @default true */
  readonly resetAttempts?: boolean;
}

/*
 * `POST api/jobs/:id/promote` (run now what waits), `…/cancel`, `…/disable`, `…/enable`, `…/remove`, and
 * `…/run-again` (another job with the name, data and options of this one): an empty body.
 */

/** `POST api/jobs/:id/cancel` */
export interface CancelBody {
  readonly reason?: string;
}

/** `POST api/jobs/:id/update`: what is left out stays. */
export interface UpdateBody {
  readonly data?: unknown;
  readonly priority?: number;
}

/** `POST api/jobs/:id/reschedule`: another time for a job that waits. */
export interface RescheduleBody {
  /** An instant, or words such as `tomorrow at noon`. */
  readonly runAt: string;
}

/** `POST api/jobs/:id/change-schedule`: another rule for a recurring job. */
export interface ChangeScheduleBody {
  /** An interval or a cron rule. */
  readonly interval: string;
  /** IANA name. Left out: as it was. */
  readonly timezone?: string;
}

/** `POST api/jobs`: adds a job. Answers `Changed` with the id of the new one. */
export interface AddBody {
  readonly name: string;
  readonly data?: unknown;
  /** Left out: now. */
  readonly runAt?: string;
  readonly priority?: number;
}

/** `POST api/jobs/bulk`: the same for up to 200 jobs; each is answered for itself. */
export interface BulkBody {
  readonly action: 'requeue' | 'promote' | 'cancel' | 'disable' | 'enable' | 'remove';
  readonly ids: readonly string[];
}

export interface BulkAnswer {
  readonly done: number;
  /** Those that were not changed, and why. */
  readonly refused: readonly { readonly id: string; readonly why: string }[];
}

/** `POST api/pause`, `POST api/names/:name/pause`. `…/resume`: an empty body. */
export interface PauseBody {
  readonly reason?: string;
}

/** Whether there was something to change. */
export interface Switched {
  readonly changed: boolean;
}

/** Which dead letters: all that fit everything that is said; at least one of these must be. `{ all: true }` for all. */
export interface DeadFilter {
  readonly names?: readonly string[];
  readonly reason?: string;
  /** ms since they died, or words such as `1 hour`. */
  readonly olderThan?: number | string;
  readonly all?: true;
}

/** `POST api/dead/requeue`, and `POST api/dead/purge`, which removes them for good. */
export interface DeadBody extends DeadFilter {
  /** 1 to 10,000. @default 1,000 */
  readonly limit?: number;
}

/** How many there were and how many were changed. `more`: the limit was met. */
export interface DeadAnswer {
  readonly matched: number;
  readonly changed: number;
  readonly more: boolean;
}

/** What was done, by whom: given to the `audit` option for each change, whether it succeeded or not. */
export interface AuditEntry {
  readonly at: Date;
  readonly instance: string;
  /** Such as `jobs/requeue` or `names/pause`. */
  readonly action: string;
  /** Who the guard found; undefined when it names nobody. */
  readonly user: unknown;
  /** The ids or names that were meant; empty for what concerns everything. */
  readonly targets: readonly string[];
  readonly outcome: 'done' | 'refused' | 'failed';
  /** How many jobs or names were changed. */
  readonly changed: number;
  /** Why all of it, or some of many, was refused or has failed. */
  readonly message?: string;
}
