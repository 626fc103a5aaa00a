import type { JobParameters } from '../../../lib/core/contracts/job-parameters.js';
import type { JobRepository } from '../../../lib/core/contracts/job-repository.js';
import { START, type OpenBackend } from './backends.js';

/** So many ms after the beginning of the test. */
export const at = (ms: number): Date => new Date(START + ms);

/** A row as Agenda makes it: named `mail`, due at once. */
export function newRow(asked: Partial<JobParameters> = {}): JobParameters {
  return {
    name: 'mail',
    priority: 0,
    nextRunAt: at(0),
    type: 'normal',
    data: undefined,
    ...asked,
  };
}

/** How long Agenda's engine lets a handler be silent, unless told otherwise. */
export const LOCK_LIFETIME = 600_000;

interface Scan {
  name?: string;
  /** How far it looks ahead, in ms. */
  aheadMs?: number;
  lockLifetimeMs?: number;
  /** How far its clock is ahead of the store's, in ms. */
  clockIsAheadMs?: number;
}

/** Agenda's own engine in one process, as far as storage sees it. */
export class AgendaWorker {
  constructor(
    private readonly store: Pick<OpenBackend, 'clock' | 'repository'>,
    readonly repository: JobRepository = store.repository,
  ) {}

  /** Another process on the same store. */
  static async another(store: OpenBackend): Promise<AgendaWorker> {
    return new AgendaWorker(store, (await store.anotherBackend()).repository);
  }

  next({
    name = 'mail',
    aheadMs = 0,
    lockLifetimeMs = LOCK_LIFETIME,
    clockIsAheadMs = 0,
  }: Scan = {}): Promise<JobParameters | undefined> {
    const now = this.store.clock.now() + clockIsAheadMs;
    return this.repository.getNextJobToRun(
      name,
      new Date(now + aheadMs),
      new Date(now - lockLifetimeMs),
      new Date(now),
    );
  }

  /** Fails when there is nothing to claim. */
  async claim(scan: Scan = {}): Promise<JobParameters> {
    const row = await this.next(scan);
    if (!row) throw new Error('Nothing to claim');
    return row;
  }

  /** All that it can get at once. */
  async claimAll(scan: Scan = {}): Promise<JobParameters[]> {
    const rows: JobParameters[] = [];
    for (let row = await this.next(scan); row; row = await this.next(scan)) rows.push(row);
    return rows;
  }

  /** The opening write; a job that runs once has no next time. */
  async start(row: JobParameters, nextRunAt: Date | null = null): Promise<JobParameters> {
    const started = { ...row, lastRunAt: this.now(), nextRunAt };
    await this.repository.saveJobState(started);
    return started;
  }

  async claimAndStart(scan: Scan = {}): Promise<JobParameters> {
    return this.start(await this.claim(scan));
  }

  async touch(row: JobParameters, progress?: number): Promise<void> {
    const { progress: _, ...rest } = row;
    const touched = { ...rest, lockedAt: this.now() };
    await this.repository.saveJobState(progress === undefined ? touched : { ...touched, progress });
  }

  /** The closing write of a run that went well. */
  async succeed(row: JobParameters): Promise<void> {
    await this.repository.saveJobState({ ...ended(row), lastFinishedAt: this.now(), failCount: 0 });
  }

  /** The closing write of a run that failed. */
  async fail(
    row: JobParameters,
    message: string,
    nextRunAt: Date | null = row.nextRunAt,
  ): Promise<void> {
    await this.repository.saveJobState({
      ...ended(row),
      nextRunAt,
      lastFinishedAt: this.now(),
      failedAt: this.now(),
      failReason: message,
      failCount: (row.failCount ?? 0) + 1,
    });
  }

  private now(): Date {
    return new Date(this.store.clock.now());
  }
}

function ended(row: JobParameters): JobParameters {
  const { lockedAt: _, ...rest } = row;
  return rest;
}
