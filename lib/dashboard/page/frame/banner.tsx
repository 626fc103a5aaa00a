import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../components/index.js';
import { useLive } from '../shell.js';

/** A reconnection that takes no longer than this is not worth a word. */
const PATIENCE_MS = 1_500;

/** Says that what is shown may be old. */
export function Banner() {
  const { status, failure } = useLive();
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (status !== 'lost') {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [status]);
  return (
    <div class="banner-place" role="status">
      {isShown && (
        <p class="banner">
          <Icon name="alert" />
          {failure === null
            ? 'Live updates have stopped. Trying again; until then this page asks every 5 seconds.'
            : `Live updates have stopped, and what is shown may be old. Trying again every 5 seconds. ${failure.message}`}
        </p>
      )}
    </div>
  );
}
