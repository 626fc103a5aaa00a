import type {
  JobRetryStatus,
  JobState,
  QueueJob,
  QueueJobJson,
} from '@bull-board/api/dist/types.js';
import type { Job, JobInspection, Priority } from '../core/index.js';
import type { BoardStore } from './board-store.js';
import { RefusedByStateError } from './refused-by-state-error.js';
import { stateOf } from './states.js';

/** A job as the board knows jobs. What it does is judged by the store when it is done. */
export class BoardJob implements QueueJob {
  readonly id: string;
  readonly opts: { delay?: number };

  /** @param inspection - all that is known of it, where that was read */
  constructor(
    private readonly store: BoardStore,
    readonly job: Job,
    private readonly inspection?: JobInspection,
  ) {
    this.id = job.id;
    this.opts = optionsOf(job);
  }

  async getState(): Promise<JobState> {
    const state = stateOf(this.job);
    return state === 'waiting' && (await this.store.isPaused(this.job.name)) ? 'paused' : state;
  }

  async promote(): Promise<void> {
    const answer = await this.store.change((scheduler) => scheduler.promote(this.id));
    if (answer !== 'ok') throw new RefusedByStateError(this.id, 'made due', answer);
  }

  /** A job that runs stays. */
  async remove(): Promise<void> {
    const isGone = await this.store.change((scheduler) =>
      scheduler.remove(this.id, { unlessRunning: true }),
    );
    if (!isGone) throw new RefusedByStateError(this.id, 'removed', 'it runs, or is gone');
  }

  /** Brings a dead letter back. Of a job that is completed, which stays so, another one like it is added. */
  async retry(state: JobRetryStatus = 'failed'): Promise<void> {
    if (state === 'completed') {
      await this.store.change((scheduler) => scheduler.runAgain(this.id));
      return;
    }
    const { outcome } = await this.store.change((scheduler) => scheduler.requeue(this.id));
    if (outcome !== 'ok') throw new RefusedByStateError(this.id, 'brought back', outcome);
  }

  updateData(data: Record<string, unknown>): Promise<void> {
    return this.change({ data });
  }

  changeDelay(delay: number): Promise<void> {
    return this.change({ nextRunAt: new Date(Date.now() + delay) });
  }

  changePriority({ priority = 0 }: { priority?: number }): Promise<void> {
    return this.change({ priority });
  }

  toJSON(): QueueJobJson {
    const { job, opts, inspection } = this;
    const state = stateOf(job);
    const hasEnded = state === 'completed' || state === 'failed';
    const hasFailed = job.state === 'failed';
    const failure = hasFailed ? inspection?.failure : undefined;
    const host = inspection?.lease?.host;
    return {
      id: job.id,
      name: job.name,
      data: job.data ?? null,
      opts,
      timestamp: job.createdAt.getTime(),
      ...(opts.delay !== undefined && { delay: opts.delay }),
      processedOn: timeOf(job.lockedAt ?? job.lastRunAt),
      ...(host && { processedBy: host }),
      finishedOn: hasEnded ? timeOf(hasFailed ? job.failedAt : job.lastFinishedAt) : null,
      progress: progressOf(job.progress()),
      attemptsMade: job.attempt,
      failedReason: hasFailed ? (job.failReason ?? '') : '',
      stacktrace: failure?.stack ? [failure.stack] : [],
      returnvalue: job.result ?? null,
      ...(job.attrs.priority !== 0 && { priority: job.attrs.priority }),
      ...(job.rescueCount > 0 && { stalledCounter: job.rescueCount }),
    };
  }

  private async change(update: {
    data?: unknown;
    nextRunAt?: Date;
    priority?: Priority;
  }): Promise<void> {
    const answer = await this.store.change((scheduler) => scheduler.update(this.id, update));
    if (answer === 'not-found' || answer === 'ended') {
      throw new RefusedByStateError(this.id, 'changed', answer);
    }
  }
}

/** What the board shows as options; when it is to run it works out from the delay. */
function optionsOf(job: Job): { delay?: number } {
  const { key, tags, nextRunAt, createdAt, repeatInterval, repeatTimezone } = job;
  const isAhead = stateOf(job) === 'delayed' && nextRunAt !== null;
  return {
    ...(isAhead && { delay: Math.max(nextRunAt.getTime() - createdAt.getTime(), 0) }),
    ...(job.attrs.priority !== 0 && { priority: job.attrs.priority }),
    ...(key !== undefined && { key }),
    ...(tags.length > 0 && { tags }),
    ...(repeatInterval !== undefined && { repeat: { every: repeatInterval, tz: repeatTimezone } }),
  };
}

const timeOf = (date: Date | null): number | null => date?.getTime() ?? null;

/** The board knows numbers, texts and objects. */
function progressOf(progress: unknown): string | boolean | number | object {
  if (progress === undefined || progress === null) return 0;
  return Array.isArray(progress) ? Object.assign({}, progress) : progress;
}
