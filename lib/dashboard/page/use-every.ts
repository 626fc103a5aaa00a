import { useEffect } from 'preact/hooks';

/** Does it again and again while `isWanted` and the page is seen: for what no news tells of. */
export function useEvery(everyMs: number, isWanted: boolean, task: () => void): void {
  useEffect(() => {
    if (!isWanted) return;
    const timer = setInterval(() => {
      if (!document.hidden) task();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isWanted, task]);
}
