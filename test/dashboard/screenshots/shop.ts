import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { JobHandler, NonRetryableError, type Job } from '../../../lib/index.js';
import { until } from '../../nest/support.js';
import type { DashboardApp } from '../browser/support/dashboard-app.js';

interface Charge {
  readonly order: number;
  readonly customer: string;
  readonly amount: number;
}

/** What the pictures show: a shop that looks like one. */
@Injectable()
export class Shop implements BeforeApplicationShutdown {
  private readonly closing = new AbortController();

  @JobHandler('send-mail', { concurrency: 10 })
  sendMail(job: Job<{ to: string }>): { messageId: string } {
    return { messageId: `<${job.id}@shop.example>` };
  }

  /** Odd orders fail. */
  @JobHandler('charge-card', {
    attempts: 3,
    backoff: { type: 'exponential', delay: '400 ms' },
    concurrency: 5,
  })
  async charge(job: Job<Charge>): Promise<{ receipt: string }> {
    const { order, amount } = job.data;
    job.log(`asking the bank for ${amount} €`);
    await wait(150);
    if (order % 2 === 0) return { receipt: `R-${order}` };
    if (amount > 1_000) throw new NonRetryableError('The card has expired');
    throw new Error('The bank does not answer (504)');
  }

  @JobHandler('render-video', { concurrency: 4 })
  async render(job: Job<{ film: string; frames: number }>): Promise<void> {
    for (let frame = 1; frame <= 12; frame++) job.log(`frame ${frame * 100} of ${job.data.frames}`);
    job.progress(Math.round((1_200 / job.data.frames) * 100));
    await wait(600_000, undefined, {
      signal: AbortSignal.any([job.signal, this.closing.signal]),
    }).catch(() => undefined);
  }

  @JobHandler('nightly-report')
  report(): void {}

  @JobHandler('refresh-prices')
  refreshPrices(): void {}

  beforeApplicationShutdown(): void {
    this.closing.abort();
  }
}

/** Some of everything. @returns the id of a dead letter that has tried hard */
export async function openShop(app: DashboardApp): Promise<string> {
  const { scheduler } = app;
  const charge = (order: number, customer: string, amount: number) =>
    scheduler.now('charge-card', { order, customer, amount }, { tags: [customer] });
  const tried = await charge(4_711, 'ann', 129);
  const expired = await charge(4_713, 'bob', 2_400);
  await Promise.all([
    charge(4_712, 'carol', 18),
    charge(4_714, 'dan', 64),
    scheduler.now('render-video', { film: 'kettle-360.mov', frames: 3_000 }),
    scheduler.now('render-video', { film: 'teapot-360.mov', frames: 1_600 }),
    scheduler.now('import-orders', { file: 'orders-2026-11.csv', rows: 12_480 }),
    scheduler.now('import-orders', { file: 'orders-2026-12.csv', rows: 9_312 }),
    ...['ann', 'bob', 'carol', 'dan', 'erin', 'frank'].map((who) =>
      scheduler.now('send-mail', { to: `${who}@example.com`, template: 'receipt' }),
    ),
    scheduler.schedule('in 2 hours', 'send-mail', { to: 'erin@example.com', template: 'review' }),
    scheduler.every('0 7 * * 1-5', 'nightly-report', null, { timezone: 'Europe/Berlin' }),
    scheduler.every('30 2 1 * *', 'nightly-report', null, {
      key: 'month',
      timezone: 'America/New_York',
    }),
    scheduler.every('15 minutes', 'refresh-prices', null, { skipImmediate: true }),
    scheduler.pause('import-orders', { reason: 'the shop system is being moved', by: 'ann' }),
  ]);
  await Promise.all([tried, expired].map(({ id }) => app.untilJob(id, isDead)));
  await until(async () => (await app.counts('send-mail')).completed === 6);
  return tried.id;
}

const isDead = ({ deadReason }: { deadReason?: unknown }): boolean => deadReason !== undefined;
