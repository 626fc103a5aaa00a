import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from 'nestjs-agenda-redis';

export interface Email {
  to: string;
  subject: string;
}

@Injectable()
export class EmailJobs {
  /** The provider takes ten mails a second, from all our processes together. */
  @JobHandler('email', {
    concurrency: 5,
    rateLimit: { max: 10, per: '1 second' },
    attempts: 3,
    backoff: { type: 'exponential', delay: '1s', max: '1 hour', jitter: 0.2 },
    retention: { completed: { age: '24h', count: 100 }, failed: { count: 500 } },
  })
  async send(job: Job<Email>): Promise<string> {
    await wait(20, undefined, { signal: job.signal });
    return `${job.data.subject}, sent to ${job.data.to}`;
  }
}
