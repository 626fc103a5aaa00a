import { useCallback, useEffect, useRef } from 'preact/hooks';

/** Later the one who looks has gone on by himself. */
const PATIENCE_MS = 10_000;

/**
 * A button may go with what it has done: then the focus goes to the heading of the view, not to nowhere.
 *
 * @param shown - what the view shows, another one after each change
 * @returns to be called after a change of one's own
 */
export function useFocusAfterChange(shown: unknown): () => void {
  const wantedUntil = useRef(0);
  useEffect(() => {
    if (performance.now() > wantedUntil.current) return;
    if (document.activeElement !== document.body) return;
    wantedUntil.current = 0;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [shown]);
  return useCallback(() => {
    wantedUntil.current = performance.now() + PATIENCE_MS;
  }, []);
}
