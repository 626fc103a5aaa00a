import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Every, JobHandler, JobScheduler, NonRetryableError, type Job } from 'nestjs-agenda-redis';

export interface Order {
  number: number;
  customer: string;
  card: string;
  amount: number;
}

const CUSTOMERS = ['ann', 'bob', 'carol', 'dan', 'erin', 'frank'];

/** A shop in which something happens all the time, so that there is something to see. */
@Injectable()
export class OrderJobs {
  constructor(private readonly scheduler: JobScheduler) {}

  /** Customers come as they like: a few orders every other second. */
  @JobHandler('customers-order')
  @Every('2 seconds')
  async order(): Promise<{ orders: number }> {
    const orders = randomInt(1, 5);
    for (let left = orders; left > 0; left--) {
      const order = newOrder();
      const tags = [order.customer];
      await this.scheduler.now('charge-card', order, { tags });
    }
    return { orders };
  }

  @JobHandler('charge-card', {
    concurrency: 4,
    attempts: 3,
    backoff: { type: 'exponential', delay: '5s', max: '1 minute', jitter: 0.2 },
    retention: { completed: { age: '1 hour', count: 2_000 } },
  })
  async charge(job: Job<Order>): Promise<{ receipt: string }> {
    const { number, customer, amount } = job.data;
    await wait(randomInt(50, 400), undefined, { signal: job.signal });
    if (happens(5)) throw new NonRetryableError(`The bank says no to ${customer}`);
    if (happens(15)) throw new Error('The bank does not answer');
    const tags = [customer];
    await this.scheduler.now('send-receipt', { number, customer, amount }, { tags });
    await this.scheduler.schedule('in 3 minutes', 'ask-for-review', { number, customer }, { tags });
    if (happens(10)) await this.scheduler.now('print-catalogue', { customer }, { tags });
    return { receipt: `R-${number}` };
  }

  @JobHandler('send-receipt', {
    concurrency: 3,
    rateLimit: { max: 5, per: '1 second' },
    retention: { completed: { age: '1 hour', count: 2_000 } },
  })
  async sendReceipt(job: Job<Pick<Order, 'number' | 'customer' | 'amount'>>): Promise<string> {
    job.log(`to ${job.data.customer}@example.com`);
    await wait(randomInt(20, 120), undefined, { signal: job.signal });
    return `R-${job.data.number}.pdf`;
  }

  /** It takes its time, and says how far it is. */
  @JobHandler('print-catalogue', { concurrency: 2, timeout: '2 minutes' })
  async printCatalogue(job: Job<{ customer: string }>): Promise<{ pages: number }> {
    const pages = randomInt(20, 60);
    for (let page = 1; page <= pages; page++) {
      await wait(400, undefined, { signal: job.signal });
      job.log(`page ${page} of ${pages}`);
      job.progress(Math.round((page / pages) * 100));
    }
    return { pages };
  }

  @JobHandler('ask-for-review')
  async askForReview(job: Job<Pick<Order, 'number' | 'customer'>>): Promise<string> {
    await wait(50, undefined, { signal: job.signal });
    return `${job.data.customer} was asked about order ${job.data.number}`;
  }
}

function newOrder(): Order {
  return {
    number: randomInt(100_000, 1_000_000),
    customer: CUSTOMERS[randomInt(CUSTOMERS.length)]!,
    card: `4000 0000 0000 ${randomInt(1_000, 10_000)}`,
    amount: randomInt(5, 200),
  };
}

function happens(percent: number): boolean {
  return randomInt(100) < percent;
}
