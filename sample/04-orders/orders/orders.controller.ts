import { Body, Controller, Post, UseFilters } from '@nestjs/common';
import { JobScheduler, type InputOf } from 'nestjs-agenda-redis';
import { InvalidDataFilter } from './invalid-data.filter.js';
import { packOrder } from './pack-order.js';

@Controller('orders')
@UseFilters(InvalidDataFilter)
export class OrdersController {
  constructor(private readonly scheduler: JobScheduler) {}

  /** Checks nothing itself: the token's schema does, before anything is written. */
  @Post()
  async place(@Body() order: InputOf<typeof packOrder>): Promise<{ job: string }> {
    const job = await this.scheduler.now(packOrder, order);
    return { job: job.id };
  }
}
