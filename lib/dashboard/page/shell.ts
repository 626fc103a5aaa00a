import { createContext } from 'preact';
import { useContext, useLayoutEffect, useState } from 'preact/hooks';
import type { JobNews, Overview, Session } from '../api/index.js';
import type { ApiClient } from './api-client.js';
import type { LiveConnection, LiveState } from './live.js';

/** What every view stands in. */
export interface Shell {
  readonly api: ApiClient;
  readonly session: Session;
  readonly live: LiveConnection;
}

export const ShellContext = createContext<Shell | null>(null);

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (shell === null) throw new Error('There is no shell around this component.');
  return shell;
}

/** The state of the live connection, with the newest overview. */
export function useLive(): LiveState {
  const { live } = useShell();
  const [state, setState] = useState(live.state);
  useLayoutEffect(() => {
    setState(live.state);
    return live.watch(setState);
  }, [live]);
  return state;
}

/** The newest overview; null before the first. */
export function useOverview(): Overview | null {
  return useLive().overview;
}

/** The newest listener is told what happens to jobs; null for: unknown, ask again. */
export function useJobNews(listener: (news: readonly JobNews[] | null) => void): void {
  const { live } = useShell();
  useLayoutEffect(() => live.listen(listener), [live, listener]);
}
