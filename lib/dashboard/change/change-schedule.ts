import { JobNotFoundError, type Job } from '../../core/index.js';
import type { ChangeScheduleBody } from '../api/index.js';

/**
 * Gives a recurring job another rule, as `every` does: its next run is the first one of that rule, and the same rule
 * again moves nothing. Data, key, priority, limits of its dates, and the time zone unless another is given, stay.
 *
 * @returns `ok`; `kept-for-next` when it runs; `unchanged`
 * @throws InvalidScheduleError, JobNotFoundError
 */
export async function changeSchedule(
  job: Job,
  { interval, timezone }: ChangeScheduleBody,
): Promise<string> {
  const zone = timezone ?? job.repeatTimezone;
  const isSame = interval === String(job.repeatInterval) && zone === job.repeatTimezone;
  if (isSame) return 'unchanged';
  const isRunning = job.state === 'running';
  await job.repeatEvery(interval, zone === undefined ? {} : { timezone: zone }).save();
  // To a save a job that was removed meanwhile is no mistake, and brings nothing back.
  if (!(await job.asStored())) throw new JobNotFoundError(job.id);
  return isRunning ? 'kept-for-next' : 'ok';
}
