import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from 'nestjs-agenda-redis';
import { Narrator } from './narrator.js';

export interface Webhook {
  url: string;
  event: string;
}

const hostOf = ({ url }: Webhook): string => new URL(url).host;

@Injectable()
export class WebhookJobs {
  private readonly hadTrouble = new Set<string>();

  constructor(private readonly narrator: Narrator) {}

  /** Every host gets its events in their order. One that is down waits for itself, and keeps no other waiting. */
  @JobHandler('webhook', {
    concurrency: 10,
    timeout: '10s',
    attempts: 8,
    backoff: { type: 'exponential', delay: '2 seconds', max: '1 hour' },
    key: hostOf,
    keyOrder: 'fifo',
  })
  post({ attempt, data }: Job<Webhook>): void {
    const host = hostOf(data);
    if (host === 'shop.example' && !this.hadTrouble.has(host)) {
      this.hadTrouble.add(host);
      this.narrator.tell(`webhook: ${host} does not answer to ${data.event}`);
      throw new Error('503 Service Unavailable');
    }
    this.narrator.tell(`webhook: ${host} got ${data.event} (attempt ${attempt})`);
  }
}
