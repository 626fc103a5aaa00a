import type { JobSummary } from './jobs.js';

/** A worker host that is alive. */
export interface HostView {
  readonly host: string;
  readonly machine: string | null;
  readonly version: string;
  readonly slots: number;
  readonly running: number;
  readonly paused: boolean;
  readonly startedAt: string;
  readonly lastSeenAt: string;
  readonly names: readonly {
    readonly name: string;
    readonly concurrency: number;
    readonly running: number;
    readonly paused: boolean;
  }[];
}

/** `GET api/hosts`: who works, and on what. */
export interface Hosts {
  readonly hosts: readonly HostView[];
  /** Of the jobs that run, at most 200, the longest running first. */
  readonly leases: readonly {
    readonly id: string;
    readonly name: string;
    readonly host: string;
    readonly attempt: number;
    readonly lockedAt: string;
    readonly expiresAt: string | null;
    readonly progress: unknown;
  }[];
  /** Whether more than these run. */
  readonly more: boolean;
}

/** A recurring job and when it runs. */
export interface ScheduleView extends JobSummary {
  readonly repeatTimezone: string | null;
  readonly repeatKey: string | null;
  /** The next five runs, as instants; none when it is disabled or has ended. */
  readonly upcoming: readonly string[];
  /** The same in the words and the time zone of the schedule, such as `Mon 23 Nov 2026, 02:00 CET`. */
  readonly upcomingInZone: readonly string[];
}

/**
 * `GET api/schedules?cursor`: the recurring jobs, 100 a page at most, whether they wait, run or are disabled; a page may
 * be short, or empty, and not the last. Rules that are a time of day alone (`repeatAt`) wait among the scheduled jobs, and
 * are not looked for there.
 */
export interface Schedules {
  readonly schedules: readonly ScheduleView[];
  readonly cursor: string | null;
}

/** `GET api/schedules/preview?interval&timezone`: when a rule would run; for one that is not understood a 400 that says why. */
export interface SchedulePreview {
  /** The next five runs, as instants. */
  readonly upcoming: readonly string[];
  /** The same in the words and the time zone of the rule. */
  readonly upcomingInZone: readonly string[];
}
