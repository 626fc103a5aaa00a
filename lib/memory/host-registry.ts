import {
  BEAT_MS,
  MISSED_BEATS,
  type HostBeat,
  type HostFacts,
} from '../core/contracts/host-registry.js';

/** The hosts that have been heard of, as of their last beats. */
export class HostRegistry {
  private readonly hosts = new Map<string, HostFacts>();

  /** Takes a beat, and forgets hosts that are gone. */
  beat(beat: HostBeat, now: number): void {
    for (const [host, { lastSeenAt }] of this.hosts) {
      if (isGone(lastSeenAt, now)) this.hosts.delete(host);
    }
    this.hosts.set(beat.host, structuredClone({ ...beat, lastSeenAt: now }));
  }

  leave(host: string): void {
    this.hosts.delete(host);
  }

  live(now: number): HostFacts[] {
    const live = [...this.hosts.values()].filter(({ lastSeenAt }) => !isGone(lastSeenAt, now));
    return structuredClone(live).sort((a, b) => (a.host < b.host ? -1 : 1));
  }
}

const isGone = (lastSeenAt: number, now: number): boolean =>
  lastSeenAt <= now - BEAT_MS * MISSED_BEATS;
