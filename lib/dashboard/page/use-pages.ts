import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiFailure, asFailure } from './api-client.js';
import { useAsking } from './use-asking.js';

interface Page<Item> {
  readonly items: readonly Item[];
  /** Of the page behind it; null for none. */
  readonly cursor: string | null;
}

interface Identified {
  readonly id: string;
}

type PageAt<Item> = (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>;

/** A list that grows page by page. */
export interface Pages<Item> {
  /** Null before the first answer. */
  readonly items: readonly Item[] | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  /** Of the newest request; null when it succeeded. */
  readonly failure: ApiFailure | null;
  readonly loadMore: () => void;
  /** Asks again for as many pages as are shown. */
  readonly reload: () => void;
}

/** @param pageAt - another one is another list */
export function usePages<Item extends Identified>(pageAt: PageAt<Item>): Pages<Item> {
  const [loaded, setLoaded] = useState<{ of: PageAt<Item>; page: Page<Item> } | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const count = useRef(1);
  useEffect(() => {
    count.current = 1;
  }, [pageAt]);

  const ask = useCallback(
    async (signal: AbortSignal) => {
      try {
        const page = await together((cursor) => pageAt(cursor, signal), count.current);
        if (signal.aborted) return;
        setLoaded({ of: pageAt, page });
        setFailure(null);
      } catch (error) {
        if (!signal.aborted) setFailure(asFailure(error));
      }
    },
    [pageAt],
  );
  const { isLoading, reload } = useAsking(ask);
  const page = loaded?.of === pageAt ? loaded.page : null;
  return {
    items: page?.items ?? null,
    hasMore: page !== null && page.cursor !== null,
    isLoading,
    failure,
    loadMore: () => {
      count.current += 1;
      reload();
    },
    reload,
  };
}

/** So many pages in one; what has moved from one to the next meanwhile is there once. */
async function together<Item extends Identified>(
  pageAt: (cursor: string | null) => Promise<Page<Item>>,
  count: number,
): Promise<Page<Item>> {
  const items = new Map<string, Item>();
  let cursor: string | null = null;
  for (let left = count; left > 0; left -= 1) {
    const page: Page<Item> = await pageAt(cursor);
    for (const item of page.items) items.set(item.id, item);
    ({ cursor } = page);
    if (cursor === null) break;
  }
  return { items: [...items.values()], cursor };
}
