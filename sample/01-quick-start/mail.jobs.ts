import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { JobHandler, type Job } from 'nestjs-agenda-redis';

export interface Recipient {
  name: string;
  email: string;
}

/** Handlers are methods of ordinary providers: they may inject whatever the application has. */
@Injectable()
export class MailJobs {
  private readonly logger = new Logger(MailJobs.name);

  @JobHandler('send-welcome', { concurrency: 10, timeout: '30s', attempts: 3, backoff: '1s' })
  async sendWelcome(job: Job<Recipient>): Promise<void> {
    await this.send(job, `Welcome, ${job.data.name}!`);
  }

  @JobHandler('send-tips')
  async sendTips(job: Job<Recipient>): Promise<void> {
    await this.send(job, `Three tips for you, ${job.data.name}`);
  }

  /** A real mailer takes the signal too: it fires when the job is cancelled or its time is over. */
  private async send(job: Job<Recipient>, subject: string): Promise<void> {
    await wait(100, undefined, { signal: job.signal });
    this.logger.log(`${job.name}: "${subject}" to ${job.data.email}`);
  }
}
