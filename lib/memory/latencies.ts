import type { MemoryStore } from './memory-store.js';

/** For how long the oldest due job of each name has been due, in ms; 0 where none is. */
export function latencies(store: MemoryStore, names: Iterable<string>): Map<string, number> {
  const now = store.now();
  const since = new Map(Array.from(names, (name) => [name, now]));
  for (const { name, lease, asked, happened } of store.jobs.values()) {
    const before = since.get(name);
    const waits = !lease && !asked.disabled && happened.nextRunAt !== null;
    if (before !== undefined && waits) since.set(name, Math.min(before, happened.nextRunAt!));
  }
  return new Map([...since].map(([name, at]) => [name, now - at]));
}
