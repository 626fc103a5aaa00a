import { isDeepStrictEqual } from 'node:util';
import type { JobRepositoryOptions } from '../core/contracts/job-repository.js';
import { debounced, type DebounceWindow } from '../core/job/debounce.js';
import { QueueFullError } from '../core/errors.js';
import { isRecurring } from '../core/job/job-state.js';
import { leadingField, type AskedRow, type AskedUnique } from '../core/job/job-row.js';
import { newIdAmong, sharedByRow } from '../core/job/placement.js';
import { fullQueue } from './enqueue.js';
import type { MemoryStore } from './memory-store.js';
import { withdraw } from './rescue.js';
import { plainLock } from './row-claim.js';
import { isSameFailure } from './row-states.js';
import { givenAlong, nothingHappened, StoredJob, versioned, type Asked } from './stored-job.js';

/** What a save does to the time of its job. */
interface NewTime {
  /** Of a job that does not run: when it runs next. */
  readonly at: number | null;
  /** Of one that runs: when it runs again; left out, as it would without the save. */
  readonly again?: number;
}

/**
 * One save: it finds its job by id, by the key of a `single` or `unique` row, or makes one. A waiting
 * job moves with the save. Of a row that is handed out and not started the change counts, and the
 * claim is void. Of one that runs the time is kept for afterwards.
 */
export class RowSave {
  /** Whether it made a new job. */
  hasInserted = false;

  constructor(
    private readonly store: MemoryStore,
    private readonly row: AskedRow,
    private readonly lastModifiedBy: string | null,
    private readonly beside: Pick<JobRepositoryOptions, 'key' | 'version' | 'context'>,
  ) {}

  /**
   * The job as stored afterwards; `undefined` when there is none with that id and name.
   *
   * @throws QueueFullError
   */
  run(): StoredJob | undefined {
    const { store, row } = this;
    if (row.id !== undefined) return this.update(row.id);
    const field = leadingField(row);
    const inPlace = field === undefined ? undefined : store.jobs.get(store.keys.get(field) ?? '');
    if (!inPlace) return this.insert(field);
    if (row.unique) this.match(inPlace, row.unique);
    else this.upsert(inPlace);
    return inPlace;
  }

  private update(id: string): StoredJob | undefined {
    const { row } = this;
    const job = this.store.jobs.get(id);
    if (!job || job.name !== row.name) return undefined;
    const { nextRunAt: at } = row;
    // A row that is read, changed and saved brings its old time along: that is no wish.
    const isOld = at === job.happened.nextRunAt || at === job.plannedAt;
    const isFree = job.lease === undefined;
    this.rewrite(job, isOld ? { at } : wish(at), () => {
      if (isFree) this.mend(job);
    });
    return job;
  }

  private upsert(job: StoredJob): void {
    this.rewrite(
      job,
      this.keepsTime(job) ? { at: job.happened.nextRunAt } : wish(this.row.nextRunAt),
    );
  }

  private match(job: StoredJob, { insertOnly, debounce }: AskedUnique): void {
    if (!debounce) {
      if (!insertOnly) this.rewrite(job, wish(this.row.nextRunAt));
      return;
    }
    const { nextRunAt, window } = debounced(debounce, {
      now: this.store.now(),
      window: job.openWindow,
      planned: job.isUnderWay ? job.lease!.pending : job.happened.nextRunAt,
      given: this.row.nextRunAt,
    });
    this.rewrite(job, wish(nextRunAt), () => {
      job.happened.window = window;
    });
  }

  private insert(field: string | undefined): StoredJob {
    const { store, row } = this;
    const { key } = this.beside;
    this.expectRoom();
    const now = store.now();
    const { lockedAt, debounceStartedAt, ...past } = row.happened;
    const { nextRunAt } = row;
    const first = row.unique?.debounce
      ? debounced(row.unique.debounce, { now, window: null, planned: null, given: nextRunAt })
      : { nextRunAt, window: windowSince(debounceStartedAt) };
    const job = new StoredJob(
      {
        id: newIdAmong(sharedByRow(row.name, { key, field })[0]),
        name: row.name,
        seq: store.nextSeq(),
        createdAt: now,
        key: field,
      },
      {
        ...this.asked(row.disabled ?? false),
        ...(key !== undefined && { key }),
        ...givenAlong(this.beside),
      },
      { ...nothingHappened(nextRunAt), ...past, ...first },
      store,
    );
    store.jobs.set(job.id, job);
    this.hasInserted = true;
    if (field !== undefined) store.keys.set(field, job.id);
    if (lockedAt === null) store.place(job, first.nextRunAt);
    else store.startLease(job, plainLock(lockedAt, null));
    store.events.enqueued(job);
    return job;
  }

  /** Recurring jobs are not asked. */
  private expectRoom(): void {
    const { name, repeat } = this.row;
    const full = isRecurring({ repeat }) ? undefined : fullQueue(this.store, name);
    if (full) throw new QueueFullError(name, full.maxQueued, full.queued);
  }

  /** @param changeRest - what else changes in this step, while the job stands nowhere */
  private rewrite(job: StoredJob, time: NewTime, changeRest: () => void = () => {}): void {
    const { store } = this;
    const asked = {
      ...this.asked(this.row.disabled ?? job.asked.disabled),
      ...kept(job),
      ...versioned(this.versionFor(job)),
    };
    if (job.lease?.phase === 'claimed') {
      if (time.at === job.happened.nextRunAt && isDeepStrictEqual(asked, job.asked)) return;
      withdraw(store, job);
    }
    if (!job.lease) store.displace(job);
    job.asked = asked;
    changeRest();
    if (job.lease) {
      job.lease.pending = time.again ?? job.lease.pending;
      return;
    }
    const hadEnded = job.happened.nextRunAt === null;
    if (hadEnded && time.at !== null) job.beginAnew();
    store.place(job, time.at);
    if (time.at === null && !hadEnded) store.endOwnWay(job, job.hasFailed ? 'dead' : 'completed');
  }

  /** What was read and is brought back unchanged is still what it was. */
  private versionFor({ asked }: StoredJob): number | undefined {
    const bringsItBack = this.row.id !== undefined && this.row.data === asked.data;
    return bringsItBack ? asked.version : this.beside.version;
  }

  private asked(disabled: boolean): Asked {
    const { data, priority, type, repeat, repeatOrigin, fork } = this.row;
    const { lastModifiedBy } = this;
    const origin = repeatOrigin === undefined ? {} : { repeatOrigin };
    const rule = { type, repeat, ...origin };
    return { data, priority, disabled, ...rule, overrides: null, lastModifiedBy, fork };
  }

  /** People mend failed jobs by writing what is told of their failures. */
  private mend({ happened }: StoredJob): void {
    const { failure, ...rest } = this.row.failures;
    const told = { failure: happened.failure, failedAt: happened.failedAt, ...this.row.failures };
    if (failure !== undefined && !isSameFailure(happened, told)) happened.failure = failure;
    Object.assign(happened, rest);
  }

  /** Saving an unchanged rule again moves nothing, least of all a run that is due. */
  private keepsTime(job: StoredJob): boolean {
    const { repeat, nextRunAt } = this.row;
    if (job.plannedAt === null) return false;
    if (repeat) return JSON.stringify(job.asked.repeat) === JSON.stringify(repeat);
    return !job.asked.repeat && nextRunAt !== null && nextRunAt <= this.store.now();
  }
}

/** What no row tells of. A job that has ended and is to run again expires no more. */
function kept({ asked, lease, happened }: StoredJob): Partial<Asked> {
  const { overrides, key, first, tags, expiresAt, context } = asked;
  const stillExpires = lease !== undefined || happened.nextRunAt !== null;
  return {
    overrides,
    ...(key !== undefined && { key }),
    ...(first && { first }),
    ...(tags && { tags }),
    ...(context && { context }),
    ...(stillExpires && expiresAt !== undefined && { expiresAt }),
  };
}

/** A time that somebody wants, also if it is planned already. */
const wish = (at: number | null): NewTime => (at === null ? { at } : { at, again: at });

const windowSince = (startedAt: number | null): DebounceWindow | null =>
  startedAt === null ? null : { kind: 'trailing', startedAt };

/** Disables or enables. A row that is handed out and not started goes back. */
export function setDisabled(store: MemoryStore, job: StoredJob, disabled: boolean): void {
  if (job.asked.disabled === disabled) return;
  if (job.lease?.phase === 'claimed') withdraw(store, job);
  if (!job.lease) store.displace(job);
  job.asked.disabled = disabled;
  if (!job.lease) store.place(job, job.happened.nextRunAt);
}
