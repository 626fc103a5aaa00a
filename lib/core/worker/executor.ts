import { JobTimeoutError } from '../errors.js';
import { encodeData } from '../job/job-data.js';
import { errorOf } from '../job/thrown.js';
import type { Attempt } from './attempt.js';
import { leavesNoTrace } from './decide.js';
import { type Outcome, RELEASED } from './outcome.js';
import { Timer } from './timer.js';

/*
 * Runs one attempt and says how it came out.
 *
 *   the handler            and the host had asked it to end    outcome
 *   returns                no, or because its lease ran out    completed
 *   throws                 no                                  failed
 *   throws                 lease at its end, shutdown          released: not the handler's fault
 *   returns or throws      its time was up                     failed, with the timeout as its error
 *   neither                its time was up, and the grace      failed; `stuck`; its slot stays taken
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
}

/** The most bytes of JSON that are kept of what a handler returned. */
export const MAX_RESULT_BYTES = 64 * 1024;
const TIMEOUT_GRACE_MS = 5_000;

export class Executor {
  constructor(
    private readonly hooks: ExecutorHooks,
    private readonly graceMs = TIMEOUT_GRACE_MS,
  ) {}

  run(attempt: Attempt): void {
    const timeoutMs = attempt.record.overrides?.timeout ?? attempt.handler.plan.timeoutMs;
    if (timeoutMs !== undefined) this.limit(attempt, timeoutMs);
    attempt.startedAt = performance.now();
    try {
      const returned = attempt.handler.run(attempt.job);
      if (typeof returned === 'object' && returned !== null) {
        Promise.resolve(returned).then(
          (value) => this.returned(attempt, value),
          (thrown: unknown) => this.threw(attempt, thrown),
        );
        return;
      }
      this.returned(attempt, returned);
    } catch (thrown) {
      this.threw(attempt, thrown);
    }
  }

  /** What the attempt still waits for is forgotten: it is over, by the host's word. */
  abandon(attempt: Attempt): void {
    attempt.decided = true;
    attempt.timer?.stop();
  }

  private returned(attempt: Attempt, value: unknown): void {
    const late = attempt.decided;
    if (!late) {
      const { endReason } = attempt;
      const timedOut = endReason instanceof JobTimeoutError;
      const outcome: Outcome = timedOut
        ? { kind: 'failed', error: endReason }
        : { kind: 'completed', result: value, encoded: this.encode(attempt, value) };
      this.end(attempt, outcome);
    }
    this.hooks.returned(attempt, late);
  }

  private threw(attempt: Attempt, thrown: unknown): void {
    const late = attempt.decided;
    if (!late) {
      const { endReason } = attempt;
      if (endReason === undefined) this.end(attempt, { kind: 'failed', error: errorOf(thrown) });
      else if (endReason instanceof JobTimeoutError) {
        this.end(attempt, { kind: 'failed', error: endReason });
      } else this.end(attempt, RELEASED);
    }
    this.hooks.returned(attempt, late);
  }

  private end(attempt: Attempt, outcome: Outcome): void {
    attempt.decided = true;
    attempt.timer?.stop();
    attempt.durationMs = performance.now() - attempt.startedAt;
    this.hooks.ended(attempt, outcome);
  }

  private limit(attempt: Attempt, timeoutMs: number): void {
    const error = () => new JobTimeoutError(attempt.record.id, timeoutMs);
    attempt.timer = new Timer(() => this.timedOut(attempt, error()));
    attempt.timer.startIn(timeoutMs);
  }

  private timedOut(attempt: Attempt, error: JobTimeoutError): void {
    attempt.fire(error);
    // Asked to end before, for another reason: whoever asked waits for it.
    if (attempt.endReason !== error) return;
    attempt.timer = new Timer(() => {
      this.end(attempt, { kind: 'failed', error });
      this.hooks.stuck(attempt, error);
    });
    attempt.timer.startIn(this.graceMs);
  }

  private encode(attempt: Attempt, value: unknown): string | undefined {
    if (value === undefined || leavesNoTrace(attempt)) return undefined;
    try {
      return encodeData(value, MAX_RESULT_BYTES, 'result');
    } catch (thrown) {
      const { id, name } = attempt.record;
      const cause = errorOf(thrown);
      const message = `The result of job ${id} ("${name}") is not kept: ${cause.message}`;
      this.hooks.report(new Error(message, { cause }));
      return undefined;
    }
  }
}
