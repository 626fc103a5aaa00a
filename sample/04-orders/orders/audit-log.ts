import { Injectable } from '@nestjs/common';
import { JobContext } from 'nestjs-agenda-redis';
import { Narrator } from '../narrator.js';

/** Is handed neither the job nor the tenant: it asks in which run it was called. */
@Injectable()
export class AuditLog {
  constructor(private readonly narrator: Narrator) {}

  write(what: string): void {
    const run = JobContext.current();
    this.narrator.tell(`audit: ${run?.headers.tenant}'s ${run?.job.name} ${what}`);
  }
}
