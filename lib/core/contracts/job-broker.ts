import { UnsupportedOperationError } from '../errors.js';
import type { Due } from '../job/due.js';
import type {
  DeathReason,
  Deduped,
  DedupedJob,
  Failure,
  JobRecord,
  NewJob,
  OmittedResult,
} from '../job/job-record.js';
import type { Sharing } from '../job/placement.js';
import type { HostBeat } from './host-registry.js';

/*
 * How jobs reach workers, and how they come back.
 *
 * Every call is a batch and one round trip. Every call is judged by the store, inside the step that
 * would write, on the store's clock; nothing is trusted that was read a moment before. Every call
 * can be repeated after a lost reply: adds are known by their id (or nonce), claims by their
 * `claimId`, settlements and renewals by the token of their lease.
 *
 * A walk through the life of a job, as both backends act it out:
 *
 *   enqueue          The record is written, the job gets its place among the waiting: `ready` when
 *                    due, `timed` when not. If its name thereby becomes claimable earlier than it
 *                    was, that is announced.
 *   dedupe           An add with a key that a job in place may hold: that one takes the new data, time or
 *                    priority in the same step, and gets its new place.
 *   settleAndClaim   First the settlements, each judged alone. Then the claim: of the names asked
 *                    for, those that are due, in the order given (the host rotates it); each gets
 *                    an equal share of the slots, then what is left goes round again. A claim writes
 *                    no record: the job moves to `running` and a lease says who holds it.
 *   renew            Moves the expiry of leases; nothing else. Never shortens one.
 *   rescue           Expired leases, oldest first: the job goes back to its old place in the line
 *                    and counts one more rescue, or is buried as `stalled` when its name allows no more.
 *   prune            Ended jobs, oldest first, that have outstayed the retention of their name, or
 *                    their own. Recurring ones, and those that wait or run, are never pruned.
 *   an expiry        A job that has not started by then is buried as `expired`, by the claim that finds
 *                    it or by `prune`. It never starts late, nor does a retry of it; a run under way goes on.
 *   a last start     A job that has no rescue left may be the one that takes its process down. Of such
 *                    jobs a host runs one at a time, so that they cannot bury each other.
 *   a saved change   Of a waiting job: rewritten and moved in one step. Of a running one: what was
 *                    asked is rewritten at once, a changed time is kept in the lease and wins over
 *                    the time that the settlement brings.
 *   pause            A paused name has no due time, so no claim looks at it and no add announces it;
 *                    its jobs keep their places. Resuming gives the due time back, and announces it.
 *   a limit          A name at its limit has no due time until a lease of it ends (concurrency), or
 *                    is due when the next start is allowed (rate). Names without limits pay nothing.
 *   a limit per key  Only as many heads of a key stand in `ready` as may run; the rest wait in the
 *                    key's own line, and move up in the step that frees the key's slot.
 *
 * Rounding: `now` rounds down when compared; due times and expiries round up. A job never starts
 * early, a lease never ends early: at due − 1 ms nothing is handed out, at due it is; a lease is
 * expired at `expiresAt` itself.
 */

/** The most jobs or leases one call may carry; hosts and producers split what is longer. */
export const MAX_BATCH = 100;
/**
 * Of jobs whose record a store has to read and write anew (retries, burials, rescues, requeues, further
 * occurrences), the most that hosts and producers put into one call: it takes Redis about 2 ms.
 */
export const MAX_REWRITES = 40;
/**
 * How many waiting jobs one claim promotes from `timed` to `ready`. Where more than that become due
 * between two claims, the earliest of a name go first, whatever their priority.
 */
export const PROMOTE_LIMIT = 50;
/** For how long a process that listens is remembered, in ms; one that goes on says so in time. */
export const WATCH_MS = 90_000;
/** The most jobs one call of `prune` removes. */
export const PRUNE_LIMIT = 200;
/** The most names without a handler that one pass of `prune` tells. */
export const UNHANDLED_LIMIT = 20;
/** The most bytes of records one call carries, if more than one record is involved. */
export const MAX_CALL_BYTES = 1024 * 1024;

export abstract class JobBroker {
  /** The backend's clock: milliseconds since the epoch, exact as of the newest reply. */
  abstract now(): number;

  /** The most jobs of one `enqueue`: fewer where a store cannot add several whole or not at all. */
  get enqueueLimit(): number {
    return MAX_BATCH;
  }

  /** Over how many partitions its jobs are spread. Each can be asked, and fail, alone. */
  get partitions(): number {
    return 1;
  }

  /** In which of its partitions a job is, from 0: its id tells. */
  partitionOf(_id: string): number {
    return 0;
  }

  /** Whether all jobs of this name live in one partition, so that they can have limits together: see `placement.ts`. */
  holdsTogether(_name: string): boolean {
    return false;
  }

  /**
   * Refuses a job that would need two places in a store with several partitions.
   *
   * @param chosenId - the id that was asked for; left out where one is made
   * @throws InvalidOptionError
   */
  checkPlace(_job: Sharing, _chosenId: string | undefined): void {}

  /** Whether it keeps what jobs are given along: one that cannot refuses a job with a `context`. */
  get keepsContext(): boolean {
    return true;
  }

  /**
   * Adds jobs, whole or not at all. An id that is taken adds nothing and returns the job in place,
   * told apart by `created`. Answers come in the order of the jobs. Two calls may be under way, unless one takes a
   * single job (`enqueueLimit`): they are carried out in the order in which they were made.
   */
  abstract enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]>;

  /**
   * Adds one job, or lets the job in place that holds its key take what the mode says of it. What a claim
   * has begun to run is never changed. A taken id is a duplicate.
   *
   * @throws UnsupportedOperationError by a broker that cannot
   */
  dedupe(_job: DedupedJob): Promise<Enqueued> {
    return Promise.reject(new UnsupportedOperationError('dedupe', 'foreign'));
  }

  /** Settles finished attempts and leases as many due jobs as there are free slots, all in one partition. */
  abstract settleAndClaim(
    settlements: readonly Settlement[],
    claim: ClaimRequest,
  ): Promise<Claimed>;

  /**
   * Prolongs leases to `forMs` from now; tells which are lost, and why. An expired lease is lost,
   * unless `afterExpiry` says that it may be taken up again as long as nobody has taken the job over:
   * that is how a host that was cut off keeps its jobs. A `progress` and `lines` that come along are kept with
   * the job, unless its lease is lost.
   *
   * @throws InvalidOptionError unless `forMs` is above 0; for a progress or lines that cannot be kept
   */
  abstract renew(
    leases: readonly Renewed[],
    forMs: number,
    options?: { readonly afterExpiry?: boolean },
  ): Promise<Renewal>;

  /**
   * Gives jobs with expired leases another attempt, or buries them; at most `limit`, oldest first.
   * Holds off for the longest lease seen of late when no host has been heard of for longer than that:
   * then the store was away, and living hosts get the time to renew.
   *
   * @param partition - where to look; 0 when left out
   */
  abstract rescue(limit: number, leaseMs: number, partition?: number): Promise<Rescue>;

  /**
   * Leases one job out of turn: whatever its time, also a disabled one, or one that has ended, whose attempts
   * then count anew. Neither a pause nor a limit of its name is asked, and no start is counted; its lease counts
   * like all others. It is settled, renewed and rescued like any other.
   *
   * @throws UnsupportedOperationError by a broker that cannot
   */
  claimOne(_request: ClaimOneRequest): Promise<ClaimedOne> {
    return Promise.reject(new UnsupportedOperationError('claimOne', 'foreign'));
  }

  /**
   * Stores what any host must know of a name to rescue and prune its jobs.
   *
   * @throws InvalidOptionError, InvalidJobError
   */
  abstract register(settings: readonly NameSettings[]): Promise<void>;

  /**
   * Buries jobs that have expired, removes ended jobs that have outstayed the retention of their name, or
   * their own, and forgets keys whose time is over; at most {@link PRUNE_LIMIT} jobs, oldest first. What was saved without a time, and
   * never ran, has not ended. The end of a pass tells names that nobody handles. A broker without it keeps
   * everything.
   *
   * @param cursor - empty to begin a pass over all names, else what the call before answered
   * @param partition - where to look; 0 when left out
   */
  prune?(cursor: string, partition?: number): Promise<Pruned>;

  /**
   * Declares that this process listens for what happens to jobs elsewhere, for the next {@link WATCH_MS}:
   * claims of all hosts tell it as `watched`. A broker without it leaves `watched` out.
   */
  watch?(): Promise<void>;

  /**
   * A host tells that it is there, and what it does: see `host-registry.ts`. Hosts that are gone are forgotten,
   * a bounded number a call. A broker without it keeps no list of hosts.
   */
  beat?(beat: HostBeat): Promise<void>;

  /** A host has ended: it is listed no longer. There where {@link beat} is. */
  leave?(host: string): Promise<void>;
}

export interface Enqueued {
  readonly job: JobRecord;
  /**
   * False when the id or the idempotency key was taken: `job` is the one in place. Of one that is
   * removed while its key is still held, the id is all that is known: the rest is what this call asked.
   */
  readonly created: boolean;
  /** What the call did instead of adding a job; left out: nothing, it is a duplicate. */
  readonly deduped?: Deduped;
  /** Its name may have no more jobs that wait, so this one was not added: `job` is what was asked. */
  readonly refused?: QueueFull;
  /**
   * It was not added: all jobs of its name live in one partition, and its id, which was chosen, is of another.
   * `job` is what was asked.
   */
  readonly isMisplaced?: true;
}

/** How many jobs of a name may wait, and how many do. */
export interface QueueFull {
  readonly maxQueued: number;
  readonly queued: number;
}

/** The right to finish one attempt. */
export interface Lease {
  /** The job's id. */
  readonly id: string;
  readonly name: string;
  /** Never used before: the `claimId` and a number. */
  readonly token: string;
  /** Grows with every attempt, also if the job is removed and made anew. */
  readonly fence: number;
  /** On the backend's clock. */
  readonly expiresAt: number;
}

/** A lease to prolong. */
export type Renewed = Lease & {
  /**
   * How far its handler has come: any JSON, at most 16 KiB; a number is by convention from 0 to 100. Left out: what
   * was told before stays.
   */
  readonly progress?: unknown;
  /** What its handler has logged since the batch before. */
  readonly lines?: LoggedLines;
};

/**
 * Lines of one attempt, one after the other, at most {@link OUTPUT_LIMITS} of them. A batch that comes twice is kept
 * once.
 */
export interface LoggedLines {
  /** The number of the first of them in its attempt, from 1; what lies before and never came is lost. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** How much of what its handlers have logged is kept for a job: the newest lines. */
export const OUTPUT_LIMITS = { lines: 1_000, bytes: 64 * 1024 } as const;

export interface ClaimedJob {
  /** As stored, with `lockedAt` set, without an earlier `result`; `attempt` counts the attempts *before* this one. */
  readonly record: JobRecord;
  readonly lease: Lease;
  /**
   * It has been rescued as often as its name allows: if this run loses its process, the job is buried.
   * Never true of a name that allows no rescue.
   */
  readonly isLastStart?: boolean;
  /**
   * Why the stored job cannot be read: it was leased all the same, `record` holds what is known of
   * it, and its handler must not be called.
   */
  readonly unreadable?: Error;
}

export interface ClaimRequest {
  /** 128 random bits in hex, new for every call and kept for its repeats. */
  readonly claimId: string;
  /** Who asks: unique among living processes; no spaces or `|`. */
  readonly host: string;
  readonly leaseMs: number;
  /** Free slots in all; 0 only settles. At most {@link MAX_BATCH}. */
  readonly slots: number;
  /** Names with a free slot, and how many; in the order of this host's turn. */
  readonly names: readonly { readonly name: string; readonly slots: number }[];
  /**
   * A host may have two calls under way, each on a track of its own: of each track the store
   * remembers the last claim, for its repeat.
   *
   * @default 0
   */
  readonly track?: 0 | 1;
  /**
   * The last claim on this track whose answer the host has; empty when it has had none. If the store
   * remembers another one, that answer was lost for good: its jobs, which nobody runs, go back to
   * their places, uncounted. Left out: nothing goes back.
   */
  readonly heard?: string;
  /**
   * How many jobs on their last start (see {@link ClaimedJob.isLastStart}) may come: the others keep
   * their places. A claim looks past a hundred of them; what it finds behind those may come, so that
   * work goes on. Left out: any number.
   */
  readonly lastStarts?: 0 | 1;
  /** Which partition is asked; all settlements of the call must be of its jobs. 0 when left out. */
  readonly partition?: number;
  /** Left out: the host hears what everybody hears, and is told exact due times. */
  readonly standBy?: StandBy;
}

/**
 * A host that hears news meant for it alone (`NotificationChannel.subscribe` with its name) may be left asleep:
 * of the hosts that could take a job the store wakes two, and tells two of each group exact due times. Those
 * that sleep longest come first.
 *
 * A claim without slots leaves `was` and enters no group: so does a host that takes no more jobs. One that was woken
 * and has no room passes that on: it names what it was woken for, with no slots, and of what is due there others
 * are woken in its stead.
 */
export interface StandBy {
  /** Hosts of one group have room for the same names: those that this claim asks for. No spaces. */
  readonly group: string;
  /** The group in which the last answer from this partition left the host standing by; empty for none. */
  readonly was: string;
  /** For how long it counts as standing by, if nothing is heard of it, in ms. */
  readonly forMs: number;
}

/** Which lease a settlement speaks for: best the object of the claim, since a broker may keep notes on it. */
interface Settles {
  readonly lease: Pick<Lease, 'id' | 'name' | 'token'>;
  /** Passes a lease that ran out as long as nobody has taken the job over. */
  readonly afterExpiry?: boolean;
}

/** How an attempt ended. */
export type Settlement = Settles &
  (
    | {
        readonly kind: 'completed';
        /** JSON text of what the handler returned. */
        readonly result?: string;
        /** It returned something that is not kept. */
        readonly omitted?: OmittedResult;
        /** When a recurring job runs next, as an instant; without it the job is done. */
        readonly nextRunAt?: number;
        /** Delete the job instead of keeping it as completed; not when another run is planned. */
        readonly remove?: boolean;
      }
    /** Failed, to run again: the failure counts, after the delay or at the instant. */
    | {
        readonly kind: 'retry';
        readonly failure: Failure;
        readonly due: Due;
        /** This was a recurring job's last retry: the attempts of its next occurrence count anew. */
        readonly fresh?: boolean;
      }
    /** Failed for good: a dead letter. */
    | {
        readonly kind: 'bury';
        readonly reason: DeathReason;
        readonly failure: Failure;
        /** Delete the job instead of keeping the dead letter. */
        readonly remove?: boolean;
      }
    /** Not counted as an attempt: the host hands it back, to the front of its line. */
    | { readonly kind: 'release' }
    /** Not counted as an attempt: the handler has put its run off. */
    | {
        readonly kind: 'snooze';
        readonly due: Due;
      }
    /**
     * Not counted as anything: the outside world asked for a pause. The job keeps its place, and no job of its
     * name starts for that long; where its name has a rate for each key, none of its key.
     */
    | { readonly kind: 'throttle'; readonly forMs: number }
    /** Not run, since its occurrence was missed and its rule does not make up for that: on to the next one. */
    | { readonly kind: 'skip'; readonly nextRunAt: number }
  );

/** The refusal ladder, in the order of judgement. */
export type Refusal = 'not-found' | 'not-running' | 'lease-expired' | 'lease-mismatch';

/** What became of a settlement. Refused ones changed nothing. */
export type SettleAnswer = 'ok' | Refusal;

export interface Claimed {
  /** The backend's time of the call. */
  readonly now: number;
  readonly answers: readonly SettleAnswer[];
  readonly jobs: readonly ClaimedJob[];
  /**
   * Milliseconds until the earliest of the names that have room is due: 0 when one is left due;
   * `null` when none is planned, or when the claim has used all slots. What the claim has held back
   * does not count as left due. A name that a rate or a stop holds back is due when these let the next job start;
   * one that is paused, or at its concurrency, is due when news says so.
   */
  readonly dueInMs: number | null;
  /** The earliest expiry of any host's lease, if there is one. */
  readonly earliestExpiry: number | null;
  /**
   * Whether some process listens for what happens to jobs elsewhere, so that the host must tell it
   * (`publishState`). Left out: unknown, so it tells.
   */
  readonly watched?: boolean;
  /** Due jobs on their last start kept their places, since the claim might not bring them. */
  readonly heldBack?: boolean;
  /** The host stands by in the group it named: news will wake it, whatever `dueInMs` says (`null`: others watch). */
  readonly standsBy?: boolean;
  /** Jobs that waited past the end of their time, and are dead letters now; a repeat does not tell them again. */
  readonly expired?: readonly ExpiredJob[];
}

export interface ExpiredJob {
  readonly id: string;
  readonly name: string;
}

export interface ClaimOneRequest {
  /** The job. */
  readonly id: string;
  /** 128 random bits in hex, kept for repeats: they get the same lease again. Its token is `claimId:1`. */
  readonly claimId: string;
  readonly host: string;
  readonly leaseMs: number;
}

/** What became of a claim out of turn; `lease-mismatch`: the job runs already. */
export type ClaimedOne =
  { readonly job: ClaimedJob } | { readonly refusal: 'not-found' | 'lease-mismatch' };

export interface Renewal {
  readonly now: number;
  /** The leases that are gone, in no order. */
  readonly lost: readonly LostLease[];
}

export interface LostLease {
  readonly id: string;
  readonly token: string;
  readonly refusal: Refusal;
  /** Present when the job was cancelled: the canceller's words. */
  readonly cancelled?: string;
}

export interface Rescue {
  readonly now: number;
  readonly jobs: readonly RescuedJob[];
  /** True when expired leases are left that this call did not reach. */
  readonly more: boolean;
  /** When rescuing is held off: until when. */
  readonly heldUntil: number | null;
  readonly earliestExpiry: number | null;
}

export interface RescuedJob {
  readonly id: string;
  readonly name: string;
  /** The host that lost it. */
  readonly host: string;
  /** Which attempt was lost, from 1. */
  readonly attempt: number;
  readonly rescueCount: number;
  readonly outcome: 'requeued' | 'buried';
}

/** What stands in the store for a name. Written by every process that handles it; the last one counts. */
export interface NameSettings {
  readonly name: string;
  /** How often a job may lose its process and run again. */
  readonly maxRescues: number;
  /** How long its ended jobs are kept; left out: for ever. */
  readonly retention?: NameRetention;
  /** What its handler says; limits set by hand (`JobManager.setLimits`) win over it, one by one. Left out: none. */
  readonly limits?: NameLimits;
}

/** Limits of a name over all processes: what is left out is unlimited. */
export interface NameLimits {
  /** How many of its jobs run at once, counted by their leases. */
  readonly concurrency?: number;
  /** How many of its jobs start within a time. */
  readonly rate?: RateLimit;
  /** Of the jobs of each key. */
  readonly key?: KeyLimits;
  /** How many of its jobs may wait (due or not); more are refused with `QueueFullError`. Recurring ones are not asked. */
  readonly maxQueued?: number;
}

/**
 * In no half-open interval of `perMs`, wherever it begins, do more than `max` jobs start. Counted when a claim
 * hands them out; a start that is released is not given back.
 */
export interface RateLimit {
  readonly max: number;
  readonly perMs: number;
  /** Starts are at least `perMs / max` apart, instead of as soon as they may. */
  readonly spread?: boolean;
}

export interface KeyLimits {
  /** How many jobs of a key run at once. */
  readonly concurrency?: number;
  /**
   * `fifo`: one at a time in the order of claims, and a job that fails, is put off or is handed back keeps its
   * key until it has ended.
   */
  readonly order?: 'fifo';
  readonly rate?: RateLimit;
}

export interface NameRetention {
  readonly completed: RetentionRule;
  /** Dead letters. */
  readonly failed: RetentionRule;
}

/** Jobs that break either limit go; `null` is no limit. */
export interface RetentionRule {
  /** Since their end, in ms. */
  readonly ageMs: number | null;
  /**
   * How many, the newest. Those with a retention of their own are counted, and not removed by it; and
   * so are recurring ones.
   */
  readonly count: number | null;
}

export interface Pruned {
  readonly removed: number;
  /** Where to go on; `null` when the pass is over. */
  readonly next: string | null;
  /**
   * Told once a pass, if there are any: names with due jobs that were never given to {@link JobBroker.register};
   * at most {@link UNHANDLED_LIMIT}, those due for the longest. Among them are names that other means run, which
   * register nothing: processes of npm `agenda` on the same store, and jobs claimed by hand. Not among them
   * is a name whose last handler is gone: nobody keeps count of the living.
   */
  readonly unhandled?: readonly string[];
  /** As in {@link Claimed}. */
  readonly expired?: readonly ExpiredJob[];
}
