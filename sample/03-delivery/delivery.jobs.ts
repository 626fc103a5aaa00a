import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from 'nestjs-agenda-redis';
import { Narrator } from './narrator.js';

@Injectable()
export class DeliveryJobs {
  constructor(private readonly narrator: Narrator) {}

  @JobHandler('greet')
  greet(job: Job<{ name: string }>): void {
    this.narrator.tell(`greet: hello, ${job.data.name}!`);
  }

  /** Fails once. */
  @JobHandler('fetch-rates', { attempts: 3, backoff: '200 ms' })
  fetchRates(job: Job): void {
    if (job.attempt === 1) throw new Error('the bank does not answer');
  }

  /** Fails until somebody sees to the card. */
  @JobHandler('charge', { attempts: 3, backoff: { type: 'exponential', delay: '200 ms' } })
  charge(job: Job<{ card: string }>): void {
    if (job.data.card === 'expired') throw new Error('the card has expired');
  }
}
