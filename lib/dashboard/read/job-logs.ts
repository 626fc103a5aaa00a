import { JobNotFoundError, type JobScheduler } from '../../core/index.js';
import type { LogPage } from '../api/index.js';
import type { Redaction } from '../redact/redaction.js';
import type { RequestQuery } from './request-query.js';

export const LOG_KEYS = ['limit', 'cursor'] as const;
export const MOST_LINES = 200;
export const LINES_OF_A_PAGE = 100;

/** @throws InvalidOptionError, InvalidCursorError, JobNotFoundError */
export async function readLog(
  scheduler: JobScheduler,
  id: string,
  query: RequestQuery,
  redaction: Redaction,
): Promise<LogPage> {
  const limit = query.count('limit', MOST_LINES, LINES_OF_A_PAGE);
  const page = await scheduler.logs(id, { limit, cursor: query.one('cursor') });
  if (!page) throw new JobNotFoundError(id);
  const { lines, cursor, more } = page;
  return {
    lines: lines.map((line) => redaction.shownLine(line)),
    cursor: cursor ?? null,
    more,
  };
}
