import { useCallback, useEffect } from 'preact/hooks';
import type { JobPage, JobSummary } from '../../../api/index.js';
import { useOverview, useShell } from '../../shell.js';
import { type Pages, usePages } from '../../use-pages.js';

const PAGE = 200;

/** The dead letters of a name, or of all, the newest first; anew whenever their number changes. */
export function useDead(name: string): Pages<JobSummary> {
  const { api } = useShell();
  const pageAt = useCallback(
    async (cursor: string | null, signal: AbortSignal) => {
      const query = { state: 'dead', name, limit: PAGE, cursor };
      const page = await api.get<JobPage>('api/jobs', query, signal);
      return { items: page.jobs, cursor: page.cursor };
    },
    [api, name],
  );
  const pages = usePages(pageAt);
  const count = useDeadCount(name);
  useEffect(pages.reload, [count]);
  return pages;
}

/** Null while it is not known. */
function useDeadCount(name: string): number | null {
  const overview = useOverview();
  if (overview === null || name === '') return overview?.totals.dead ?? null;
  return overview.names.find((one) => one.name === name)?.counts.dead ?? 0;
}
