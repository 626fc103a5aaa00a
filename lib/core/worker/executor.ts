import { AgendaError, JobCancelledError, JobTimeoutError } from '../errors.js';
import type { OmittedResult } from '../job/job-record.js';
import { type EncodedResult, encodeResult } from '../job/job-result.js';
import { causedBy, errorOf, isNonRetryable, messageOf } from '../job/thrown.js';
import { JobVerdict } from '../job/verdict.js';
import type { Attempt } from './attempt.js';
import { leavesNoTrace } from './decide.js';
import { type Outcome, RELEASED } from './outcome.js';
import { Timer } from './timer.js';

/*
 * Runs one attempt and says how it came out.
 *
 *   the handler            and the host had asked it to end    outcome
 *   returns                no, or because its lease ran out    completed
 *   returns its verdict,   whatever it had asked, but for      its verdict: it says itself what
 *   throws it, or returns  the timeout                         becomes of the job
 *   after it
 *   throws                 no                                  failed; or excused, if its options say so
 *   throws                 lease at its end, shutdown          released: not the handler's fault
 *   throws                 `job.cancel()`                      failed
 *   returns or throws      its time was up                     failed, with the timeout as its error
 *   neither                its time was up, and the grace      failed; `stuck`; its slot stays taken
 *
 * Its time is up after `timeout`, or when it has been silent for `lockLifetime`.
 *
 * An attempt is decided once. What a handler does after that (late, cancelled, lost) changes nothing.
 */

export interface ExecutorHooks {
  /** The outcome is fixed. */
  ended(attempt: Attempt, outcome: Outcome): void;
  /** The handler has really returned; `late` when its attempt was over before. */
  returned(attempt: Attempt, late: boolean): void;
  /** The attempt is over, and its handler goes on. */
  stuck(attempt: Attempt, error: Error): void;
  report(error: Error): void;
  /** What the handler returned is not kept. */
  omitted(attempt: Attempt, omitted: OmittedResult): void;
}

const TIMEOUT_GRACE_MS = 5_000;

export class Executor {
  constructor(
    private readonly hooks: ExecutorHooks,
    private readonly graceMs = TIMEOUT_GRACE_MS,
  ) {}

  run(attempt: Attempt): void {
    attempt.startedAt = attempt.heardAt = performance.now();
    const limits = limitsOf(attempt);
    if (limits) this.limit(attempt, limits);
    let returned: unknown;
    try {
      returned = attempt.handler.run(attempt.job);
      if (isThing(returned)) {
        Promise.resolve(returned).then(
          (value) => this.returned(attempt, value),
          (thrown: unknown) => this.threw(attempt, thrown),
        );
        return;
      }
    } catch (thrown) {
      return this.threw(attempt, thrown);
    }
    this.returned(attempt, returned);
  }

  /** What the attempt still waits for is forgotten: it is over, by the host's word. */
  abandon(attempt: Attempt): void {
    attempt.decided = true;
    attempt.timer?.stop();
  }

  private returned(attempt: Attempt, value: unknown): void {
    const late = attempt.decided;
    if (!late) this.end(attempt, this.outcomeOfReturn(attempt, value));
    this.hooks.returned(attempt, late);
  }

  private threw(attempt: Attempt, thrown: unknown): void {
    const late = attempt.decided;
    if (!late) this.end(attempt, this.outcomeOfThrow(attempt, thrown));
    this.hooks.returned(attempt, late);
  }

  private outcomeOfReturn(attempt: Attempt, value: unknown): Outcome {
    const { endReason, verdict } = attempt;
    if (endReason instanceof JobTimeoutError) return { kind: 'failed', error: endReason };
    if (verdict) return { kind: 'verdict', verdict };
    const { text: encoded, omitted } = this.encode(attempt, value);
    if (omitted) this.hooks.omitted(attempt, omitted);
    return { kind: 'completed', result: value, encoded, ...(omitted && { omitted }) };
  }

  private outcomeOfThrow(attempt: Attempt, thrown: unknown): Outcome {
    const { endReason, verdict } = attempt;
    if (endReason instanceof JobTimeoutError) return { kind: 'failed', error: endReason };
    // That of another job is an error like any other.
    if (verdict && causedBy(thrown, JobVerdict)?.jobId === verdict.jobId) {
      return { kind: 'verdict', verdict };
    }
    const error = errorOf(thrown);
    if (endReason instanceof JobCancelledError) return { kind: 'failed', error };
    if (endReason !== undefined) return RELEASED;
    return { kind: this.isFailure(attempt, error) ? 'failed' : 'excused', error };
  }

  private isFailure(attempt: Attempt, error: Error): boolean {
    const { isFailure } = attempt.handler.plan;
    if (!isFailure || isNonRetryable(error)) return true;
    let answer: unknown;
    try {
      answer = isFailure(error, attempt.job);
      if (typeof answer === 'boolean') return answer;
      // An async function is a mistake; its rejection must not end the process.
      if (answer instanceof Promise) answer.catch(() => undefined);
      this.hooks.report(isFailureIsWrong(attempt, 'must answer true or false, and did not'));
    } catch (thrown) {
      const cause = errorOf(thrown);
      this.hooks.report(isFailureIsWrong(attempt, `threw: ${messageOf(cause)}`, { cause }));
    }
    return true;
  }

  private end(attempt: Attempt, outcome: Outcome): void {
    attempt.decided = true;
    attempt.timer?.stop();
    attempt.durationMs = performance.now() - attempt.startedAt;
    this.hooks.ended(attempt, outcome);
  }

  /** Touches move no timer: when it fires it looks how much time is left. */
  private limit(attempt: Attempt, limits: Limits): void {
    const timer = new Timer(() => {
      const { leftMs, error } = nearest(attempt, limits);
      if (leftMs > 0) timer.startIn(leftMs);
      else this.timedOut(attempt, error());
    });
    attempt.timer = timer;
    timer.startIn(nearest(attempt, limits).leftMs);
  }

  private timedOut(attempt: Attempt, error: JobTimeoutError): void {
    attempt.fire(error);
    const { endReason } = attempt;
    // Asked to end before, by the host: it waits for that itself.
    if (endReason !== error && !(endReason instanceof JobCancelledError)) return;
    attempt.timer = new Timer(() => {
      this.end(attempt, { kind: 'failed', error });
      this.hooks.stuck(attempt, error);
    });
    attempt.timer.startIn(this.graceMs);
  }

  private encode(attempt: Attempt, value: unknown): EncodedResult {
    if (value === undefined || leavesNoTrace(attempt)) return NO_RESULT;
    return encodeResult(value, attempt.handler.plan.maxResultBytes);
  }
}

const NO_RESULT: EncodedResult = {};

/** What may be a promise, of whatever making. */
const isThing = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function isFailureIsWrong(
  { record: { id, name } }: Attempt,
  how: string,
  options?: ErrorOptions,
): AgendaError {
  const message = `\`isFailure\` of "${name}" ${how}. The error of job ${id} counts as a failure.`;
  return new AgendaError(message, options);
}

interface Limits {
  readonly timeoutMs: number | undefined;
  readonly lockLifetimeMs: number | undefined;
}

function limitsOf({ record, handler: { plan } }: Attempt): Limits | undefined {
  const timeoutMs = record.overrides?.timeout ?? plan.timeoutMs;
  const { lockLifetimeMs } = plan;
  const isLimited = timeoutMs !== undefined || lockLifetimeMs !== undefined;
  return isLimited ? { timeoutMs, lockLifetimeMs } : undefined;
}

/** The limit that is reached first, unless the handler is heard of meanwhile. */
function nearest(
  { record: { id }, startedAt, heardAt }: Attempt,
  { timeoutMs = Infinity, lockLifetimeMs = Infinity }: Limits,
): { leftMs: number; error: () => JobTimeoutError } {
  const now = performance.now();
  const untilTimeout = startedAt + timeoutMs - now;
  const untilSilent = heardAt + lockLifetimeMs - now;
  return untilTimeout <= untilSilent
    ? { leftMs: untilTimeout, error: () => new JobTimeoutError(id, timeoutMs) }
    : { leftMs: untilSilent, error: () => new JobTimeoutError(id, lockLifetimeMs, 'lockLifetime') };
}
