import { selectionOf } from '../core/query/job-selection.js';
import { filterOf as checkedFilter } from '../core/scheduler/job-filter.js';
import { filterOf, isFilter } from './filter-arguments.js';
import { UsageError } from './usage-error.js';

type Filter = ReturnType<typeof filterOf>;

/** Jobs that are named by their ids, or those that a filter means. */
export type MeantJobs =
  | { readonly by: 'id'; readonly ids: readonly string[] }
  | { readonly by: 'filter'; readonly filter: Filter };

/** @throws UsageError for both, for neither, and for a filter that means all jobs: data that is `{}` */
export function meantJobs(
  ids: readonly string[],
  values: Parameters<typeof filterOf>[0],
): MeantJobs {
  const filter = filterOf(values);
  if (ids.length > 0 && isFilter(filter)) throw new UsageError('Say ids or a filter, not both.');
  if (ids.length > 0) return { by: 'id', ids };
  if (selectionOf(checkedFilter(filter))) return { by: 'filter', filter };
  throw new UsageError('Say which jobs: their ids, or a filter (--name, --tag, --data).');
}
