import type { Settlement } from '../contracts/job-broker.js';
import type { HandlerPlan } from '../handlers/handler-plan.js';
import { compileChoice, mergeBackoff, type BackoffChoice } from '../handlers/handler-backoff.js';
import type { DeathReason, JobRecord } from '../job/job-record.js';
import { errorOf, failureOf, isNonRetryable } from '../job/thrown.js';
import { compileRepeatRule } from '../schedule/compile-repeat-rule.js';
import { DateLimits } from '../schedule/date-limits.js';
import type { Attempt } from './attempt.js';
import type { Outcome } from './outcome.js';

/*
 * What becomes of a job after an attempt: pure, so that the whole of it stands in tables of tests.
 *
 *   completed     one-off: done, and removed if so wished. Recurring: its next occurrence.
 *   failed        while attempts allow: again, after the backoff. Then, or when the error says that
 *                 retrying is pointless: a dead letter; but a recurring job goes on with its next
 *                 occurrence, whose attempts count anew.
 *   released      back to its place, not counted.
 *
 * Attempts are counted by failures of this occurrence; a rescued attempt was nobody's failure.
 * Every settlement of the host passes an expired lease (`afterExpiry`): whether somebody has taken
 * the job over meanwhile is the store's to judge, and only that makes the work void.
 */

/** What a decision may look at beside the attempt. */
export interface DecisionContext {
  /** By the backend's clock. */
  readonly now: number;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  /** Takes mistakes that do not decide: a backoff function that threw. */
  readonly report: (error: Error) => void;
}

export type Decided = Pick<Attempt, 'record' | 'lease'> & {
  readonly handler: { readonly plan: HandlerPlan };
};

export function decide(attempt: Decided, outcome: Outcome, context: DecisionContext): Settlement {
  switch (outcome.kind) {
    case 'completed':
      return complete(attempt, outcome.encoded, context);
    case 'failed':
      return fail(attempt, outcome.error, context);
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
  result: string | undefined,
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
  if (result !== undefined) settlement.result = result;
  if (nextRunAt !== null) {
    settlement.nextRunAt = nextRunAt;
  } else if (wishesRemoval(record, handler.plan)) {
    settlement.remove = true;
  }
  return settlement;
}

function fail(attempt: Decided, error: Error, context: DecisionContext): Settlement {
  if (isNonRetryable(error)) return giveUp(attempt, error, 'unrecoverable', context);
  const due = retryDue(attempt, error, context);
  if (due === null) return giveUp(attempt, error, 'exhausted', context);
  return {
    kind: 'retry',
    lease: attempt.lease,
    afterExpiry: true,
    failure: failureOf(error),
    due,
  };
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
function giveUp(
  attempt: Decided,
  error: Error,
  reason: DeathReason,
  context: DecisionContext,
): Settlement {
  const { record, lease } = attempt;
  if (!isRecurring(record)) return bury(attempt, error, reason);
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

function bury({ lease }: Decided, error: Error, reason: DeathReason): Settlement {
  return { kind: 'bury', lease, afterExpiry: true, reason, failure: failureOf(error, reason) };
}

/** The failures of this occurrence, with that of the attempt under way; a rescued one was nobody's failure. */
export const failuresWith = ({ attempt, rescueCount }: JobRecord): number =>
  Math.max(0, attempt - rescueCount) + 1;

type Due = { readonly delayMs: number } | { readonly at: number };

/** When the job runs again after a failure; `null` when it has had its attempts. */
function retryDue(attempt: Decided, error: Error, context: DecisionContext): Due | null {
  const { record, handler } = attempt;
  const choice = mergeBackoff(handler.plan.backoffChoice, ownBackoff(record));
  const given = record.overrides?.attempts ?? handler.plan.attempts;
  // A function decides alone when to stop, unless attempts are given too.
  const allowed = given ?? (typeof choice === 'function' ? Infinity : 1);
  const failures = failuresWith(record);
  if (failures >= allowed) return null;
  try {
    const wait = backoffOf(
      attempt,
      choice,
    )?.({
      attempt: failures,
      error,
      jobName: record.name,
      jobData: record.data,
      now: context.now,
      random: context.random,
    });
    return wait === null ? null : withinLimits(record, wait ?? 0, context.now);
  } catch (thrown) {
    context.report(errorOf(thrown));
    return failures < (given ?? 1) ? withinLimits(record, 0, context.now) : null;
  }
}

const ownBackoff = (record: JobRecord): BackoffChoice | undefined =>
  record.overrides?.backoff as BackoffChoice | undefined;

function backoffOf({ record, handler }: Decided, choice: BackoffChoice | undefined) {
  if (ownBackoff(record) === undefined) return handler.plan.backoff;
  return choice === undefined ? undefined : compileChoice('backoff', choice);
}

/** Limits of a job's dates hold for its retries too; a retry that they forbid is no attempt left. */
function withinLimits({ repeat }: JobRecord, delayMs: number, now: number): Due | null {
  if (!repeat || (!repeat.startDate && !repeat.endDate && !repeat.skipDays)) return { delayMs };
  const allowed = DateLimits.unchecked(repeat).apply(now + delayMs);
  if (allowed === null) return null;
  return allowed === now + delayMs ? { delayMs } : { at: allowed };
}

const isRecurring = ({ repeat }: JobRecord): boolean =>
  repeat !== null && (repeat.interval !== undefined || repeat.at !== undefined);

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

const wishesRemoval = (record: JobRecord, plan: HandlerPlan): boolean =>
  record.overrides?.removeOnComplete ?? plan.removeOnComplete;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
