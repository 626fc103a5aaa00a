import { HISTORY_LENGTH, toldByRecord, type HistoryEntry } from '../core/job/attempt-history.js';
import type { DebounceWindow } from '../core/job/debounce.js';
import type {
  AskedFacts,
  Failure,
  HappenedFacts,
  JobRecord,
  NewJob,
} from '../core/job/job-record.js';
import { JobOutput } from './job-output.js';
import type { Clock } from './manual-clock.js';

/** What a save rewrites; `data` is JSON text, so that nobody outside shares an object with the store. */
export interface Asked extends Omit<AskedFacts, 'id' | 'name' | 'createdAt' | 'data'> {
  data: string | undefined;
}

/** What settlements and rescues write; `result` is JSON text. */
export interface Happened extends Omit<HappenedFacts, 'lockedAt' | 'result' | 'debounceStartedAt'> {
  result: string | undefined;
  /** The newest debounce window; whether it is still open, see `openWindow`. */
  window: DebounceWindow | null;
}

/** Who has a job, and until when. */
export interface HeldLease {
  /**
   * `run`: of a host, whose claim is the start. `claimed`, `started`: of a row that was handed out
   * through the repository. `locked`: a lock that came with a row; nobody holds it, and it never expires.
   */
  phase: 'run' | 'claimed' | 'started' | 'locked';
  /** Empty for a lock. */
  readonly token: string;
  readonly fence: number;
  readonly host: string;
  /** Of a host: when it claimed. Of a row: when it last said that it is alive. */
  lockedAt: number;
  expiresAt: number;
  /** A run time that was saved while the job runs. */
  pending: number | null;
  /** Of a row: the time it goes back to, when this run does not count. */
  readonly planned: number | null;
}

/** The rows of a job's birth, which nothing changes afterwards. */
export interface Birth {
  readonly id: string;
  readonly name: string;
  /** Insertion order. */
  readonly seq: number;
  readonly createdAt: number;
  /** Given by a producer, to know its own call again. */
  readonly nonce?: string | undefined;
  /** The key that leads here: of a `single` or `unique` job, or an idempotency key that it carries. */
  readonly key?: string | undefined;
  /** Its end frees the key. */
  readonly freesKey?: boolean | undefined;
}

/** One job as it lies in the maps: two halves of facts, and a lease while it runs. */
export class StoredJob {
  lease: HeldLease | undefined;
  /** Of one that stands in front for its key: since when it does, by which keys take turns. */
  turn: number | undefined;
  /** Of one that has ended: its place among the others, by the time of its end. */
  standsSince = 0;
  /** What its handlers have logged. */
  readonly output = new JobOutput();
  /** How its newest attempts ended, the newest last. */
  private entries: readonly HistoryEntry[] = [];

  constructor(
    readonly birth: Birth,
    public asked: Asked,
    readonly happened: Happened,
    private readonly clock: Clock,
  ) {}

  get id(): string {
    return this.birth.id;
  }

  get name(): string {
    return this.birth.name;
  }

  /** Whether the newest end was a failure, as `computeState` judges it. */
  get hasFailed(): boolean {
    const { failedAt, lastFinishedAt } = this.happened;
    return failedAt !== null && failedAt >= (lastFinishedAt ?? 0);
  }

  /** When it ended last; `null` when it never has. */
  get endedAt(): number | null {
    return this.hasFailed ? this.happened.failedAt : this.happened.lastFinishedAt;
  }

  /** Failed for good, and kept for people. */
  get isDead(): boolean {
    return !this.lease && this.happened.nextRunAt === null && this.hasFailed;
  }

  /** When the run under way was planned for; without one, when the next is. */
  get plannedAt(): number | null {
    const { lease, happened } = this;
    return lease?.phase === 'started' ? lease.planned : happened.nextRunAt;
  }

  /** A change now concerns the next run: this one has begun, or so it seems. */
  get isUnderWay(): boolean {
    return this.lease !== undefined && this.lease.phase !== 'claimed';
  }

  /**
   * The debounce window that is open. A trailing one is over when a run began after it was opened; one
   * that is opened while a run is under way belongs to the next.
   */
  get openWindow(): DebounceWindow | null {
    const { lease } = this;
    const { window, nextRunAt } = this.happened;
    if (!window) return null;
    if (window.kind === 'leading') return window.endsAt > this.clock.now() ? window : null;
    const hasRun = lease ? this.isOverBy(lease) : nextRunAt === null;
    return hasRun ? null : window;
  }

  /** A run of a host has ended, with which a window that was open at its claim is over. */
  closeWindow(lease: HeldLease): void {
    if (this.isOverBy(lease)) this.happened.window = null;
  }

  private isOverBy({ phase, lockedAt }: HeldLease): boolean {
    const { window } = this.happened;
    return phase === 'run' && window?.kind !== 'leading' && lockedAt > (window?.startedAt ?? 0);
  }

  /** How its newest attempts ended, the newest last; a first run that ended it well is told by its facts alone. */
  get history(): readonly HistoryEntry[] {
    if (this.entries.length > 0) return this.entries;
    const told = toldByRecord(this.happened);
    return told ? [told] : [];
  }

  /** @param before - its history until now: what the facts told is written down with the first entry */
  chronicle(before: readonly HistoryEntry[], entry: HistoryEntry): void {
    this.entries = [...before, entry].slice(-HISTORY_LENGTH);
  }

  /** @param version - that of the data; left out, it is as before */
  takeData(data: string | undefined, version?: number): void {
    const { asked } = this;
    asked.data = data;
    if (version === undefined) return;
    if (version > 1) asked.version = version;
    else delete asked.version;
  }

  /** What earlier runs used up is not held against the next ones. */
  beginAnew(): void {
    const { happened } = this;
    happened.attempt = 0;
    happened.rescueCount = 0;
    happened.releaseCount = 0;
    happened.snoozeCount = 0;
  }

  /** A copy for the outside. */
  toRecord(): JobRecord {
    const { asked, lease, openWindow } = this;
    const { window: _, ...happened } = this.happened;
    return {
      id: this.id,
      name: this.name,
      createdAt: this.birth.createdAt,
      ...asked,
      data: parsed(asked.data),
      repeat: copied(asked.repeat),
      overrides: copied(asked.overrides),
      ...(asked.context && { context: { ...asked.context } }),
      ...happened,
      lockedAt: lease?.lockedAt ?? null,
      lastRunAt: lease?.phase === 'run' ? lease.lockedAt : happened.lastRunAt,
      failure: copied(happened.failure),
      progress: structuredClone(happened.progress),
      result: parsed(happened.result),
      // An overdue window is nobody's business any more: its run is due.
      debounceStartedAt: openWindow?.kind === 'overdue' ? null : (openWindow?.startedAt ?? null),
    };
  }
}

/** What few jobs have beside their data. */
export function givenAlong({
  version,
  context = {},
}: Pick<NewJob, 'version' | 'context'>): Pick<Asked, 'version' | 'context'> {
  return {
    ...versioned(version),
    ...(Object.keys(context).length > 0 && { context: { ...context } }),
  };
}

/** The first version is left out. */
export function versioned(version = 1): Pick<Asked, 'version'> {
  return version > 1 ? { version } : {};
}

export function nothingHappened(nextRunAt: number | null): Happened {
  return {
    nextRunAt,
    lastRunAt: null,
    lastFinishedAt: null,
    failedAt: null,
    attempt: 0,
    failCount: 0,
    rescueCount: 0,
    releaseCount: 0,
    snoozeCount: 0,
    occurrenceAt: null,
    failure: null,
    result: undefined,
    progress: null,
    window: null,
  };
}

/** Through JSON and back: a value that nobody else holds, as it would come out of Redis. */
export function copied<T extends object | Failure | null>(value: T): T {
  return value === null ? value : (JSON.parse(JSON.stringify(value)) as T);
}

function parsed(text: string | undefined): unknown {
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
