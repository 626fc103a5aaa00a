import { Injectable } from '@nestjs/common';
import { Every, JobHandler } from 'nestjs-agenda-redis';
import { Files } from './files.js';
import { Narrator } from './narrator.js';

@Injectable()
export class CleanupJobs {
  constructor(
    private readonly files: Files,
    private readonly narrator: Narrator,
  ) {}

  /** Each second, to be seen here; every night would be `'0 3 * * *'`. Runs that were missed are not made up for. */
  @JobHandler('cleanup')
  @Every('1 second', { catchUp: 'skip' })
  removeOldExports(): void {
    const removed = this.files.removeOlderThan(500);
    if (removed > 0) this.narrator.tell(`cleanup: removed ${removed} export`);
  }
}
