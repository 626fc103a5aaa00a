import type { JobsFilter } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import { selectionOf } from '../query/job-selection.js';
import type { JobFilter } from './job-options.js';

/**
 * The criteria that are given; an id alone is one.
 *
 * @throws InvalidOptionError for an unknown criterion, or a value that cannot be meant
 */
export function filterOf(which: string | JobFilter): JobsFilter {
  if (typeof which === 'string') return { id: which };
  if (typeof which !== 'object' || which === null) {
    throw new InvalidOptionError('filter', which, 'a job id or an object of criteria');
  }
  const given = Object.entries(which).filter(([, value]) => value !== undefined);
  const filter = Object.fromEntries(given) as JobsFilter;
  selectionOf(filter);
  return filter;
}

/** The ids, when they are all that is asked for. */
export function onlyIds(filter: JobsFilter): readonly string[] | undefined {
  const { id, ids, ...others } = filter;
  if (Object.keys(others).length > 0) return undefined;
  return id !== undefined ? [id] : ids;
}
