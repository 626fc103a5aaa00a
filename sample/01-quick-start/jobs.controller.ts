import { Controller, Get } from '@nestjs/common';
import { JobScheduler, type StateCounts } from 'nestjs-agenda-redis';
import { RecentJobs, type FinishedJob } from './recent-jobs.js';

interface JobsReport {
  /** Of all names, by state. */
  counts: StateCounts;
  /** What this process finished last, the newest first. */
  last: readonly FinishedJob[];
}

@Controller('jobs')
export class JobsController {
  constructor(
    private readonly scheduler: JobScheduler,
    private readonly recent: RecentJobs,
  ) {}

  @Get()
  async report(): Promise<JobsReport> {
    return { counts: await this.scheduler.total(), last: this.recent.list() };
  }
}
