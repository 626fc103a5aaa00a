import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { JobNews, LogPage } from '../../../api/index.js';
import { type ApiFailure, asFailure, pathOfJob } from '../../api-client.js';
import { useJobNews, useShell } from '../../shell.js';
import { useEvery } from '../../use-every.js';

export interface Log {
  readonly lines: readonly string[];
  /** Whether there are more than these now. */
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly failure: ApiFailure | null;
  readonly loadMore: () => void;
}

const PAGE = 200;
const MOST_SHOWN = 5_000;
const FOLLOW_EVERY_MS = 2_000;

const NOTHING = {
  lines: [] as readonly string[],
  hasMore: false,
  failure: null as ApiFailure | null,
};

/** What a job has logged: a page, and more when asked, or by itself as long as it is followed. */
export function useLog(id: string, isFollowed: boolean): Log {
  const { api } = useShell();
  const [log, setLog] = useState(NOTHING);
  const [isLoading, setLoading] = useState(false);
  const cursor = useRef<string | null>(null);
  const isBusy = useRef(false);
  const isGone = useRef(false);

  const load = useCallback(async () => {
    if (isBusy.current) return;
    isBusy.current = true;
    setLoading(true);
    try {
      const path = pathOfJob(id, 'logs');
      const page = await api.get<LogPage>(path, { limit: PAGE, cursor: cursor.current });
      cursor.current = page.cursor ?? cursor.current;
      if (!isGone.current) setLog((before) => withPage(before.lines, page));
    } catch (error) {
      if (!isGone.current) setLog((before) => ({ ...before, failure: asFailure(error) }));
    } finally {
      isBusy.current = false;
      if (!isGone.current) setLoading(false);
    }
  }, [api, id]);
  const loadMore = useCallback(() => void load(), [load]);

  useEffect(() => {
    isGone.current = false;
    loadMore();
    return () => {
      isGone.current = true;
    };
  }, [loadMore]);
  useEffect(() => {
    if (isFollowed && log.hasMore) loadMore();
  }, [isFollowed, log, loadMore]);
  useEvery(FOLLOW_EVERY_MS, isFollowed, loadMore);
  const hear = useCallback(
    (news: readonly JobNews[] | null) => {
      if (isFollowed && news?.some((one) => one.id === id && one.event !== 'progress')) loadMore();
    },
    [id, isFollowed, loadMore],
  );
  useJobNews(hear);
  return { ...log, isLoading, loadMore };
}

function withPage(before: readonly string[], { lines, more }: LogPage) {
  return { lines: [...before, ...lines].slice(-MOST_SHOWN), hasMore: more, failure: null };
}
