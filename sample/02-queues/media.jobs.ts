import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from 'nestjs-agenda-redis';
import { Narrator } from './narrator.js';

export interface Video {
  file: string;
  takesMs: number;
}

@Injectable()
export class MediaJobs {
  constructor(private readonly narrator: Narrator) {}

  /** It takes the whole machine: one at a time, and none for too long. */
  @JobHandler('media', { concurrency: 1, timeout: '500 ms' })
  async transcode(job: Job<Video>): Promise<void> {
    const { file, takesMs } = job.data;
    this.narrator.tell(`media: ${file} begins`);
    // What does the work must take the signal: it fires when the time is over.
    await wait(takesMs, undefined, { signal: job.signal });
    this.narrator.tell(`media: ${file} is done`);
  }
}
