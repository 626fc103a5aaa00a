import { Inject, Injectable } from '@nestjs/common';
import type { AddBody, Changed } from '../api/index.js';
import { DashboardInstance } from '../dashboard-instance.js';
import { Redaction } from '../redact/redaction.js';

/** Adds jobs by hand. */
@Injectable()
export class AddedJobs {
  constructor(
    @Inject(DashboardInstance) private readonly instance: DashboardInstance,
    @Inject(Redaction) private readonly redaction: Redaction,
  ) {}

  /** @throws InvalidJobError, InvalidDataError, InvalidOptionError, InvalidScheduleError, QueueFullError */
  async add({ name, data, runAt, priority }: AddBody): Promise<Changed> {
    const { scheduler } = this.instance;
    // Copied from a job that is shown, it would store the mask.
    const given = this.redaction.restored(data, undefined);
    const options = priority === undefined ? {} : { priority };
    const job =
      runAt === undefined
        ? await scheduler.now(name, given, options)
        : await scheduler.schedule(runAt, name, given, options);
    return { id: job.id, outcome: 'ok' };
  }
}
