import type { JobFilter } from '../core/index.js';
import { jsonArgument } from './data-argument.js';

/** Which jobs, in the form of `parseArgs`; what is given is combined with AND. */
export const FILTER_ARGUMENTS = {
  name: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  data: { type: 'string' },
} as const;

export const FILTER_USAGE = `  --name <name>      of this name; several: of one of them
  --tag <tag>        with this tag; several: with all of them
  --data <json>      whose data has this in it`;

interface FilterValues {
  readonly name?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly data?: string | undefined;
}

/** Nothing where nothing was given. @throws UsageError */
export function filterOf({ name, tag, data }: FilterValues): Omit<JobFilter, 'id' | 'ids'> {
  return {
    ...(name && { names: name }),
    ...(tag && { tags: tag }),
    ...(data !== undefined && { data: jsonArgument('data', data) }),
  };
}

export const isFilter = (filter: object): boolean => Object.keys(filter).length > 0;
