import type { NameLimits, NameSettings } from '../core/contracts/job-broker.js';
import type {
  KnownLimits,
  PauseFacts,
  PauseRequest,
  StoredPauses,
} from '../core/contracts/job-manager.js';
import type { JobEventStream } from './job-events.js';
import type { Lane } from './lane.js';
import { StartLog, type Permission } from './start-log.js';

/** What the gates need of their store. */
export interface GatedStore {
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly settings: ReadonlyMap<string, NameSettings>;
  readonly events: Pick<JobEventStream, 'tell'>;
  now(): number;
  lane(name: string): Lane;
  announce(name: string, at: number): void;
  announceAll(): void;
}

/**
 * What holds names back. A name is closed while it is paused, while a stop that a handler asked for lasts, and
 * while it has a job that is due before its limits let the next one start. Claims see nothing of a closed
 * name, and what is added to it is not announced.
 */
export class Gates {
  /** The pause of everything. */
  all: PauseFacts | undefined;

  private readonly paused = new Map<string, PauseFacts>();
  private readonly stoppedUntil = new Map<string, number>();
  private readonly byHand = new Map<string, NameLimits>();
  private readonly starts = new Map<string, StartLog>();

  constructor(private readonly store: GatedStore) {}

  /** What its handler says, but for what was set by hand. */
  limitsOf(name: string): NameLimits {
    return { ...stated(this.store.settings.get(name)?.limits), ...this.byHand.get(name) };
  }

  pause({ name, reason, by }: PauseRequest): void {
    const before = name === undefined ? this.all : this.paused.get(name);
    if (!before) this.store.events.tell('paused', { name });
    const at = before?.at ?? this.store.now();
    const facts = { at, ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) };
    if (name === undefined) {
      this.all = facts;
      return;
    }
    this.paused.set(name, facts);
    this.reopen(name);
  }

  /** @returns whether it was paused */
  resume(name: string | undefined): boolean {
    if (name !== undefined) {
      const wasPaused = this.paused.delete(name);
      if (wasPaused) this.store.events.tell('resumed', { name });
      if (wasPaused) this.reopenAndTell(name);
      return wasPaused;
    }
    const wasPaused = this.all !== undefined;
    if (wasPaused) this.store.events.tell('resumed', {});
    this.all = undefined;
    if (wasPaused) this.store.announceAll();
    return wasPaused;
  }

  get pauses(): StoredPauses {
    return { names: new Map(this.paused), ...(this.all && { all: this.all }) };
  }

  setLimits(name: string, limits: NameLimits | null): void {
    const said = stated(limits ?? {});
    if (Object.keys(said).length > 0) this.byHand.set(name, said);
    else this.byHand.delete(name);
    this.reopenAndTell(name);
  }

  get limits(): Map<string, KnownLimits> {
    const known = new Map<string, KnownLimits>();
    for (const name of new Set([...this.store.settings.keys(), ...this.byHand.keys()])) {
      const handler = stated(this.store.settings.get(name)?.limits);
      const byHand = this.byHand.get(name);
      if (Object.keys(handler).length === 0 && !byHand) continue;
      known.set(name, {
        ...(Object.keys(handler).length > 0 && { handler }),
        ...(byHand && { byHand }),
      });
    }
    return known;
  }

  /** Nothing of the name starts for so long: somebody outside asked for that. It closes when it is next looked at. */
  stop(name: string, forMs: number): void {
    const until = Math.ceil(this.store.now() + forMs);
    this.stoppedUntil.set(name, Math.max(until, this.stoppedUntil.get(name) ?? 0));
  }

  /**
   * How many jobs of a name may start now; if none may, from when on the next one may, as far as time decides
   * (Infinity: something else must come first).
   *
   * @param ended - how many of its leases will have ended by then
   */
  roomOf(name: string, ended = 0): Permission {
    const now = this.store.now();
    if (this.paused.has(name)) return CLOSED;
    const { concurrency = Infinity, rate } = this.limitsOf(name);
    const left = concurrency + ended - this.store.lane(name).running;
    if (left <= 0) return CLOSED;
    const byRate = rate ? this.startsOf(name).permission(rate, now) : { room: Infinity, from: now };
    const until = this.stoppedUntil.get(name) ?? now;
    if (until > now) return { room: 0, from: Math.max(until, byRate.from) };
    return { room: Math.min(left, byRate.room), from: byRate.from };
  }

  noteStarts(name: string, count: number): void {
    const { rate } = this.limitsOf(name);
    if (rate) this.startsOf(name).note(rate, count, this.store.now());
  }

  /** Opens the names whose time has come. No news: who waits for one knows its time. */
  openByTime(): void {
    for (const [name, { opensAt = Infinity }] of this.store.lanes) {
      if (opensAt <= this.store.now()) this.reopen(name);
    }
  }

  /**
   * Closes or opens a name, as its gate says by now.
   *
   * @returns from when on claims get its jobs, if that is earlier than before, and so to be announced
   */
  reopen(name: string): number | undefined {
    const now = this.store.now();
    const lane = this.store.lane(name);
    const before = lane.claimableFrom;
    if ((this.stoppedUntil.get(name) ?? Infinity) <= now) this.stoppedUntil.delete(name);
    const { room, from } = this.roomOf(name);
    const isStopped = this.paused.has(name) || this.stoppedUntil.has(name);
    const head = lane.ready.size > 0 ? now : lane.nextTimedAt;
    if (room === 0 && (isStopped || (head !== undefined && head < from))) lane.close(from);
    else if (lane.isClosed || (head !== undefined && head < before)) lane.open(head);
    const after = lane.claimableFrom;
    return after < before && before > now ? after : undefined;
  }

  /** Whether anything holds the name back, or may. */
  has(name: string): boolean {
    const isLimited = Object.keys(this.limitsOf(name)).length > 0;
    return isLimited || this.paused.has(name) || this.stoppedUntil.has(name);
  }

  reopenAndTell(name: string): void {
    const at = this.reopen(name);
    if (at !== undefined) this.store.announce(name, at);
  }

  snapshot(): unknown {
    const { all, paused, stoppedUntil, byHand, starts } = this;
    return { all, paused, stoppedUntil, byHand, starts };
  }

  private startsOf(name: string): StartLog {
    let log = this.starts.get(name);
    if (!log) this.starts.set(name, (log = new StartLog()));
    return log;
  }
}

const CLOSED: Permission = { room: 0, from: Infinity };

/** Without the members that say nothing. */
function stated(limits: NameLimits = {}): NameLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
