import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { JobHandler, NonRetryableError, type Job } from '../../../../lib/index.js';

/** A job name that would like to be markup. */
export const HOSTILE = '<img src=x onerror=alert(1)>';

/** What a job of the tests does is said by its data. */
export interface Deed {
  readonly fate?: 'completes' | 'dies' | 'retries' | 'runs';
  readonly log?: readonly string[];
  readonly progress?: unknown;
  readonly result?: unknown;
  /** The message of its error. */
  readonly error?: string;
}

/** The handlers of the tests. Jobs named `import-orders` have none: they wait. */
@Injectable()
export class Workshop implements BeforeApplicationShutdown {
  private readonly closing = new AbortController();

  @JobHandler('send-mail', { concurrency: 10 })
  sendMail(job: Job<Deed | null>): Promise<unknown> {
    return this.live(job);
  }

  @JobHandler('charge-card', { attempts: 3, backoff: '1 hour', concurrency: 10 })
  chargeCard(job: Job<Deed | null>): Promise<unknown> {
    return this.live(job);
  }

  @JobHandler('render-video', { concurrency: 10 })
  renderVideo(job: Job<Deed | null>): Promise<unknown> {
    return this.live(job);
  }

  @JobHandler('nightly-report')
  nightlyReport(job: Job<Deed | null>): Promise<unknown> {
    return this.live(job);
  }

  @JobHandler(HOSTILE, { attempts: 3, backoff: '1 hour', concurrency: 10 })
  hostile(job: Job<Deed | null>): Promise<unknown> {
    return this.live(job);
  }

  beforeApplicationShutdown(): void {
    this.closing.abort();
  }

  private async live(job: Job<Deed | null>): Promise<unknown> {
    const { fate, log = [], progress, result, error = 'the card has expired' } = job.data ?? {};
    for (const line of log) job.log(line);
    if (progress !== undefined) job.progress(progress);
    if (fate === 'dies') throw new NonRetryableError(error);
    if (fate === 'retries') throw new Error(error);
    if (fate === 'runs') await untilAborted(AbortSignal.any([job.signal, this.closing.signal]));
    return result;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
