import type { ListState } from '../../../api/index.js';
import type { Query } from '../../api-client.js';
import { searchOf, type Search } from './search.js';

export const LIST_STATES: readonly ListState[] = [
  'queued',
  'running',
  'scheduled',
  'repeating',
  'paused',
  'retrying',
  'failed',
  'dead',
  'completed',
];

/** What the address of the list says. */
export interface JobsQuery {
  readonly state: ListState | null;
  readonly name: string;
  readonly search: Search;
  readonly cursor: string;
}

export function jobsQueryOf(query: Readonly<Record<string, string>>): JobsQuery {
  return {
    state: LIST_STATES.find((state) => state === query['state']) ?? null,
    name: query['name'] ?? '',
    search: searchOf(query['q'] ?? ''),
    cursor: query['cursor'] ?? '',
  };
}

/** How the server is asked for it; null while the search is not clear. An id is looked for everywhere. */
export function apiQueryOf({ state, name, search, cursor }: JobsQuery): Query | null {
  const place = { state, name, cursor };
  switch (search.kind) {
    case 'none':
      return place;
    case 'id':
      return { id: search.id };
    case 'tags':
      return { ...place, tag: search.tags };
    case 'data':
      return { ...place, tag: search.tags, data: search.data };
    case 'unclear':
      return null;
  }
}
