import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditLog } from './audit-log.js';

/** Knows nothing of jobs. */
@Injectable()
export class Warehouse {
  constructor(private readonly audit: AuditLog) {}

  async take(item: string, quantity: number): Promise<void> {
    await wait(20);
    this.audit.write(`took ${quantity} ${item}`);
  }
}
