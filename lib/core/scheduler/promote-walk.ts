import { MAX_REWRITES } from '../contracts/job-broker.js';
import type { FindState, JobManager } from '../contracts/job-manager.js';
import type { JobsFilter } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import type { JobRecord } from '../job/job-record.js';
import { errorOf } from '../job/thrown.js';
import { abortSignal, expectNotAborted, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { selectionOf } from '../query/job-selection.js';
import { filterOf } from './job-filter.js';
import type { JobFilter } from './job-options.js';
import { jobPages } from './job-pages.js';
import type { PromoteOptions, PromoteResult } from './mend-options.js';

/** In which jobs wait for a time that may lie ahead. */
const WAITING: readonly FindState[] = ['scheduled', 'retrying', 'repeating'];
const OPTION_KEYS: readonly (keyof PromoteOptions)[] = ['limit', 'signal'];

interface WalkTools {
  readonly manager: JobManager;
  now(): number;
}

/** @throws InvalidOptionError; the signal's reason when it has fired before */
export async function promoteMany(
  tools: WalkTools,
  which: JobFilter,
  options: PromoteOptions,
): Promise<PromoteResult> {
  expectNotAborted(options);
  const filter = filterOf(which);
  if (!selectionOf(filter)) {
    const expected = 'a filter with at least an id, a name, a tag or data';
    throw new InvalidOptionError('filter', which, expected);
  }
  checkKnownKeys('', options, OPTION_KEYS);
  const { limit, signal } = options;
  if (limit !== undefined && limit !== Infinity) wholeNumber('limit', limit, 1);
  if (signal !== undefined) abortSignal('signal', signal);
  return new PromoteWalk(tools, filter, options).run();
}

/*
 * Makes jobs due that wait for a time ahead: read in pages, and made due in calls as large, each judged by the
 * store when its turn comes, so that the walk can be stopped between two calls, and repeated. A job that waits
 * for a time ahead again, since it recurs or has failed meanwhile, is made due once.
 */
class PromoteWalk {
  private readonly taken = new Set<string>();
  private promoted = 0;
  private skipped = 0;
  private stopped: PromoteResult['stopped'];
  private error: Error | undefined;

  constructor(
    private readonly tools: WalkTools,
    private readonly filter: JobsFilter,
    private readonly options: PromoteOptions,
  ) {}

  async run(): Promise<PromoteResult> {
    try {
      for await (const page of this.pages()) {
        await this.take(page.filter((job) => this.isMeant(job)).map(({ id }) => id));
        if (this.stopped) break;
      }
    } catch (thrown) {
      // Once jobs may be due, how many must not be lost with the error.
      if (this.taken.size === 0) throw thrown;
      this.stopped = 'error';
      this.error = errorOf(thrown);
    }
    const { taken, promoted, skipped, stopped, error } = this;
    return { matched: taken.size, promoted, skipped, stopped, error };
  }

  private pages(): AsyncGenerator<readonly JobRecord[]> {
    return jobPages(this.tools.manager, this.filter, WAITING, MAX_REWRITES);
  }

  private async take(ids: readonly string[]): Promise<void> {
    for (let left = ids; left.length > 0;) {
      const count = this.allowed(left.length);
      if (this.stopped) return;
      await this.promote(left.slice(0, count));
      left = left.slice(count);
    }
  }

  /** How many of these may go now; notes why none will. */
  private allowed(wanted: number): number {
    const { limit = Infinity, signal } = this.options;
    const room = limit - this.promoted;
    if (signal?.aborted) this.stopped = 'aborted';
    else if (room <= 0) this.stopped = 'limit';
    return Math.min(wanted, room);
  }

  private isMeant({ id, nextRunAt, lockedAt }: JobRecord): boolean {
    const isAhead = lockedAt === null && nextRunAt !== null && nextRunAt > this.tools.now();
    return isAhead && !this.taken.has(id);
  }

  private async promote(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.taken.add(id);
    const answers = await this.tools.manager.promote(ids);
    const due = answers.filter((answer) => answer === 'ok').length;
    this.promoted += due;
    this.skipped += ids.length - due;
  }
}
