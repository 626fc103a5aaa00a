import type { NameOverview } from '../../../api/index.js';

/** What the table of names is sorted by. */
export const SORT_KEYS = [
  'name',
  'queued',
  'running',
  'scheduled',
  'failed',
  'dead',
  'completed',
  'latency',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

export interface NameOrder {
  readonly key: SortKey;
  readonly direction: 'ascending' | 'descending';
}

export interface NamePage {
  readonly rows: readonly NameOverview[];
  /** Of those that fit the filter. */
  readonly count: number;
  /** From 1; the last one, when the one asked for is beyond it. */
  readonly page: number;
  readonly pages: number;
}

export const NAMES_PER_PAGE = 50;

/** Those whose name contains each word of the filter, in order, a page of them: all that is ever drawn. */
export function nameRows(
  names: readonly NameOverview[],
  filter: string,
  order: NameOrder,
  page: number,
): NamePage {
  const words = filter.toLowerCase().split(/\s+/);
  const found = names.filter(({ name }) =>
    words.every((word) => name.toLowerCase().includes(word)),
  );
  const sign = order.direction === 'ascending' ? 1 : -1;
  const sorted = found.toSorted(
    (one, other) => sign * compare(one, other, order.key) || compare(one, other, 'name'),
  );
  const pages = Math.max(1, Math.ceil(sorted.length / NAMES_PER_PAGE));
  const shown = Math.min(Math.max(1, page), pages);
  const rows = sorted.slice((shown - 1) * NAMES_PER_PAGE, shown * NAMES_PER_PAGE);
  return { rows, count: sorted.length, page: shown, pages };
}

/** As the address says; by name, where it says nothing that is known. */
export function orderOf(text: string | undefined): NameOrder {
  const key = SORT_KEYS.find((one) => one === text?.replace(/^-/, ''));
  if (key === undefined) return { key: 'name', direction: 'ascending' };
  return { key, direction: text?.startsWith('-') ? 'descending' : 'ascending' };
}

export function textOfOrder({ key, direction }: NameOrder): string {
  if (key === 'name' && direction === 'ascending') return '';
  return direction === 'descending' ? `-${key}` : key;
}

function compare(one: NameOverview, other: NameOverview, key: SortKey): number {
  if (key === 'name') return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
  if (key === 'latency') return one.latencyMs - other.latencyMs;
  return one.counts[key] - other.counts[key];
}
