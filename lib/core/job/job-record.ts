import type { Due } from './due.js';

/**
 * Everything a backend keeps about one job, as plain values: instants are whole milliseconds since
 * the epoch by the backend's clock, absent instants are `null`. The words are those of Agenda's
 * `attrs`, and where Agenda has none, ours.
 *
 * The record has two halves that are written by different hands. What was *asked* changes only by a
 * save; what *happened* changes only by the holder of the job's lease, or by a rescue.
 */
export interface JobRecord extends AskedFacts, HappenedFacts {}

/** What was asked: written when the job is added, rewritten by a save. */
export interface AskedFacts {
  readonly id: string;
  readonly name: string;
  /** The handler's input, as JSON gives it back; `undefined` when the job was added without data. */
  data: unknown;
  /** Higher goes first. */
  priority: number;
  createdAt: number;
  disabled: boolean;
  /** `single` is a job that exists once per name and `key`: what `every()` makes. */
  type: 'normal' | 'single';
  repeat: RepeatFacts | null;
  /** What this job wants otherwise than its handler's options say. */
  overrides: JobOverrides | null;
  lastModifiedBy: string | null;
  /** Agenda's own engine runs it in a child process; ours does not look at it. */
  fork: boolean;
  /** Which jobs of its name it shares limits with, where its name has limits per key; left out: none. */
  key?: string;
  /** It goes ahead of the others of its priority. */
  first?: true;
  /** By which it is found. */
  tags?: readonly string[];
  /** It does not start at this instant or later. */
  expiresAt?: number;
  /** Which version of its handler's input the data is, above 1; it goes with the data, whoever writes that. */
  version?: number;
  /** What the one who added it gave along, such as tenant, locale and trace; it stays as it was added. */
  context?: JobHeaders;
  /** Where in the code its rule stands, such as `Reports.nightly`; left out for rules that were added by a call. */
  repeatOrigin?: string;
}

/** Texts by name, as HTTP headers are. */
export type JobHeaders = Readonly<Record<string, string>>;

/** The same as it may be given: what is undefined is left out. */
export type GivenHeaders = Readonly<Record<string, string | undefined>>;

/** The rule of a recurring job and the limits of its dates, as the user wrote them. */
export interface RepeatFacts {
  interval?: string | number;
  timezone?: string;
  at?: string;
  startDate?: number;
  endDate?: number;
  skipDays?: number[];
  catchUp?: 'latest' | 'skip';
  /** Tells several rules of one name apart. */
  key?: string;
}

/** Per-job options that win over those of the handler. They are stored, so no functions here. */
export interface JobOverrides {
  /** Runs allowed by failures, in all. */
  attempts?: number;
  /** A declarative backoff, as given. */
  backoff?: unknown;
  /** Milliseconds one attempt may take. */
  timeout?: number;
  removeOnComplete?: boolean;
  removeOnFail?: boolean;
  /** How long it is kept once it has ended; it wins over what its name says. */
  retention?: OwnRetention;
}

/** Milliseconds that a job is kept after its end; `null` is for ever, left out as its name says. */
export interface OwnRetention {
  completed?: number | null;
  failed?: number | null;
}

/** What happened: all zero and null until the first attempt has ended. */
export interface HappenedFacts {
  /** The planned time of the next run; of the present one while it runs; `null` when none is planned. */
  nextRunAt: number | null;
  /** When the present attempt was claimed; `null` unless the job is running. */
  lockedAt: number | null;
  lastRunAt: number | null;
  lastFinishedAt: number | null;
  failedAt: number | null;
  /** Attempts that have ended and count: completed, failed, rescued; of this occurrence, for a recurring job. */
  attempt: number;
  /** Failures since the last success. */
  failCount: number;
  rescueCount: number;
  /** How often a run was handed back by a process that ended. */
  releaseCount: number;
  /** How often a handler has put its run off; of this occurrence, for a recurring job. */
  snoozeCount: number;
  /**
   * The occurrence that a recurring job's attempts are for, while a retry or a snooze has moved
   * `nextRunAt` off it: what keeps intervals on their grid.
   */
  occurrenceAt: number | null;
  /** The newest failure. It outlives a later success, as history. */
  failure: Failure | null;
  /** What the handler returned, as JSON gives it back; `undefined` when there is none. */
  result: unknown;
  /** Present when the handler returned something that is not kept. */
  resultOmitted?: OmittedResult;
  /** How far the handler has come, as it said last: any JSON. It outlives the run; `null` when nothing was said. */
  progress: unknown;
  /** When the debounce window that is open began; `null` when none is. */
  debounceStartedAt: number | null;
}

/** What is kept in place of a result. */
export interface OmittedResult {
  /** How large it is as JSON, where it is larger than `maxResultBytes`. */
  readonly bytes?: number;
  /** Why it is not kept, for people. */
  readonly reason: string;
}

/** Why an attempt failed, and, on a dead letter, why it was the last. */
export interface Failure {
  /** Set on dead letters only. */
  reason?: DeathReason;
  /** The class name of the error. */
  name: string;
  message: string;
  /** At most 4 KiB. */
  stack?: string;
}

export type DeathReason =
  'exhausted' | 'unrecoverable' | 'discarded' | 'stalled' | 'expired' | 'invalid-data';

/** A job on its way into a backend. */
export interface NewJob {
  /** 1 to 256 bytes without control characters; made by the client, so that adding it twice is harmless. */
  readonly id: string;
  /** Random; given with an `id` that a user chose, so that a repeat of this very call is told from another's job. */
  readonly nonce?: string;
  readonly name: string;
  /** JSON text; `undefined` for no data. */
  readonly data: string | undefined;
  readonly priority: number;
  /** A delay counts from the add. */
  readonly due: Due;
  readonly overrides?: JobOverrides;
  /** Who adds it. */
  readonly lastModifiedBy?: string;
  readonly idempotency?: Idempotency;
  /** A call of its own brings such a job: `JobBroker.dedupe`. */
  readonly dedupe?: Dedupe;
  /** Which jobs of its name it shares limits with: 1 to 256 bytes without control characters. */
  readonly key?: string;
  /** Ahead of the others of its priority, the newest first, whatever their time. */
  readonly first?: true;
  /** At most 16, each 1 to 256 bytes without control characters. */
  readonly tags?: readonly string[];
  /** It does not start at this instant or later; a delay counts from the add. */
  readonly expires?: Due;
  /** Which version of its handler's input the data is, 2 to 32767; left out: 1. */
  readonly version?: number;
  /** At most 32 texts, 8 KiB as JSON in all. */
  readonly context?: JobHeaders;
}

/** What keeps a job from being added twice: a key, of which each name has its own. */
export interface Idempotency {
  /** 1 to 512 bytes without control characters. */
  readonly key: string;
  /**
   * When another job may have the key: `removal`, once this one is gone and `holdMs` since the add are
   * over; `finish`, once it is completed or a dead letter; `time`, `holdMs` after the add.
   */
  readonly release: 'removal' | 'finish' | 'time';
  /** In ms from the add; no meaning for `finish`. */
  readonly holdMs: number;
}

/**
 * What becomes of further jobs with the same name, mode and key while the key is held. In every mode it is held
 * by a job that has not ended and whose time to start is not over; it is freed by the step that ends or removes that job.
 */
export type Dedupe = {
  /** 1 to 512 bytes without control characters. */
  readonly key: string;
} & (
  | {
      /**
       * Held until the job is claimed for the first time. It takes the new data, and runs `forMs` later than the
       * newest call, at most `maxWaitMs` later than the first. `leading`: its time stays, and the key is held for
       * `forMs` from the first call on, too: once the job was claimed, such calls change nothing.
       */
      readonly mode: 'debounce';
      readonly forMs: number;
      readonly maxWaitMs?: number;
      readonly leading?: boolean;
    }
  /** The job takes the new data; while it runs that is kept, and it runs once more afterwards. */
  | { readonly mode: 'latest' }
  /** The job takes these from the duplicate; while it runs it takes nothing. */
  | { readonly mode: 'replace'; readonly takes: readonly ReplacedPart[] }
);

export const REPLACED_PARTS = ['data', 'nextRunAt', 'priority'] as const;
export type ReplacedPart = (typeof REPLACED_PARTS)[number];

/**
 * What an add did instead of making a job. `duplicate`: nothing. `replaced`: the job in place has taken from it
 * what its mode of `dedupe` says. `kept-for-next`: the job runs, and once more afterwards, with the new data.
 */
export type Deduped = 'duplicate' | 'replaced' | 'kept-for-next';

/** A job that is added with a key. The nonce tells a repeat of its call from another one. */
export interface DedupedJob extends NewJob {
  readonly nonce: string;
  readonly dedupe: Dedupe;
}
