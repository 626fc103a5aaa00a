import type { StandBy } from '../core/contracts/job-broker.js';
import { EVERY_NAME } from '../core/contracts/notification-channel.js';

/** So many hosts are woken by one piece of news, and so many of a group watch. */
const MOST_WOKEN = 2;
/** So many groups that wake for a name are looked at. */
const MOST_GROUPS = 50;
/** For how long a group is known to the names it wakes for; told anew when half of that is over. */
const REGISTERED_MS = 600_000;

/** Who is there until when. */
type Until = Map<string, number>;

/** What they need of their store. */
export interface WakingStore {
  now(): number;
  /** Tells one host. */
  tellHost(host: string, name: string, at: number): void;
}

/**
 * The hosts that stand by: they sleep until they are told. Hosts of a group have room for the same names. A host
 * that is woken stands by no longer, until its next claim says so again; so the next piece of news wakes others.
 * Two of each group watch: they know when the next job is due, and come by themselves.
 */
export class StandBys {
  private readonly idle = new Map<string, Until>();
  private readonly watch = new Map<string, Until>();
  /** Name → the groups that wake for it. */
  private readonly wakes = new Map<string, Until>();
  /** Until when names lead to a group. */
  private readonly registered = new Map<string, number>();

  constructor(private readonly store: WakingStore) {}

  /** Stands by in a group that wakes for these names. @returns whether the host watches, too, if it may */
  stand(
    host: string,
    { group, forMs }: StandBy,
    names: readonly string[],
    mayWatch: boolean,
  ): boolean {
    const now = this.store.now();
    const until = Math.ceil(now + forMs);
    untilOf(this.idle, group).set(host, until);
    const watchers = untilOf(this.watch, group);
    const others = this.live(watchers).filter((one) => one !== host);
    const watches = mayWatch && (others.length < 2 || (watchers.get(host) ?? 0) > now);
    if (watches) watchers.set(host, until);
    this.register(group, names, Math.max(REGISTERED_MS, 2 * Math.ceil(forMs)));
    return watches;
  }

  /** Stands by in a group no longer. Whoever watched hands that on, and so does who was woken to do so. */
  leave(host: string, group: string): void {
    this.idle.get(group)?.delete(host);
    this.watch.get(group)?.delete(host);
    if (this.watchersOf(group).length === 0) this.wakeWatcher(group);
  }

  /** A host that stays in its group comes anyway: others are woken. */
  skip(host: string, group: string): void {
    this.idle.get(group)?.delete(host);
  }

  /** Two hosts in all that stand by for the names, which are due, are to come at once. */
  wake(names: readonly string[], at: number): void {
    let left = MOST_WOKEN;
    for (const name of names) {
      for (const group of this.groupsOf(name)) {
        const hosts = this.takeIdle(group, left);
        for (const host of hosts) this.store.tellHost(host, name, at);
        left -= hosts.length;
        if (left === 0) return;
      }
    }
  }

  /** Those that watch learn of an instant ahead. @param knows - a host that knows it already */
  tellWatchers(name: string, at: number, knows?: string): void {
    for (const group of this.groupsOf(name)) {
      const hosts = this.watchersOf(group);
      for (const host of hosts) if (host !== knows) this.store.tellHost(host, name, at);
      if (hosts.length === 0) this.wakeWatcher(group);
    }
  }

  /** Time was moved by hand: those that watch come for what has become due. */
  comeFor(name: string, at: number): void {
    const hosts = this.groupsOf(name).flatMap((group) => this.watchersOf(group));
    for (const host of new Set(hosts)) this.store.tellHost(host, name, at);
  }

  /** Time was moved by hand: those whose time is over come, as they would have come by themselves. */
  comeInTime(): void {
    const now = this.store.now();
    const late = new Set<string>();
    for (const hosts of [...this.idle.values(), ...this.watch.values()]) {
      for (const [host, until] of hosts) if (until <= now && hosts.delete(host)) late.add(host);
    }
    for (const host of late) this.store.tellHost(host, EVERY_NAME, now);
  }

  /** Names lead to the group for a while. */
  private register(group: string, names: readonly string[], forMs: number): void {
    const now = this.store.now();
    if ((this.registered.get(group) ?? 0) >= now + forMs / 2) return;
    this.forgetGroups(now);
    this.registered.set(group, now + forMs);
    for (const name of names) untilOf(this.wakes, name).set(group, now + forMs);
  }

  /** Those in which nobody has stood by for long. */
  private forgetGroups(now: number): void {
    for (const [group, until] of this.registered) {
      if (until > now) continue;
      for (const groups of [this.registered, this.idle, this.watch]) groups.delete(group);
      for (const groups of this.wakes.values()) groups.delete(group);
    }
  }

  /** The groups that wake for a name, those that registered last first. */
  private groupsOf(name: string): string[] {
    return this.live(this.wakes.get(name)).reverse().slice(0, MOST_GROUPS);
  }

  private watchersOf(group: string): string[] {
    return this.live(this.watch.get(group));
  }

  /** Where nobody watches for a group, one who stands by comes, and takes the watch. */
  private wakeWatcher(group: string): void {
    for (const host of this.takeIdle(group, 1)) {
      this.store.tellHost(host, EVERY_NAME, this.store.now());
    }
  }

  /** Takes hosts of a group that stand by, at most so many, those of which the time ends first. */
  private takeIdle(group: string, most: number): string[] {
    const taken = this.live(this.idle.get(group)).slice(0, most);
    for (const host of taken) this.idle.get(group)!.delete(host);
    return taken;
  }

  /** Those whose time is not over; first those whose time ends first. */
  private live(until: Until = new Map<string, number>()): string[] {
    const now = this.store.now();
    return [...until]
      .filter(([, at]) => at > now)
      .sort(([a, at], [b, bt]) => at - bt || (a < b ? -1 : 1))
      .map(([who]) => who);
  }
}

function untilOf(all: Map<string, Until>, key: string): Until {
  let one = all.get(key);
  if (!one) all.set(key, (one = new Map()));
  return one;
}
