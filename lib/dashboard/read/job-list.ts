import { InvalidOptionError, type FindOptions } from '../../core/index.js';
import type { JobPage } from '../api/index.js';
import type { DashboardInstance } from '../dashboard-instance.js';
import type { Redaction } from '../redact/redaction.js';
import { summaryOf } from './job-summary.js';
import type { RequestQuery } from './request-query.js';

export const JOB_LIST_KEYS = ['name', 'state', 'id', 'tag', 'data', 'limit', 'cursor'] as const;
export const MOST_JOBS = 200;
export const JOBS_OF_A_PAGE = 50;

/** @throws InvalidOptionError, InvalidCursorError */
export async function listJobs(
  { scheduler }: DashboardInstance,
  query: RequestQuery,
  redaction: Redaction,
): Promise<JobPage> {
  const id = query.one('id');
  if (id !== undefined) {
    for (const other of ['name', 'state', 'tag', 'data', 'cursor'] as const) {
      if (query.many(other)) {
        throw new InvalidOptionError(
          `query.${other}`,
          query.many(other),
          'left out beside an `id`',
        );
      }
    }
    const job = await scheduler.get(id);
    return { jobs: job ? [summaryOf(job, redaction)] : [], cursor: null };
  }
  const { jobs, cursor } = await scheduler.find(findOptions(query, redaction));
  return { jobs: jobs.map((job) => summaryOf(job, redaction)), cursor: cursor ?? null };
}

function findOptions(query: RequestQuery, redaction: Redaction): FindOptions<string> {
  const names = query.many('name');
  // The scheduler says which ones there are.
  const state = query.one('state') as FindOptions['state'];
  const tags = query.many('tag');
  const data = query.json('data');
  const cursor = query.one('cursor');
  redaction.refuseSearch(data);
  return {
    limit: query.count('limit', MOST_JOBS, JOBS_OF_A_PAGE),
    ...(names && { names }),
    ...(state !== undefined && { state }),
    ...(tags && { tags }),
    ...(data !== undefined && { data }),
    ...(cursor !== undefined && { cursor }),
  };
}
