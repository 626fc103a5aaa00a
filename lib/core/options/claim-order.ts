import type { SortDirection } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import { checkKnownKeys } from './known-keys.js';

/** By what claims order the due jobs of a name: the first key goes first; ties go by insertion. */
export type ClaimSort = Partial<Record<ClaimKey, SortDirection>>;
export type ClaimKey = 'nextRunAt' | 'priority';

/** One key of an order. */
export interface ClaimOrderPart {
  readonly key: ClaimKey;
  readonly descending: boolean;
}

/** A checked {@link ClaimSort}. */
export interface ClaimOrder {
  /** Equal for equal orders: `priority:-1,nextRunAt:1`. */
  readonly text: string;
  readonly parts: readonly ClaimOrderPart[];
}

/** Jobs as an order sees them; instants in ms. */
export type Orderable = { readonly [Key in ClaimKey]: number };

/** What npm `agenda` documents of its Redis backend. */
export const TIME_FIRST: ClaimSort = { nextRunAt: 1, priority: -1 };
/** What users of queues expect. */
export const PRIORITY_FIRST: ClaimSort = { priority: -1, nextRunAt: 1 };

const KEYS: readonly ClaimKey[] = ['nextRunAt', 'priority'];
const DIRECTIONS = new Map<unknown, boolean>([
  [1, false],
  ['asc', false],
  [-1, true],
  ['desc', true],
]);

/** @throws InvalidOptionError for an unknown key or direction, and for an order of nothing */
export function parseClaimSort(sort: ClaimSort): ClaimOrder {
  checkKnownKeys('sort', sort, KEYS);
  const parts = Object.entries(sort)
    .filter(([, direction]) => direction !== undefined)
    .map(([key, direction]) => {
      const descending = DIRECTIONS.get(direction);
      if (descending === undefined) {
        throw new InvalidOptionError(`sort.${key}`, direction, "1, -1, 'asc' or 'desc'");
      }
      return { key: key as ClaimKey, descending };
    });
  if (parts.length === 0) {
    throw new InvalidOptionError('sort', sort, 'an order by nextRunAt, priority or both');
  }
  const text = parts.map(({ key, descending }) => `${key}:${descending ? -1 : 1}`).join(',');
  return { text, parts };
}

/** Below zero when `a` goes first; zero for a tie, which insertion decides. */
export function compareInOrder({ parts }: ClaimOrder, a: Orderable, b: Orderable): number {
  for (const { key, descending } of parts) {
    if (a[key] !== b[key]) return a[key] < b[key] === descending ? 1 : -1;
  }
  return 0;
}
