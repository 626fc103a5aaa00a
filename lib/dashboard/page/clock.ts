/** How much further the store's clock is than this browser's. */
let aheadMs = 0;

/** The store's time, whose clock may differ from that of this machine. */
export function now(): number {
  return Date.now() + aheadMs;
}

export function setClock(storeTime: string): void {
  aheadMs = Date.parse(storeTime) - Date.now();
}

const watchers = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

/** Calls it each second while the page is seen: one timer for all. Returns what ends it. */
export function eachSecond(watcher: () => void): () => void {
  watchers.add(watcher);
  ticking ??= setInterval(() => {
    if (!document.hidden) for (const each of watchers) each();
  }, 1_000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}
