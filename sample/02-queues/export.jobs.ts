import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from 'nestjs-agenda-redis';
import { Files } from './files.js';

export interface Export {
  user: string;
}

@Injectable()
export class ExportJobs {
  constructor(private readonly files: Files) {}

  /** Heavy: two at once in all processes together. Who asked waits for its result, or looks at its progress. */
  @JobHandler('export', { globalConcurrency: 2, attempts: 2, timeout: '30 minutes' })
  async write(job: Job<Export>): Promise<{ file: string }> {
    const file = `${job.data.user}.csv`;
    for (const percent of [25, 50, 75, 100]) {
      await wait(30, undefined, { signal: job.signal });
      job.progress(percent);
    }
    this.files.add(file);
    return { file };
  }
}
