import type { JobsFilter } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import { textList } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { CancelFilter } from './job-options.js';

const FILTER_KEYS: readonly (keyof CancelFilter)[] = [
  'id',
  'ids',
  'name',
  'names',
  'notNames',
  'data',
];

/** The criteria that are given. @throws InvalidOptionError */
export function filterOf(which: string | CancelFilter): JobsFilter {
  if (typeof which === 'string') return { id: which };
  checkKnownKeys('filter', which, FILTER_KEYS);
  const filter: JobsFilter = {};
  const { id, ids, name, names, notNames, data } = which;
  if (id !== undefined) filter.id = oneText('filter.id', id);
  if (ids !== undefined) filter.ids = [...textList('filter.ids', ids)];
  if (name !== undefined) filter.name = oneText('filter.name', name);
  if (names !== undefined) filter.names = [...textList('filter.names', names)];
  if (notNames !== undefined) filter.notNames = [...textList('filter.notNames', notNames)];
  if (data !== undefined) filter.data = data;
  return filter;
}

function oneText(path: string, value: unknown): string {
  if (typeof value !== 'string') throw new InvalidOptionError(path, value, 'a text');
  return value;
}

/** The ids, when they are all that is asked for. */
export function onlyIds(filter: JobsFilter): readonly string[] | undefined {
  const { id, ids, ...others } = filter;
  if (Object.keys(others).length > 0) return undefined;
  return id !== undefined ? [id] : ids;
}
