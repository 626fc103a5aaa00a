import type { Settlement } from '../contracts/job-broker.js';
import { AgendaError, InvalidDataError } from '../errors.js';
import type { HandlerPlan } from '../handlers/handler-plan.js';
import type { Due } from '../job/due.js';
import type { DeathReason, JobRecord } from '../job/job-record.js';
import { isRecurring } from '../job/job-state.js';
import { causedBy, errorOf, failureOf, isNonRetryable } from '../job/thrown.js';
import type { JobVerdict } from '../job/verdict.js';
import { compileRepeatRule } from '../schedule/compile-repeat-rule.js';
import { DateLimits } from '../schedule/date-limits.js';
import type { Attempt } from './attempt.js';
import type { Decided, DecisionContext } from './decision.js';
import type { Outcome } from './outcome.js';
import { backoffWait, retryWait } from './retry-wait.js';

/*
 * What becomes of a job after an attempt: pure, so that the whole of it stands in tables of tests.
 *
 *   completed     one-off: done, and removed if so wished. Recurring: its next occurrence.
 *   failed        while attempts allow: again, after the backoff. Then, or when the error says that
 *                 retrying is pointless: a dead letter; but a recurring job goes on with its next
 *                 occurrence, whose attempts count anew.
 *   verdict       as the handler said. Put off, or stopped with its whole name: not counted. To be tried
 *                 again at a time: a failure, while attempts allow. Discarded: a failure without another.
 *   excused       put off for as long as a retry would be, not counted.
 *   released      back to its place, not counted.
 *
 * Attempts are counted by failures of this occurrence; a rescued attempt was nobody's failure.
 * Every settlement of the host passes an expired lease (`afterExpiry`): whether somebody has taken
 * the job over meanwhile is the store's to judge, and only that makes the work void.
 */

/** How long a job waits whose error is no failure, where its backoff has no wait: at once would be a busy loop. */
const SHORTEST_EXCUSE_MS = 1_000;

export function decide(attempt: Decided, outcome: Outcome, context: DecisionContext): Settlement {
  switch (outcome.kind) {
    case 'completed':
      return complete(attempt, outcome, context);
    case 'failed':
      return fail(attempt, outcome.error, context);
    case 'verdict':
      return carryOut(attempt, outcome.verdict, context);
    case 'excused':
      return excuse(attempt, outcome.error, context);
    case 'released':
      return { kind: 'release', lease: attempt.lease, afterExpiry: true };
  }
}

/** Whether the job is deleted if this attempt succeeds, so that nobody will ask for its result. */
export function leavesNoTrace({ record, handler }: Decided): boolean {
  return !isRecurring(record) && wishesRemoval(record, handler.plan);
}

function complete(
  attempt: Decided,
  { encoded, omitted }: Extract<Outcome, { kind: 'completed' }>,
  context: DecisionContext,
): Settlement {
  const { record, lease, handler } = attempt;
  let nextRunAt: number | null = null;
  if (isRecurring(record)) {
    try {
      nextRunAt = nextOccurrence(record, context.now);
    } catch (thrown) {
      return bury(attempt, ruleIsBroken(thrown, context), 'unrecoverable');
    }
  }
  const settlement: Mutable<Extract<Settlement, { kind: 'completed' }>> = {
    kind: 'completed',
    lease,
    afterExpiry: true,
  };
  if (encoded !== undefined) settlement.result = encoded;
  if (omitted) settlement.omitted = omitted;
  if (nextRunAt !== null) {
    settlement.nextRunAt = nextRunAt;
  } else if (wishesRemoval(record, handler.plan)) {
    settlement.remove = true;
  }
  return settlement;
}

function fail(attempt: Decided, error: Error, context: DecisionContext): Settlement {
  if (isNonRetryable(error)) return giveUp(attempt, error, whyNoRetry(attempt, error), context);
  const delayMs = retryWait(attempt, error, context);
  return retry(attempt, error, delayMs === null ? null : { delayMs }, context);
}

/** Data of another job, which its handler could not add, is no fault of its own data. */
function whyNoRetry({ record }: Decided, error: Error): DeathReason {
  const ofItsData = causedBy(error, InvalidDataError)?.jobName === record.name;
  return ofItsData ? 'invalid-data' : 'unrecoverable';
}

/** @param due - `null` when it has had its attempts */
function retry(
  attempt: Decided,
  error: Error,
  due: Due | null,
  context: DecisionContext,
): Settlement {
  const { record, lease } = attempt;
  const allowed = due && withinLimits(record, due, context.now);
  if (!allowed) return giveUp(attempt, error, 'exhausted', context);
  return { kind: 'retry', lease, afterExpiry: true, failure: failureOf(error), due: allowed };
}

/** What the handler has decided itself. */
function carryOut(attempt: Decided, verdict: JobVerdict, context: DecisionContext): Settlement {
  const { wish, failure } = verdict;
  switch (wish.kind) {
    case 'discard':
      return giveUp(attempt, failure, 'discarded', context);
    case 'retry': {
      // Whether there is another attempt is said as ever; when it comes, the handler says.
      const mayRetry = retryWait(attempt, failure, context) !== null;
      const due = wish.at > context.now ? { at: wish.at } : { delayMs: 0 };
      return retry(attempt, failure, mayRetry ? due : null, context);
    }
    case 'throttle': {
      const { lease } = attempt;
      return { kind: 'throttle', lease, afterExpiry: true, forMs: wish.forMs };
    }
    case 'snooze': {
      if (attempt.record.snoozeCount < wish.max) return snooze(attempt, wish, failure, context);
      const message = `Put off ${wish.max} times, which is all that \`max\` of its snooze allows.`;
      return giveUp(attempt, new AgendaError(message), 'exhausted', context);
    }
  }
}

/** An error that is no failure: it waits as if it were one, and is not counted. */
function excuse(attempt: Decided, error: Error, context: DecisionContext): Settlement {
  const delayMs = backoffWait(attempt, error, context) || SHORTEST_EXCUSE_MS;
  return snooze(attempt, { delayMs }, error, context);
}

/** @param error - why it ends, if the limits of its dates leave no time for another run */
function snooze(
  attempt: Decided,
  { delayMs }: { readonly delayMs: number },
  error: Error,
  context: DecisionContext,
): Settlement {
  const due = withinLimits(attempt.record, { delayMs }, context.now);
  if (!due) return giveUp(attempt, error, 'exhausted', context);
  return { kind: 'snooze', lease: attempt.lease, afterExpiry: true, due };
}

/**
 * What becomes of a recurring job that is claimed too late for its occurrence, under a rule that does
 * not make up for missed ones: on to the next one, or done when there is none. `undefined`: it runs.
 */
export function passedOver(
  { record, lease }: Pick<Attempt, 'record' | 'lease'>,
  now: number,
): Settlement | undefined {
  const { repeat, nextRunAt, attempt, occurrenceAt } = record;
  if (repeat?.catchUp !== 'skip' || nextRunAt === null) return undefined;
  // Retries belong to an occurrence that was taken up in time.
  if (attempt > 0 || occurrenceAt !== null) return undefined;
  let due: number | null;
  try {
    due = compileRepeatRule(repeat, record.name).due({ planned: nextRunAt, now });
  } catch {
    // A rule that is not understood is reported when this run is settled.
    return undefined;
  }
  if (due === null) return { kind: 'completed', lease, afterExpiry: true };
  return due > now ? { kind: 'skip', lease, afterExpiry: true, nextRunAt: due } : undefined;
}

/** No more attempts: a dead letter, or for a recurring job its next occurrence. */
export function giveUp(
  attempt: Decided,
  error: Error,
  reason: DeathReason,
  context: DecisionContext,
): Settlement {
  const { record, lease } = attempt;
  if (!isRecurring(record)) {
    const buried = bury(attempt, error, reason);
    return wishesRemovalOfDead(record, attempt.handler.plan) ? { ...buried, remove: true } : buried;
  }
  try {
    const at = nextOccurrence(record, context.now);
    if (at === null) return bury(attempt, error, reason);
    const failure = failureOf(error);
    return { kind: 'retry', lease, afterExpiry: true, failure, due: { at }, fresh: true };
  } catch (thrown) {
    ruleIsBroken(thrown, context);
    return bury(attempt, error, reason);
  }
}

/** A dead letter, whatever the job's rule says. */
export function bury(
  { lease }: Pick<Decided, 'lease'>,
  error: Error,
  reason: DeathReason,
): Extract<Settlement, { kind: 'bury' }> {
  return { kind: 'bury', lease, afterExpiry: true, reason, failure: failureOf(error, reason) };
}

/** Limits of a job's dates hold for its retries too; a retry that they forbid is no attempt left. */
function withinLimits({ repeat }: JobRecord, due: Due, now: number): Due | null {
  if (!repeat || (!repeat.startDate && !repeat.endDate && !repeat.skipDays)) return due;
  const wished = 'at' in due ? due.at : now + due.delayMs;
  const allowed = DateLimits.unchecked(repeat).apply(wished);
  if (allowed === null) return null;
  return allowed === wished ? due : { at: allowed };
}

function nextOccurrence(record: JobRecord, now: number): number | null {
  const started = record.lockedAt ?? now;
  const planned = record.occurrenceAt ?? record.nextRunAt ?? started;
  // Run by hand before its time: that occurrence still stands.
  if (planned > started) return planned;
  return compileRepeatRule(record.repeat!, record.name).next({ planned, started, now });
}

/** A rule of an older version or a foreign writer that is not understood. */
function ruleIsBroken(thrown: unknown, context: DecisionContext): Error {
  const error = errorOf(thrown);
  context.report(error);
  return error;
}

const wishesRemovalOfDead = (record: JobRecord, plan: HandlerPlan): boolean =>
  record.overrides?.removeOnFail ?? plan.removeOnFail;

const wishesRemoval = (record: JobRecord, plan: HandlerPlan): boolean =>
  record.overrides?.removeOnComplete ?? plan.removeOnComplete;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
