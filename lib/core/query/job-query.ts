import type { JobsQueryOptions, SortDirection } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import type { JobRecord } from '../job/job-record.js';
import type { JobState } from '../job/job-state.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { dataMatch } from './data-match.js';
import { isInState } from './in-state.js';
import { nameTest, textsOf, type JobSelection } from './job-selection.js';

/** A checked query: which jobs, in which order, and which page of them. */
export interface JobQuery extends JobSelection {
  readonly state: QueryState | undefined;
  readonly includeDisabled: boolean;
  /** As asked; nothing stands for the default. */
  readonly sort: readonly SortPart[];
  readonly skip: number;
  /** `Infinity` for all. */
  readonly limit: number;
}

export type QueryState = JobState | 'paused';
export type SortKey = keyof NonNullable<JobsQueryOptions['sort']>;

export interface SortPart {
  readonly key: SortKey;
  readonly descending: boolean;
}

const OPTION_KEYS: readonly (keyof JobsQueryOptions)[] = [
  'name',
  'names',
  'id',
  'ids',
  'state',
  'search',
  'data',
  'includeDisabled',
  'sort',
  'skip',
  'limit',
];
/** The states a query may ask for. */
export const QUERY_STATES: readonly QueryState[] = [
  'running',
  'scheduled',
  'queued',
  'completed',
  'failed',
  'repeating',
  'paused',
];
const SORT_KEYS: readonly SortKey[] = [
  'nextRunAt',
  'lastRunAt',
  'lastFinishedAt',
  'priority',
  'name',
  'data',
];
const DESCENDING = new Map<unknown, boolean>([
  [1, false],
  ['asc', false],
  [-1, true],
  ['desc', true],
] satisfies [SortDirection, boolean][]);

/** @throws InvalidOptionError for an unknown option, state, sort key or direction, and for a wrong value */
export function parseQuery(options: JobsQueryOptions): JobQuery {
  checkKnownKeys('query', options, OPTION_KEYS);
  const { state, search, data, includeDisabled = true, sort, skip = 0, limit = 0 } = options;
  const most = wholeNumber('query.limit', limit, 0);
  return {
    ids: textsOf('query', 'id', options),
    names: { listed: textsOf('query', 'name', options), accepts: searchOf(search) },
    matchesData: dataMatch('query.data', data),
    state: state === undefined ? undefined : stateOf(state),
    includeDisabled: trueOrFalse('query.includeDisabled', includeDisabled),
    sort: sort === undefined ? [] : sortOf(sort),
    skip: wholeNumber('query.skip', skip, 0),
    limit: most === 0 ? Infinity : most,
  };
}

/** Whether a query means a job as it is at an instant; its id is not looked at. */
export function jobTest(query: JobQuery, now: number): (job: JobRecord) => boolean {
  const { names, state, includeDisabled, matchesData } = query;
  const hasName = nameTest(names);
  return (job) =>
    (hasName?.(job.name) ?? true) &&
    (includeDisabled || !job.disabled) &&
    (state === undefined || isInState(state, job, now)) &&
    (matchesData?.(job.data) ?? true);
}

/** A literal part of the name, in capitals or not. */
function searchOf(search: unknown): ((name: string) => boolean) | undefined {
  if (search === undefined || search === '') return undefined;
  if (typeof search !== 'string') throw new InvalidOptionError('query.search', search, 'a text');
  const part = search.toLowerCase();
  return (name) => name.toLowerCase().includes(part);
}

function stateOf(state: unknown): QueryState {
  const known = QUERY_STATES.find((one) => one === state);
  if (known) return known;
  throw new InvalidOptionError('query.state', state, `one of ${QUERY_STATES.join(', ')}`);
}

function sortOf(sort: object): SortPart[] {
  checkKnownKeys('query.sort', sort, SORT_KEYS);
  return Object.entries(sort)
    .filter(([, direction]) => direction !== undefined)
    .map(([key, direction]) => {
      const descending = DESCENDING.get(direction);
      if (descending === undefined) {
        throw new InvalidOptionError(`query.sort.${key}`, direction, "1, -1, 'asc' or 'desc'");
      }
      return { key: key as SortKey, descending };
    });
}
