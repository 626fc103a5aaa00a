import { JobManager, MAX_PAGE } from '../contracts/job-manager.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { JobRecord } from '../job/job-record.js';
import type { Job } from '../job/job.js';
import type { EveryOptions } from './job-options.js';
import type { JobScheduler } from './job-scheduler.js';
import { makeRecurring } from './recurring.js';

/*
 * Schedules whose rules stand in the code. Each is stored with its place there, so that one whose rule was taken out of
 * the code can be told from one that was added by a call: nobody else would ever end it.
 */

export interface DeclaredSchedule {
  readonly interval: string | number;
  readonly jobName: string;
  readonly data?: unknown;
  readonly options: EveryOptions;
  /** Where the rule stands in the code, such as `Reports.nightly`. */
  readonly origin: string;
}

/** One that is stored, and no longer declared. */
export interface GoneSchedule {
  readonly id: string;
  readonly jobName: string;
  readonly key: string | undefined;
  readonly rule: string | number | undefined;
  readonly origin: string;
  /** Whether this process runs its jobs. If not, no living process does. */
  readonly isWorked: boolean;
}

/** So many recurring jobs are looked at, at most. */
export const MOST_LOOKED_AT = 1_000;

/**
 * As `every`, with its place in the code. Unchanged it moves nothing.
 *
 * @throws InvalidScheduleError, InvalidOptionError
 */
export function declareSchedule(
  scheduler: Pick<JobScheduler, 'create'>,
  { interval, jobName, data, options, origin }: DeclaredSchedule,
): Promise<Job> {
  const job = scheduler.create(jobName, data);
  makeRecurring(job, interval, options);
  job.attrs.repeatOrigin = origin;
  return job.save();
}

/** Whether the backend keeps where rules stand. */
export const keepsOrigins = (manager: JobManager): boolean =>
  manager.find !== JobManager.prototype.find;

/**
 * Looks for schedules that wait for their next run and whose rule has gone from the code: those of the names this
 * process runs, and of names that no living process runs.
 */
export async function goneSchedules(
  manager: JobManager,
  handlers: Pick<HandlerRegistry, 'workedNames'>,
  declared: readonly Pick<DeclaredSchedule, 'jobName' | 'options'>[],
): Promise<GoneSchedule[]> {
  if (!keepsOrigins(manager)) return [];
  const known = new Set(declared.map(({ jobName, options }) => ruleId(jobName, options.key)));
  const worked = new Set(handlers.workedNames());
  const gone: GoneSchedule[] = [];
  for await (const { id, name: jobName, repeat, repeatOrigin } of recurringJobs(manager, worked)) {
    const key = repeat?.key;
    if (repeatOrigin === undefined || known.has(ruleId(jobName, key))) continue;
    const rule = repeat?.interval;
    gone.push({ id, jobName, key, rule, origin: repeatOrigin, isWorked: worked.has(jobName) });
  }
  return gone;
}

const ruleId = (jobName: string, key: string | undefined): string => JSON.stringify([jobName, key]);

async function* recurringJobs(
  manager: JobManager,
  worked: ReadonlySet<string>,
): AsyncGenerator<JobRecord> {
  let lookedAt = 0;
  for (const name of await namesToLookAt(manager, worked)) {
    let cursor: string | undefined;
    do {
      const page = await manager.find({
        names: [name],
        state: 'repeating',
        limit: MAX_PAGE,
        ...(cursor !== undefined && { cursor }),
      });
      yield* page.jobs;
      lookedAt += page.jobs.length;
      cursor = page.cursor;
    } while (cursor !== undefined && lookedAt < MOST_LOOKED_AT);
    if (lookedAt >= MOST_LOOKED_AT) return;
  }
}

async function namesToLookAt(manager: JobManager, worked: ReadonlySet<string>): Promise<string[]> {
  const counts = await manager.counts();
  const recurring = [...counts].filter(([, { repeating }]) => repeating > 0).map(([name]) => name);
  const strange = recurring.filter((name) => !worked.has(name));
  if (strange.length === 0) return recurring;
  const living = new Set(
    (await manager.hosts()).flatMap(({ names }) => names.map(({ name }) => name)),
  );
  return recurring.filter((name) => worked.has(name) || !living.has(name));
}
