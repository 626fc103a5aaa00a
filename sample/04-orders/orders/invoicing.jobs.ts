import { Injectable, UsePipes, ValidationPipe } from '@nestjs/common';
import { JobData, JobHandler } from 'nestjs-agenda-redis';
import { Narrator } from '../narrator.js';
import { Invoice, sendInvoice } from './invoice.js';

@Injectable()
export class InvoicingJobs {
  constructor(private readonly narrator: Narrator) {}

  /** Data that is no `Invoice` will never be one: such a job is a dead letter without another attempt. */
  @JobHandler(sendInvoice, { attempts: 5, backoff: '1 minute' })
  @UsePipes(new ValidationPipe({ transform: true, whitelist: true }))
  send(@JobData() { email, amount, dueOn }: Invoice): void {
    const date = dueOn.toISOString().slice(0, 10);
    this.narrator.tell(`send-invoice: ${amount} € from ${email} by ${date}`);
  }
}
