import type { ClaimedJob, Lease, Settlement } from '../contracts/job-broker.js';
import type { Handler } from '../handlers/handler-registry.js';
import type { JobRecord } from '../job/job-record.js';
import { LeaseLostError, JobTimeoutError } from '../errors.js';
import { Job, type JobHome, type JobVerdict, type RunningAttempt } from '../job/job.js';
import type { Outcome } from './outcome.js';
import type { Timer } from './timer.js';
import type { Untold } from './untold.js';

/** What an attempt asks of those who look after it. */
export interface AttemptKeeper {
  readonly home: JobHome;
  /** @throws LeaseLostError */
  touch(attempt: Attempt, progress: number | undefined): Promise<void>;
  /** @param text - the progress as JSON */
  report(attempt: Attempt, progress: unknown, text: string): void;
  log(attempt: Attempt, line: string): void;
}

/**
 * One run of a handler, from the claim to the store's answer to its settlement. The services of the
 * worker host hand it on; each writes only the members of its own duty.
 */
export class Attempt implements RunningAttempt {
  readonly record: JobRecord;
  readonly lease: Lease;
  readonly isLastStart: boolean;
  readonly handler: Handler;
  readonly job: Job;

  /** Lease keeper: until when this process may believe in its lease, by `performance.now()`. */
  trustedUntil: number;
  /** Executor: when the handler was called, by `performance.now()`. */
  startedAt = 0;
  /** When the handler was heard of last: its start, or its newest touch. */
  heardAt = 0;
  /** Executor: how long the handler took. */
  durationMs = 0;
  /** Executor: the limit of a handler that has one. */
  timer: Timer | undefined = undefined;
  /** True from the moment the outcome is fixed: what the handler does later changes nothing. */
  decided = false;
  /** Written by the job, for its handler. */
  verdict: JobVerdict | undefined = undefined;
  /** Reports: what the handler has told and the store does not know; made when it tells something. */
  untold: Untold | undefined = undefined;
  outcome: Outcome | undefined = undefined;
  settlement: Settlement | undefined = undefined;

  /** Why the handler was asked to end; the first reason stays. */
  private reason: Error | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  constructor(
    claimed: ClaimedJob,
    handler: Handler,
    private readonly keeper: AttemptKeeper,
    trustedUntil: number,
    /** In which partition of the store its job is. */
    readonly partition = 0,
  ) {
    this.record = claimed.record;
    this.lease = claimed.lease;
    this.isLastStart = claimed.isLastStart ?? false;
    this.handler = handler;
    this.trustedUntil = trustedUntil;
    this.job = new Job(claimed.record, keeper.home, this);
  }

  get fence(): number {
    return this.lease.fence;
  }

  /** Made when somebody asks for it: most handlers never do. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.reason) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  get isOver(): boolean {
    return this.decided;
  }

  get isLost(): boolean {
    return this.decided && this.settlement === undefined;
  }

  get hasExpired(): boolean {
    const { reason } = this;
    if (reason instanceof JobTimeoutError) return reason.limit === 'lockLifetime';
    return reason instanceof LeaseLostError || this.trustedUntil <= performance.now();
  }

  /** Why the signal has fired; `undefined` as long as it has not. */
  get endReason(): Error | undefined {
    return this.reason;
  }

  touch(progress: number | undefined): Promise<void> {
    this.heardAt = performance.now();
    return this.keeper.touch(this, progress);
  }

  report(progress: unknown, text: string): void {
    this.heardAt = performance.now();
    this.keeper.report(this, progress, text);
  }

  log(line: string): void {
    this.keeper.log(this, line);
  }

  /** Asks the handler to end. */
  fire(reason: Error): void {
    if (this.reason) return;
    this.reason = reason;
    this.controller?.abort(reason);
  }
}
