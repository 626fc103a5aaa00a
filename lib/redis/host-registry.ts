import {
  BEAT_MS,
  MISSED_BEATS,
  type HostBeat,
  type HostFacts,
} from '../core/contracts/host-registry.js';
import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';

const SILENT_MS = String(BEAT_MS * MISSED_BEATS);
const PAGE = 50;

export async function beatHost(store: RedisStore, beat: HostBeat): Promise<void> {
  await store.run(scripts.beatHost, [beat.host, JSON.stringify(beat), SILENT_MS]);
}

export async function leaveHost(store: RedisStore, host: string): Promise<void> {
  await store.run(scripts.beatHost, [host, '', SILENT_MS]);
}

/** Those that are alive; one that beats from page to page is told once. */
export async function liveHosts(store: RedisStore): Promise<HostFacts[]> {
  const hosts = new Map<string, HostFacts>();
  for (let from = 0; ; from += PAGE) {
    const page = [SILENT_MS, String(from), String(PAGE)];
    const [, ...parts] = await store.run(scripts.listHosts, page);
    for (let i = 0; i < parts.length; i += 2) {
      const told = parts[i + 1]!;
      if (told === '') continue;
      const facts = { ...(JSON.parse(told) as HostBeat), lastSeenAt: Number(parts[i]) };
      hosts.set(facts.host, facts);
    }
    if (parts.length < 2 * PAGE) break;
  }
  return [...hosts.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
}
