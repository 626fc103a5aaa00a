import type { JobParameters } from '../contracts/job-parameters.js';
import type { JobRepository } from '../contracts/job-repository.js';
import { ruleOf } from '../job/job-row.js';

/**
 * A recurring job to be saved, with the time and the `disabled` of the one in place if its rule is the
 * same: a process that starts moves nothing, least of all a run that is due. Foreign stores do that in
 * part only. Between the look and the save another process may save too: the later one counts.
 */
export async function keepingItsTime<Data>(
  row: JobParameters<Data>,
  repository: JobRepository,
): Promise<JobParameters<Data>> {
  if (row.type !== 'single' || row._id !== undefined || row.nextRunAt === null) return row;
  const { jobs } = await repository.queryJobs({ name: row.name });
  const inPlace = jobs.find(({ type }) => type === 'single');
  if (!inPlace?.nextRunAt || ruleText(inPlace) !== ruleText(row)) return row;
  return {
    ...row,
    nextRunAt: inPlace.nextRunAt,
    disabled: row.disabled ?? inPlace.disabled,
  };
}

/** Stores may give a number back as text. */
function ruleText(row: JobParameters): string {
  const rule = ruleOf(row);
  const interval = rule?.interval;
  return JSON.stringify({ ...rule, interval: interval === undefined ? undefined : `${interval}` });
}
