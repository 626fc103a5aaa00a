import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import type { JobNews, Schedules, ScheduleView } from '../../../api/index.js';
import { useJobNews, useShell } from '../../shell.js';
import { useEvery } from '../../use-every.js';
import { type Pages, usePages } from '../../use-pages.js';
/** Schedules that are changed by others are no news. */
const ASK_EVERY_MS = 10_000;
const AFTER_NEWS_MS = 1_000;

/** The recurring jobs; anew when one of them has run. */
export function useSchedules(): Pages<ScheduleView> {
  const { api } = useShell();
  const pageAt = useCallback(
    async (cursor: string | null, signal: AbortSignal) => {
      const page = await api.get<Schedules>('api/schedules', { cursor }, signal);
      return { items: page.schedules, cursor: page.cursor };
    },
    [api],
  );
  const pages = usePages(pageAt);
  const { items, reload } = pages;
  const schedules = useMemo(() => items && [...items].sort(byName), [items]);
  useEvery(ASK_EVERY_MS, true, reload);
  useAfterRuns(schedules ?? NONE, reload);
  return { ...pages, items: schedules };
}

const NONE: readonly ScheduleView[] = [];

/** The server goes by state, so a schedule would jump about in the list whenever it runs. */
function byName(a: ScheduleView, b: ScheduleView): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return (a.repeatKey ?? '') < (b.repeatKey ?? '') ? -1 : 1;
}

/** Asks a moment after a run of one of them has begun or ended: once for all that happens in that moment. */
function useAfterRuns(schedules: readonly ScheduleView[], ask: () => void): void {
  const ids = useRef<ReadonlySet<string>>(new Set());
  ids.current = new Set(schedules.map(({ id }) => id));
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hear = useCallback(
    (news: readonly JobNews[] | null) => {
      if (timer.current !== undefined || document.hidden) return;
      if (
        news !== null &&
        !news.some(({ id, event }) => event !== 'progress' && ids.current.has(id))
      ) {
        return;
      }
      timer.current = setTimeout(() => {
        timer.current = undefined;
        ask();
      }, AFTER_NEWS_MS);
    },
    [ask],
  );
  useJobNews(hear);
  useEffect(() => () => clearTimeout(timer.current), []);
}
