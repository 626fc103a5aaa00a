import type { AskedFacts, Failure, HappenedFacts, JobRecord } from '../core/job/job-record.js';

/** What a save rewrites; `data` is JSON text, so that nobody outside shares an object with the store. */
export interface Asked extends Omit<AskedFacts, 'id' | 'name' | 'createdAt' | 'data'> {
  data: string | undefined;
}

/** What settlements and rescues write; `result` is JSON text. */
export interface Happened extends Omit<HappenedFacts, 'lockedAt' | 'result'> {
  result: string | undefined;
}

/** Who runs a job, and until when. */
export interface HeldLease {
  readonly token: string;
  readonly fence: number;
  readonly host: string;
  readonly lockedAt: number;
  expiresAt: number;
  /** A run time that was saved while the job runs. */
  pending: number | null;
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
  /** The key that leads here, for a `single` job. */
  readonly key?: string | undefined;
}

/** One job as it lies in the maps: two halves of facts, and a lease while it runs. */
export class StoredJob {
  lease: HeldLease | undefined;

  constructor(
    readonly birth: Birth,
    public asked: Asked,
    readonly happened: Happened,
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

  /** What earlier runs used up is not held against the next ones. */
  beginAnew(): void {
    const { happened } = this;
    happened.attempt = 0;
    happened.rescueCount = 0;
    happened.releaseCount = 0;
  }

  /** A copy for the outside. */
  toRecord(): JobRecord {
    const { asked, happened, lease } = this;
    return {
      id: this.id,
      name: this.name,
      createdAt: this.birth.createdAt,
      ...asked,
      data: parsed(asked.data),
      repeat: copied(asked.repeat),
      overrides: copied(asked.overrides),
      ...happened,
      lockedAt: lease?.lockedAt ?? null,
      lastRunAt: lease?.lockedAt ?? happened.lastRunAt,
      failure: copied(happened.failure),
      result: parsed(happened.result),
    };
  }
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
    occurrenceAt: null,
    failure: null,
    result: undefined,
  };
}

/** Through JSON and back: a value that nobody else holds, as it would come out of Redis. */
export function copied<T extends object | Failure | null>(value: T): T {
  return value === null ? value : (JSON.parse(JSON.stringify(value)) as T);
}

function parsed(text: string | undefined): unknown {
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
