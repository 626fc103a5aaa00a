import { MAX_PAGE, type FindQuery, type FindState } from '../contracts/job-manager.js';
import { InvalidOptionError } from '../errors.js';
import type { JobRecord } from '../job/job-record.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { dataMatch } from './data-match.js';
import { decodeCursor, encodeCursor, type CursorOwner } from './find-cursor.js';
import { isInState } from './in-state.js';
import { compareTexts } from './job-order.js';
import { QUERY_STATES } from './job-query.js';
import { nameTest, tagsOf, tagTest, textsOf } from './job-selection.js';

/** A checked search: which jobs, and from which place on a page of them. */
export interface Search<Place> {
  /** The only names that can be meant, in order; left out: any. */
  readonly names: readonly string[] | undefined;
  readonly state: FindState | undefined;
  /** One at least. Left out: any. */
  readonly tags: readonly string[] | undefined;
  readonly oldestFirst: boolean;
  readonly limit: number;
  /** Where to begin; left out: with the first. */
  readonly place: Place | undefined;
  /** Whether a job as it is at an instant is meant. */
  isMeant(job: JobRecord, now: number): boolean;
  cursorAt(place: Place): string;
}

const QUERY_KEYS: readonly (keyof FindQuery)[] = [
  'names',
  'state',
  'data',
  'tags',
  'oldestFirst',
  'limit',
  'cursor',
];
export const FIND_STATES: readonly FindState[] = [...QUERY_STATES, 'dead', 'retrying'];

/**
 * @param version - of the places of the backend that searches: see `CursorOwner`
 * @throws InvalidOptionError, InvalidCursorError
 */
export function parseSearch<Place>(query: FindQuery, version: string): Search<Place> {
  checkKnownKeys('find', query, QUERY_KEYS);
  const { state, data, oldestFirst = false, limit, cursor } = query;
  const names = textsOf('find', 'name', query)?.toSorted(compareTexts);
  if (state !== undefined) checkState(state);
  trueOrFalse('find.oldestFirst', oldestFirst);
  wholeNumber('find.limit', limit, 1, MAX_PAGE);
  const matchesData = dataMatch('find.data', data);
  const tags = tagsOf('find.tags', query.tags)?.toSorted(compareTexts);
  const hasTags = tagTest(tags);
  const hasName = nameTest({ listed: names, accepts: undefined });
  const filter = JSON.stringify([names, state, matchesData && data, oldestFirst, tags]);
  const owner: CursorOwner = { version, filter };
  return {
    names,
    state,
    tags,
    oldestFirst: oldestFirst && (state === 'completed' || state === 'dead'),
    limit,
    place: cursor === undefined ? undefined : decodeCursor<Place>(owner, cursor),
    isMeant: (job, now) =>
      (hasName?.(job.name) ?? true) &&
      (state === undefined || isInState(state, job, now)) &&
      (hasTags?.(job) ?? true) &&
      (matchesData?.(job.data) ?? true),
    cursorAt: (place) => encodeCursor(owner, place),
  };
}

function checkState(state: unknown): void {
  if (FIND_STATES.some((one) => one === state)) return;
  throw new InvalidOptionError('find.state', state, `one of ${FIND_STATES.join(', ')}`);
}
