import { WATCH_MS, type NameSettings, type SettleAnswer } from '../core/contracts/job-broker.js';
import { BackendClosedError } from '../core/errors.js';
import { toJobId } from '../core/job/job-id.js';
import { EVERY_NAME, type JobNotification } from '../core/contracts/notification-channel.js';
import type { InMemoryNotificationChannel } from '../core/notifications/in-memory-notification-channel.js';
import type { ClaimOrder } from '../core/options/claim-order.js';
import type { OrderChoice } from '../core/options/order-choice.js';
import { EventLog } from './event-log.js';
import { Gates } from './gates.js';
import { HostRegistry } from './host-registry.js';
import { JobEventStream } from './job-events.js';
import { JobKeys } from './job-keys.js';
import { Lane, type LaneFront } from './lane.js';
import type { Clock } from './manual-clock.js';
import { MetricsTable } from './metrics-table.js';
import { OrderedList } from './ordered-list.js';
import { StandBys } from './stand-by.js';
import type { HeldLease, StoredJob } from './stored-job.js';

/** Of how many cancelled runs the reason is kept for their workers. */
const KEPT_REASONS = 1000;
/** A lease that was the longest is forgotten when it was not seen for so many of its lengths. */
const FORGET_AFTER = 10;

/** A host's last claim, for a repeat of it. */
export interface RememberedClaim {
  readonly claimId: string;
  readonly answers: readonly SettleAnswer[];
  readonly jobs: readonly { readonly id: string; readonly token: string }[];
}

/*
 * All that the memory backend knows, in maps. Every step of broker, repository and manager is one
 * synchronous piece of code over it, so nothing ever comes in between.
 *
 * A job is in exactly one of these places:
 *
 *   a lane's `ready` or `timed`   it waits (see lane.ts)
 *   a line of a lane's `keys`      it waits behind others of its key (see key-lines.ts)
 *   `leases`                      it runs, or was handed out as a row; then it has a `lease`
 *   `rows`, without `leases`      it came with a lock; then it has a `lease` without an end
 *   none of them                  it is disabled, or it has ended: `nextRunAt` is null
 */
export class MemoryStore {
  readonly jobs = new Map<string, StoredJob>();
  readonly lanes = new Map<string, Lane>();
  /** Running jobs, the lease that ends first at the front. */
  readonly leases = new OrderedList<StoredJob>(byExpiry);
  /** Those of them that a repository handed out as rows, and the locked ones. */
  readonly rows = new Set<StoredJob>();
  readonly settings = new Map<string, NameSettings>();
  readonly keys = new JobKeys(this.jobs);
  /** Ended jobs with a retention of their own → when they go. */
  readonly leaving = new Map<string, number>();
  /** The jobs with `expiresAt` that have not ended. */
  readonly expiring = new Set<StoredJob>();
  readonly claims = new Map<string, RememberedClaim>();
  /** Why a running job was cancelled, by its id. */
  readonly cancelled = new Map<string, string>();
  readonly log = new EventLog();
  readonly events = new JobEventStream(() => this.now());
  readonly metrics = new MetricsTable(() => this.now());
  readonly hosts = new HostRegistry();
  readonly gates = new Gates(this);
  readonly standBys = new StandBys(this);
  fence = 0;
  isOpen = true;

  private instant: number | undefined;
  private seq = 0;
  private lastPass: number | undefined;
  private heldUntil = 0;
  /** The longest lease of late, and when a host with it was seen. */
  private longestLease = 0;
  private longestLeaseAt = 0;
  private watchedUntil = -Infinity;
  private readonly earliest = new Map<string, number>();
  /** Names of which a lease has ended in this step. */
  private readonly freed = new Set<string>();

  constructor(
    private readonly clock: Clock,
    private readonly channel: InMemoryNotificationChannel,
    readonly sort: OrderChoice,
  ) {}

  /** By what claims order the due jobs of a name; fixed from here on. */
  get order(): ClaimOrder {
    return this.sort.fix();
  }

  /** @throws BackendClosedError */
  expectOpen(): void {
    if (!this.isOpen) throw new BackendClosedError();
  }

  now(): number {
    return this.instant ?? Math.floor(this.clock.now());
  }

  /** Carries a step out as if no time passed in it: what starts jobs judges and notes them by one instant. */
  atOneInstant<T>(step: () => T): T {
    const before = this.instant;
    this.instant = this.now();
    try {
      return step();
    } finally {
      this.instant = before;
    }
  }

  nextSeq(): number {
    return ++this.seq;
  }

  /** A job that has just been given what is asked and when it runs; `null`: it stands among the ended ones. */
  place(job: StoredJob, nextRunAt: number | null): void {
    if (nextRunAt !== job.happened.nextRunAt) job.happened.occurrenceAt = null;
    job.happened.nextRunAt = nextRunAt;
    if (nextRunAt === null) job.standsSince = job.endedAt ?? this.now();
    if (nextRunAt === null || job.asked.expiresAt === undefined) this.expiring.delete(job);
    else this.expiring.add(job);
    if (nextRunAt === null || job.asked.disabled) this.letGoOfKey(job);
    else this.lane(job.name).put(job, nextRunAt, this.now());
  }

  /** Takes a job that does not run out of its place: before every change of its time, priority or `disabled`. */
  displace(job: StoredJob): void {
    if (job.happened.nextRunAt !== null) this.lanes.get(job.name)?.drop(job);
  }

  /** Names that became claimable earlier than they were are announced: at the end of every step that placed jobs. */
  announceEarlier(): void {
    this.openFreed((name) => this.gates.reopenAndTell(name));
    const now = this.now();
    for (const [name, at] of inOrder(this.earliest)) {
      const lane = this.lane(name);
      if (lane.isClosed) continue;
      const before = lane.due ?? Infinity;
      const { keepsAll } = lane;
      const isEarlier = at < before;
      if (isEarlier) lane.becomesDue(at);
      if (keepsAll || (isEarlier && before > now)) this.announce(name, at);
    }
    this.earliest.clear();
  }

  /** What a claim has moved is known to that claim, and no news. */
  forgetEarlier(): void {
    this.earliest.clear();
  }

  /** Names at a limit of which a lease has ended have room again; first others step up in the lines of their keys. */
  openFreed(open: (name: string) => void): void {
    for (const lane of this.lanes.values()) lane.keys.refill();
    const names = [...this.freed].sort().filter((name) => this.gates.has(name));
    this.freed.clear();
    names.forEach(open);
  }

  /** Everything may have become claimable. */
  announceAll(): void {
    this.channel.deliver(this.newsOf(EVERY_NAME, this.now()));
  }

  /** Time was moved by hand: what has become due meanwhile is news, since no timer saw it coming. */
  announceDue(from: number, to: number): void {
    for (const [name, { claimableFrom, keepsAll, nextTimedAt }] of this.lanes) {
      const at = keepsAll ? nextTimedAt : claimableFrom;
      if (at === undefined || at <= from || at > to) continue;
      this.channel.deliver(this.newsOf(name, at), 'general');
      this.standBys.comeFor(name, at);
    }
    this.standBys.comeInTime();
  }

  startLease(job: StoredJob, lease: HeldLease): void {
    job.lease = lease;
    if (job.asked.key !== undefined) this.lane(job.name).keys.begin(job);
    if (lease.phase !== 'run') this.rows.add(job);
    if (lease.phase !== 'locked') this.leases.add(job);
    this.lane(job.name).running++;
  }

  moveExpiry(job: StoredJob, expiresAt: number): void {
    this.leases.delete(job);
    job.lease!.expiresAt = expiresAt;
    this.leases.add(job);
  }

  endLease(job: StoredJob): HeldLease {
    const lease = job.lease!;
    this.rows.delete(job);
    if (lease.phase !== 'locked') this.leases.delete(job);
    job.lease = undefined;
    if (job.asked.key !== undefined) this.lane(job.name).keys.end(job);
    this.lane(job.name).running--;
    this.freed.add(job.name);
    return lease;
  }

  hasExpired(): boolean {
    const first = this.earliestExpiry();
    return first !== null && first <= this.now();
  }

  /** A job whose run is over goes on later with what it was about: see {@link KeyLines.keep}. */
  keepKey(job: StoredJob): void {
    if (job.asked.key !== undefined) this.lane(job.name).keys.keep(job);
  }

  private letGoOfKey(job: StoredJob): void {
    if (job.asked.key !== undefined) this.lane(job.name).keys.letGo(job);
  }

  nextFence(): number {
    // Grows with time too, so that a job made anew is ahead of everything before it.
    return Math.max(this.fence + 1, this.now() * 1000);
  }

  earliestExpiry(): number | null {
    return this.leases.first()?.lease?.expiresAt ?? null;
  }

  /**
   * The job, all that belongs to it, and what leads to it; its log only if that shall stay. An idempotency
   * key whose time is not over stays, too, unless somebody cancelled the job.
   */
  remove(job: StoredJob, { keepLog = false, isCancelled = false } = {}): void {
    if (job.lease) this.endLease(job);
    else this.displace(job);
    this.letGoOfKey(job);
    const { key } = job.birth;
    if (key !== undefined && isCancelled) this.keys.free(key, job.id);
    else if (key !== undefined) this.keys.leave(key, job.id, this.now());
    this.jobs.delete(job.id);
    this.leaving.delete(job.id);
    this.expiring.delete(job);
    if (!keepLog) this.log.leave(job.id);
  }

  /** Does what a job wants done at its end: frees a key, and notes when it goes by its own retention. */
  endOwnWay(job: StoredJob, place: 'completed' | 'dead'): void {
    const { key, freesKey } = job.birth;
    if (key !== undefined && freesKey) this.keys.free(key, job.id);
    const retention = job.asked.overrides?.retention;
    const kept = place === 'dead' ? retention?.failed : retention?.completed;
    // What an earlier end of it has noted counts no longer.
    this.leaving.delete(job.id);
    if (typeof kept === 'number') this.leaving.set(job.id, Math.ceil(this.now() + kept));
  }

  /** Removes a job on somebody's wish; the worker that runs it is told. */
  cancel(
    job: StoredJob,
    reason: string,
    {
      toldAs = 'cancelled',
      ...options
    }: { keepLog?: boolean; toldAs?: 'cancelled' | 'removed' } = {},
  ): void {
    this.events.tell(toldAs, { id: job.id, name: job.name });
    if (job.lease) {
      this.cancelled.delete(job.id);
      this.cancelled.set(job.id, reason);
      if (this.cancelled.size > KEPT_REASONS) {
        this.cancelled.delete(this.cancelled.keys().next().value!);
      }
      this.channel.deliverCancel({ jobId: job.id, reason });
    }
    this.remove(job, { ...options, isCancelled: true });
  }

  /**
   * Notes that a living host passed by. After a gap of more than a lease the process, not its workers,
   * was away (suspended, or stopped in a debugger): rescuing is then held off for one lease, so
   * that the living renew first. The longest lease that was seen lately counts, so that a host with a
   * short one neither takes its own pace for an outage nor cuts the others' time short. After a
   * hold-off there is none for as long as it lasted, so that slow hosts still rescue; nor for two
   * paces of this host if nobody came by since.
   *
   * @param paceMs - within which time this host comes by again
   * @returns until when it is held off
   */
  pass(leaseMs: number, paceMs = 0): number {
    const now = this.now();
    this.noteLease(leaseMs, now);
    const latest = now + this.longestLease;
    const { lastPass, heldUntil, longestLease } = this;
    const wasAway = lastPass !== undefined && now - lastPass > longestLease;
    const rest = Math.max(longestLease, 2 * paceMs);
    if (wasAway && (lastPass >= heldUntil || now >= heldUntil + rest)) this.heldUntil = latest;
    // The clock may have stepped back.
    this.heldUntil = Math.min(this.heldUntil, latest);
    this.lastPass = now;
    return this.heldUntil;
  }

  private noteLease(leaseMs: number, now: number): void {
    const { longestLease, longestLeaseAt, lastPass = 0 } = this;
    // As of the last pass: an outage in between makes nobody forgotten.
    const isForgotten = lastPass - longestLeaseAt > FORGET_AFTER * longestLease;
    const isKnown = leaseMs === longestLease && Math.abs(now - longestLeaseAt) <= longestLease;
    if (!isForgotten && (isKnown || leaseMs < longestLease)) return;
    this.longestLease = leaseMs;
    this.longestLeaseAt = now;
  }

  /** Notes that a process listens for what happens to jobs. */
  watch(): void {
    this.watchedUntil = Math.max(this.watchedUntil, this.now() + WATCH_MS);
  }

  get isWatched(): boolean {
    return this.channel.hasStateHandlers || this.watchedUntil > this.now();
  }

  /** Whether no job of a name runs, and none is due. */
  isQuiet(name: string): boolean {
    const running = [...this.leases, ...this.rows];
    return !this.lane(name).hasDue(this.now()) && running.every((job) => job.name !== name);
  }

  /** Everything, as plain values that share nothing with the store: for tests and for a look inside. */
  snapshot(): unknown {
    const ids = (jobs: Iterable<StoredJob>) => Array.from(jobs, (job) => job.id);
    return structuredClone({
      jobs: Array.from(this.jobs.values(), ({ birth, asked, happened, lease, history }) => {
        return { birth, asked, happened, lease, history };
      }),
      lanes: Array.from(this.lanes, ([name, lane]) => ({
        name,
        due: lane.due,
        opensAt: lane.opensAt,
        ready: ids(lane.ready),
        timed: ids(lane.timed),
        keys: lane.keys.snapshot(),
      })),
      leases: ids(this.leases),
      settings: this.settings,
      ...this.keys.snapshot(),
      leaving: this.leaving,
      gates: this.gates.snapshot(),
      claims: this.claims,
      cancelled: this.cancelled,
      log: [...this.log],
      meta: [this.seq, this.fence, this.lastPass, this.heldUntil],
    });
  }

  lane(name: string): Lane {
    let lane = this.lanes.get(name);
    if (!lane) this.lanes.set(name, (lane = new Lane(this.order, this.frontOf(name))));
    return lane;
  }

  private frontOf(name: string): LaneFront {
    return {
      limits: () => this.gates.limitsOf(name).key,
      now: () => this.now(),
      becomesDue: (at) => {
        this.earliest.set(name, Math.min(this.earliest.get(name) ?? Infinity, at));
      },
    };
  }

  /** A name is claimable from then on: of the hosts that stand by two come at once, or those that watch come then. */
  announce(name: string, at: number): void {
    this.channel.deliver(this.newsOf(name, at), 'general');
    if (at <= this.now()) this.standBys.wake([name], at);
    else this.standBys.tellWatchers(name, at);
  }

  tellHost(host: string, name: string, at: number): void {
    this.channel.deliver(this.newsOf(name, at), { host });
  }

  private newsOf(jobName: string, at: number): JobNotification {
    return {
      jobId: toJobId(''),
      jobName,
      nextRunAt: new Date(at),
      priority: 0,
      timestamp: new Date(this.now()),
    };
  }
}

/** Of several names the news goes out in their order. */
export const inOrder = (times: ReadonlyMap<string, number>): [string, number][] =>
  [...times].sort(([a], [b]) => (a < b ? -1 : 1));

function byExpiry(a: StoredJob, b: StoredJob): number {
  return a.lease!.expiresAt - b.lease!.expiresAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}
