import { compileChoice, mergeBackoff, type BackoffChoice } from '../handlers/handler-backoff.js';
import type { JobRecord } from '../job/job-record.js';
import { errorOf } from '../job/thrown.js';
import type { Decided, DecisionContext } from './decision.js';

/*
 * Whether a job that failed has another attempt, and how long it waits for it: by the attempts and the
 * backoff of the job itself, laid over those of its handler.
 */

/** The failures of this occurrence, with that of the attempt under way; a rescued one was nobody's failure. */
export const failuresWith = ({ attempt, rescueCount }: JobRecord): number =>
  Math.max(0, attempt - rescueCount) + 1;

/** How long the job waits after a failure, in ms; `null` when it has had its attempts. */
export function retryWait(attempt: Decided, error: Error, context: DecisionContext): number | null {
  const { record, handler } = attempt;
  const given = record.overrides?.attempts ?? handler.plan.attempts;
  // A function decides alone when to stop, unless attempts are given too.
  const allowed = given ?? (typeof choiceOf(attempt) === 'function' ? Infinity : 1);
  const failures = failuresWith(record);
  if (failures >= allowed) return null;
  const wait = backoffWait(attempt, error, context);
  if (wait !== undefined) return wait;
  return failures < (given ?? 1) ? 0 : null;
}

/** What the backoff says, in ms: `null` is to stop. `undefined` when it cannot be asked, which is reported. */
export function backoffWait(
  attempt: Decided,
  error: Error,
  { now, random, report }: DecisionContext,
): number | null | undefined {
  const { record } = attempt;
  const { name: jobName, data: jobData } = record;
  try {
    const backoff = backoffOf(attempt);
    if (!backoff) return 0;
    return backoff({ attempt: failuresWith(record), error, jobName, jobData, now, random });
  } catch (thrown) {
    report(errorOf(thrown));
    return undefined;
  }
}

const choiceOf = ({ record, handler }: Decided): BackoffChoice | undefined =>
  mergeBackoff(handler.plan.backoffChoice, ownBackoff(record));

const ownBackoff = (record: JobRecord): BackoffChoice | undefined =>
  record.overrides?.backoff as BackoffChoice | undefined;

function backoffOf(attempt: Decided) {
  if (ownBackoff(attempt.record) === undefined) return attempt.handler.plan.backoff;
  const choice = choiceOf(attempt);
  return choice === undefined ? undefined : compileChoice('backoff', choice);
}
