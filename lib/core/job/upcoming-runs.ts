import { compileRepeatRule } from '../schedule/compile-repeat-rule.js';
import type { JobRecord } from './job-record.js';
import { isRecurring } from './job-state.js';

/** A run to come: when, and for which occurrence of its rule. A retry or a hand may have moved the one off the other. */
interface Run {
  readonly at: number;
  readonly planned: number;
}

/**
 * When a recurring job runs next, if each run begins in time; none of one that is disabled, or has ended. What it is
 * running now is not among them.
 *
 * @throws InvalidScheduleError for a rule of another writer that is not understood
 */
export function upcomingRuns(record: JobRecord, now: number, most: number): number[] {
  if (!isRecurring(record) || record.disabled) return [];
  const rule = compileRepeatRule(record.repeat!, record.name);
  const following = (planned: number, started: number): Run | undefined => {
    // Run by hand before its time: that occurrence still stands.
    const at =
      planned > started ? planned : rule.next({ planned, started, now: Math.max(started, now) });
    return at === null ? undefined : { at, planned: at };
  };
  const runs: number[] = [];
  for (let run = firstRun(); run && runs.length < most;) {
    runs.push(run.at);
    run = following(run.planned, Math.max(run.at, now));
  }
  return runs;

  function firstRun(): Run | undefined {
    const { lockedAt, nextRunAt, occurrenceAt } = record;
    if (lockedAt !== null) return following(occurrenceAt ?? nextRunAt ?? lockedAt, lockedAt);
    if (nextRunAt === null) return undefined;
    if (occurrenceAt !== null || nextRunAt > now) {
      return { at: nextRunAt, planned: occurrenceAt ?? nextRunAt };
    }
    const due = rule.due({ planned: nextRunAt, now });
    return due === null ? undefined : { at: due, planned: due };
  }
}
