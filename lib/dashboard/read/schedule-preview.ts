import { compileRepeatRule, InvalidOptionError } from '../../core/index.js';
import type { SchedulePreview } from '../api/index.js';
import type { RequestQuery } from './request-query.js';
import { UPCOMING_RUNS } from './schedules.js';
import { wordsInZone } from './zone-words.js';

export const PREVIEW_KEYS = ['interval', 'timezone'] as const;

/** When a rule would run that a recurring job is given now. @throws InvalidOptionError, InvalidScheduleError */
export function previewSchedule(query: RequestQuery, now: number): SchedulePreview {
  const interval = query.one('interval');
  const timezone = query.one('timezone');
  if (interval === undefined || interval === '') {
    throw new InvalidOptionError(
      'query.interval',
      interval,
      "an interval or a cron rule: '5 minutes'",
    );
  }
  // What `H` in a cron rule comes to depends on the job's name, which is not known here.
  const rule = compileRepeatRule({ interval, timezone: timezone ?? null }, '');
  const runs: Date[] = [];
  for (let at = rule.first(now); at !== null && runs.length < UPCOMING_RUNS;) {
    runs.push(new Date(at));
    at = rule.next({ planned: at, started: at, now: at });
  }
  return {
    upcoming: runs.map((run) => run.toISOString()),
    upcomingInZone: runs.map((run) => wordsInZone(run, timezone)),
  };
}
