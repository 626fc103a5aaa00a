import type { JobsFilter } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import type { JobRecord } from '../job/job-record.js';
import { MAX_TAGS } from '../job/tags.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { dataMatch, type DataMatch } from './data-match.js';

/** Which jobs are meant, of checked criteria: those that all of them hold for. */
export interface JobSelection {
  /** The only jobs that can be meant, each once; left out: any. */
  readonly ids: readonly string[] | undefined;
  readonly names: NameSelection;
  readonly matchesData: DataMatch | undefined;
  /** Jobs that have all of these; left out: any. */
  readonly tags?: readonly string[] | undefined;
}

export interface NameSelection {
  /** The only names that can be meant, each once; left out: any. */
  readonly listed: readonly string[] | undefined;
  /** Left out: all of them are meant. */
  readonly accepts: ((name: string) => boolean) | undefined;
}

export const FILTER_KEYS: readonly (keyof JobsFilter)[] = [
  'id',
  'ids',
  'name',
  'names',
  'notNames',
  'data',
  'tags',
];

/**
 * The jobs that a filter means; `undefined` when it has no criterion, which means none.
 *
 * @throws InvalidOptionError
 */
export function selectionOf(filter: JobsFilter): JobSelection | undefined {
  checkKnownKeys('filter', filter, FILTER_KEYS);
  const ids = textsOf('filter', 'id', filter);
  const listed = textsOf('filter', 'name', filter);
  const notNames = listed === undefined ? manyTexts('filter.notNames', filter.notNames) : undefined;
  const excluded = new Set(notNames);
  const matchesData = dataMatch('filter.data', filter.data);
  const tags = tagsOf('filter.tags', filter.tags);
  if (!ids && !listed && excluded.size === 0 && !matchesData && !tags) return undefined;
  const accepts = excluded.size === 0 ? undefined : (name: string) => !excluded.has(name);
  return { ids, names: { listed, accepts }, matchesData, tags };
}

/** What is asked for, each once; `undefined` when none is. @throws InvalidOptionError */
export function tagsOf(path: string, value: unknown): readonly string[] | undefined {
  const tags = manyTexts(path, value);
  if (tags && tags.length > MAX_TAGS) {
    throw new InvalidOptionError(path, tags.length, `a list of at most ${MAX_TAGS} tags`);
  }
  return tags && tags.length > 0 ? tags : undefined;
}

/** Whether a job has all of the tags; `undefined` when none is asked for. */
export function tagTest(
  tags: readonly string[] | undefined,
): ((job: Pick<JobRecord, 'tags'>) => boolean) | undefined {
  return tags && ((job) => tags.every((tag) => job.tags?.includes(tag)));
}

/** Whether a name is meant; `undefined` when all are. */
export function nameTest({
  listed,
  accepts,
}: NameSelection): ((name: string) => boolean) | undefined {
  if (listed === undefined) return accepts;
  const known = new Set(listed);
  return accepts ? (name) => known.has(name) && accepts(name) : (name) => known.has(name);
}

/** What is given as one (`id`), or else as a list (`ids`), each once; `undefined` when neither is. */
export function textsOf<One extends string>(
  path: string,
  one: One,
  given: { readonly [Key in One | `${One}s`]?: unknown },
): readonly string[] | undefined {
  const single = given[one] as unknown;
  if (single === undefined) return manyTexts(`${path}.${one}s`, given[`${one}s`]);
  if (typeof single !== 'string') throw new InvalidOptionError(`${path}.${one}`, single, 'a text');
  return [single];
}

function manyTexts(path: string, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
    throw new InvalidOptionError(path, value, 'a list of texts');
  }
  return [...new Set(value as string[])];
}
