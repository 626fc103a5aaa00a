import { Injectable } from '@nestjs/common';
import { OnJobEvent, type JobCompletedEvent, type JobFailedEvent } from 'nestjs-agenda-redis';

export interface FinishedJob {
  id: string;
  name: string;
  outcome: 'completed' | 'failed';
  durationMs: number;
  finishedAt: Date;
  error?: string;
}

const KEPT = 20;

/** Remembers the jobs that this process finished last. */
@Injectable()
export class RecentJobs {
  private readonly finished: FinishedJob[] = [];

  /** The newest first. */
  list(): readonly FinishedJob[] {
    return this.finished;
  }

  @OnJobEvent('completed')
  onCompleted({ job, durationMs }: JobCompletedEvent): void {
    this.remember({
      id: job.id,
      name: job.name,
      outcome: 'completed',
      durationMs: Math.round(durationMs),
      finishedAt: new Date(),
    });
  }

  @OnJobEvent('failed')
  onFailed({ job, durationMs, error }: JobFailedEvent): void {
    this.remember({
      id: job.id,
      name: job.name,
      outcome: 'failed',
      durationMs: Math.round(durationMs),
      finishedAt: new Date(),
      error: error.message,
    });
  }

  private remember(job: FinishedJob): void {
    this.finished.unshift(job);
    this.finished.splice(KEPT);
  }
}
