import { Inject, Injectable } from '@nestjs/common';
import type { BulkAnswer, BulkBody } from '../api/index.js';
import { apiErrorOf } from '../error-answers.js';
import { JobChanges } from './job-changes.js';

/** So many jobs at a time: a crowd of its own would hold up the connection that workers share. */
const AT_A_TIME = 20;

export interface BulkOutcome {
  readonly answer: BulkAnswer;
  /** What has ended it before the last one was tried. */
  readonly fault: string | undefined;
}

/** The same for many jobs, each judged for itself. */
@Injectable()
export class BulkChanges {
  constructor(@Inject(JobChanges) private readonly jobs: JobChanges) {}

  async make({ action, ids }: BulkBody): Promise<BulkOutcome> {
    const refused: { id: string; why: string }[] = [];
    let fault: string | undefined;
    for (let from = 0; from < ids.length; from += AT_A_TIME) {
      const some = ids.slice(from, from + AT_A_TIME);
      const results = await Promise.allSettled(some.map((id) => this.jobs.make(action, id, {})));
      results.forEach((result, at) => {
        if (result.status === 'fulfilled') return;
        const { statusCode, message } = apiErrorOf(result.reason);
        refused.push({ id: some[at]!, why: message });
        if (statusCode >= 500) fault = message;
      });
      if (fault === undefined) continue;
      // The others would fail alike, each after a time of waiting.
      const others = ids.slice(from + AT_A_TIME);
      refused.push(...others.map((id) => ({ id, why: `Not tried: ${fault}` })));
      break;
    }
    return { answer: { done: ids.length - refused.length, refused }, fault };
  }
}
