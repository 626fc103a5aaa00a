import { Injectable, UseGuards, UseInterceptors } from '@nestjs/common';
import { JobHandler, JobScheduler, type DataOf, type Job } from 'nestjs-agenda-redis';
import { sendInvoice } from './invoice.js';
import { packOrder } from './pack-order.js';
import { shipParcel } from './ship-parcel.js';
import { Stopwatch } from './stopwatch.interceptor.js';
import { TenantIsOpen } from './tenant-is-open.guard.js';
import { Warehouse } from './warehouse.js';

const PRICE = 20;
const DAYS_TO_PAY = 14;

@Injectable()
@UseGuards(TenantIsOpen)
export class PackingJobs {
  constructor(
    private readonly warehouse: Warehouse,
    private readonly scheduler: JobScheduler,
  ) {}

  @JobHandler(packOrder, { attempts: 3, backoff: '1s' })
  @UseInterceptors(Stopwatch)
  async pack({ data }: Job<DataOf<typeof packOrder>>): Promise<void> {
    const { item, quantity, email } = data;
    await this.warehouse.take(item, quantity);
    const dueOn = new Date(Date.now() + DAYS_TO_PAY * 86_400_000);
    await this.scheduler.now(sendInvoice, { email, amount: quantity * PRICE, dueOn });
    await this.scheduler.now(shipParcel, { to: email, items: [{ name: item, quantity }] });
  }
}
