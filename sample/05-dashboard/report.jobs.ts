import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Every, JobHandler, type Job } from 'nestjs-agenda-redis';

/** What happens by the calendar. */
@Injectable()
export class ReportJobs {
  @JobHandler('sales-report')
  @Every('0 7 * * 1-5', { timezone: 'Europe/Berlin' })
  async sales(job: Job): Promise<string> {
    await wait(2_000, undefined, { signal: job.signal });
    return 'sales.xlsx';
  }

  @JobHandler('stock-count')
  @Every('30 2 1 * *', { timezone: 'America/New_York' })
  async countStock(job: Job): Promise<void> {
    await wait(5_000, undefined, { signal: job.signal });
  }

  @JobHandler('refresh-prices')
  @Every('30 seconds')
  async refreshPrices(job: Job): Promise<{ prices: number }> {
    await wait(1_500, undefined, { signal: job.signal });
    return { prices: 1_204 };
  }
}
