import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JobNews } from '../api/index.js';
import { type ApiFailure, asFailure, searchOf, type Query } from './api-client.js';
import { useJobNews, useShell } from './shell.js';
import { useAsking } from './use-asking.js';

/** What was asked for, and how it went. */
export interface Asked<T> {
  /** The newest answer; null before the first. */
  readonly data: T | null;
  /** Of the newest request; null when it succeeded. */
  readonly failure: ApiFailure | null;
  readonly isLoading: boolean;
  /** What is shown is of another query than the present one, whose answer is not there yet. */
  readonly isStale: boolean;
  /** Asks again; what is shown stays until the answer. */
  readonly reload: () => void;
}

interface RequestOptions {
  /** Another query keeps what is shown until its answer is there; another path does not. */
  readonly query?: Query;
  /** Which news are a reason to ask again: none unless said. At most once a second, and only while the page is seen. */
  readonly refreshOn?: (news: readonly JobNews[]) => boolean;
}

interface Answer<T> {
  readonly path: string | null;
  readonly search: string;
  readonly data: T | null;
  readonly failure: ApiFailure | null;
}

const REFRESH_EVERY_MS = 1_000;

/** `GET`s `path` now and whenever it or the query changes; null asks for nothing. */
export function useRequest<T>(path: string | null, options: RequestOptions = {}): Asked<T> {
  const { api } = useShell();
  const search = searchOf(options.query ?? {});
  const [answer, setAnswer] = useState<Answer<T>>({
    path: null,
    search,
    data: null,
    failure: null,
  });

  const ask = useMemo(() => {
    if (path === null) return null;
    const asked = search === '' ? path : `${path}?${search}`;
    return async (signal: AbortSignal) => {
      try {
        const data = await api.get<T>(asked, {}, signal);
        if (!signal.aborted) setAnswer({ path, search, data, failure: null });
      } catch (error) {
        if (signal.aborted) return;
        const failure = asFailure(error);
        setAnswer((before) => ({
          path,
          search,
          data: before.path === path && mayPass(failure) ? before.data : null,
          failure,
        }));
      }
    };
  }, [api, path, search]);
  const { isLoading, reload } = useAsking(ask);
  useRefresh(reload, options.refreshOn);
  const isOfPath = answer.path === path;
  return {
    data: isOfPath ? answer.data : null,
    failure: isOfPath ? answer.failure : null,
    isStale: isOfPath && answer.search !== search,
    isLoading: isLoading || (!isOfPath && path !== null),
    reload,
  };
}

function useRefresh(reload: () => void, refreshOn: RequestOptions['refreshOn']): void {
  const isWanted = useRef(refreshOn);
  isWanted.current = refreshOn;
  const pending = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hasMissed = useRef(false);
  const last = useRef(0);

  const refresh = useCallback(() => {
    pending.current = undefined;
    last.current = performance.now();
    hasMissed.current = document.hidden;
    if (!document.hidden) reload();
  }, [reload]);
  const hear = useCallback(
    (news: readonly JobNews[] | null) => {
      if (isWanted.current === undefined || pending.current !== undefined) return;
      if (news !== null && !isWanted.current(news)) return;
      const wait = last.current + REFRESH_EVERY_MS - performance.now();
      pending.current = setTimeout(refresh, Math.max(0, wait));
    },
    [refresh],
  );
  useJobNews(hear);
  useLayoutEffect(() => {
    const look = () => {
      if (hasMissed.current) refresh();
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      clearTimeout(pending.current);
    };
  }, [refresh]);
}

/** Whether what is shown may still be so: there was no answer, or the server has a fault. */
const mayPass = ({ status }: ApiFailure): boolean => status === 0 || status >= 500;
