import {
  InvalidCursorError,
  InvalidOptionError,
  InvalidScheduleError,
  type FindState,
  type Job,
  type JobScheduler,
} from '../../core/index.js';
import type { ScheduleView, Schedules } from '../api/index.js';
import type { DashboardInstance } from '../dashboard-instance.js';
import type { Redaction } from '../redact/redaction.js';
import { summaryOf } from './job-summary.js';
import { wordsInZone } from './zone-words.js';

/*
 * Recurring jobs stand in one index while they wait, and among all other jobs while they run or wait for a retry. So a
 * walk goes through these states one after another, and picks out what recurs; a page looks at a few pages of jobs at
 * most, and may be short.
 */

const STATES = ['repeating', 'running', 'retrying'] as const satisfies readonly FindState[];
const MOST_SCHEDULES = 100;
const MOST_PAGES = 5;
export const UPCOMING_RUNS = 5;

/** Where a page begins: in which state, and where there. */
interface Place {
  readonly state: number;
  readonly cursor: string | undefined;
}

/** @throws InvalidCursorError */
export async function listSchedules(
  { scheduler }: DashboardInstance,
  cursor: string | undefined,
  redaction: Redaction,
): Promise<Schedules> {
  let place: Place | undefined = placeOf(cursor);
  const jobs = new Map<string, Job>();
  for (let pages = 0; place && pages < MOST_PAGES && jobs.size < MOST_SCHEDULES; pages++) {
    const found = await pageAt(scheduler, place, MOST_SCHEDULES - jobs.size);
    for (const job of found.jobs) if (recurs(job)) jobs.set(job.id, job);
    place = found.next;
  }
  return {
    schedules: Array.from(jobs.values(), (job) => scheduleView(job, redaction)),
    cursor: place ? cursorOf(place) : null,
  };
}

async function pageAt(
  scheduler: JobScheduler,
  { state, cursor }: Place,
  limit: number,
): Promise<{ jobs: readonly Job[]; next: Place | undefined }> {
  const page = await scheduler.find({ state: STATES[state]!, limit, cursor });
  const { jobs } = page;
  if (page.cursor !== undefined) return { jobs, next: { state, cursor: page.cursor } };
  return {
    jobs,
    next: state + 1 < STATES.length ? { state: state + 1, cursor: undefined } : undefined,
  };
}

const recurs = ({ repeatInterval, attrs }: Job): boolean =>
  repeatInterval !== undefined || attrs.repeatAt !== undefined;

function scheduleView(job: Job, redaction: Redaction): ScheduleView {
  const upcoming = upcomingRuns(job);
  return {
    ...summaryOf(job, redaction),
    repeatTimezone: job.repeatTimezone ?? null,
    repeatKey: job.repeatKey ?? null,
    upcoming: upcoming.map((run) => run.toISOString()),
    upcomingInZone: upcoming.map((run) => wordsInZone(run, job.repeatTimezone)),
  };
}

/** A rule that another writer has left is shown, although nobody understands it. */
function upcomingRuns(job: Job): Date[] {
  try {
    return job.upcoming(UPCOMING_RUNS);
  } catch (error) {
    if (error instanceof InvalidScheduleError || error instanceof InvalidOptionError) return [];
    throw error;
  }
}

const cursorOf = ({ state, cursor }: Place): string => `${state}.${cursor ?? ''}`;

function placeOf(text: string | undefined): Place {
  if (text === undefined) return { state: 0, cursor: undefined };
  const [, state, cursor] = /^([0-2])\.(.*)$/.exec(text) ?? [];
  if (state === undefined) throw new InvalidCursorError(text, 'damaged');
  return { state: Number(state), cursor: cursor === '' ? undefined : cursor };
}
