import { useEffect, useState } from 'preact/hooks';
import { ApiClient, type ApiFailure, asFailure } from './api-client.js';
import { setClock } from './clock.js';
import { FailureNote, Loading, ToastHost } from './components/index.js';
import { Frame } from './frame/frame.js';
import { LiveConnection } from './live.js';
import { ShellContext, type Shell } from './shell.js';

/** Opens the session, then shows the page around whatever view the address names. */
export function App() {
  const [shell, setShell] = useState<Shell | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    openShell().then(
      (opened) => {
        setFailure(null);
        setShell(opened);
      },
      (error: unknown) => setFailure(asFailure(error)),
    );
  }, [turn]);
  useEffect(() => () => shell?.live.stop(), [shell]);

  if (shell === null) {
    return (
      <main class="alone">
        <h1>Jobs</h1>
        {failure === null ? (
          <Loading what="the dashboard" />
        ) : (
          <FailureNote failure={failure} onRetry={() => setTurn(turn + 1)} />
        )}
      </main>
    );
  }
  return (
    <ShellContext.Provider value={shell}>
      <ToastHost>
        <Frame />
      </ToastHost>
    </ShellContext.Provider>
  );
}

async function openShell(): Promise<Shell> {
  const api = new ApiClient();
  const live = new LiveConnection(api);
  // Together with the session: the first view waits for the slower of the two.
  void live.askOverview();
  const session = await api.open();
  setClock(session.now);
  live.start();
  return { api, session, live };
}
