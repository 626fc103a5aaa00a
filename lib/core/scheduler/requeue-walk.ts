import { MAX_REWRITES } from '../contracts/job-broker.js';
import type { JobManager, RequeueRequest } from '../contracts/job-manager.js';
import type { DeathReason, JobRecord } from '../job/job-record.js';
import { errorOf } from '../job/thrown.js';
import { nameTest, tagTest, type JobSelection } from '../query/job-selection.js';
import { callGuest } from './guest-callback.js';
import { Pace } from './pace.js';
import type { RequeueManyOptions, RequeueResult } from './upkeep-options.js';

/** Dead letters that are to be brought back. */
export interface MeantLetters extends JobSelection {
  readonly reason: DeathReason | undefined;
  /** How long ago they died, at least. */
  readonly olderThanMs: number;
}

/** What of the clocks of two processes may differ, with room to spare. */
const SAME_INSTANT_MS = 1_000;

interface WalkTools {
  readonly manager: JobManager;
  now(): number;
  report(error: Error): void;
}

/*
 * Brings dead letters back, name after name, of each name those that died first. They are read in pages
 * and brought back in calls of at most 40, each judged by the store when its turn comes, so that the
 * walk can be stopped between two calls, and repeated. What dies after the walk has begun is not meant:
 * a job that dies again and again comes back once.
 */
export class RequeueWalk {
  private readonly pace: Pace | undefined;
  private readonly most: number;
  private readonly isMeantName: ((name: string) => boolean) | undefined;
  private readonly hasTags: ReturnType<typeof tagTest>;
  private matched = 0;
  private requeued = 0;
  private skipped = 0;
  private stopped: RequeueResult['stopped'];
  private error: Error | undefined;
  /** By the clock of the backend, as of the first page. */
  private beganAt: number | undefined;
  /** Brought back so early that they may have died again before the walk seems to have begun. */
  private readonly early = new Set<string>();

  constructor(
    private readonly tools: WalkTools,
    private readonly meant: MeantLetters,
    private readonly how: RequeueRequest,
    private readonly options: RequeueManyOptions,
  ) {
    const { perSecond, limit = Infinity, dryRun } = options;
    this.pace = perSecond === undefined || dryRun ? undefined : new Pace(perSecond);
    this.most = limit;
    this.isMeantName = nameTest(meant.names);
    this.hasTags = tagTest(meant.tags);
  }

  async run(): Promise<RequeueResult> {
    try {
      for await (const letters of this.letters()) {
        await this.take(letters);
        if (this.stopped) break;
      }
    } catch (thrown) {
      // Once jobs may have come back, how many must not be lost with the error.
      if (this.matched === 0) throw thrown;
      this.stopped = 'error';
      this.error = errorOf(thrown);
    }
    const { matched, requeued, skipped, stopped, error } = this;
    return { matched, requeued, skipped, stopped, error };
  }

  /** Brings back what a page has shown, in as many calls as the pace asks for. */
  private async take(letters: readonly JobRecord[]): Promise<void> {
    for (let left = letters; left.length > 0;) {
      const count = await this.allowed(left.length);
      if (this.stopped) return;
      await this.bringBack(left.slice(0, count).map(({ id }) => id));
      left = left.slice(count);
    }
  }

  /** How many of these may go now; it waits until some may, and notes why none will. */
  private async allowed(wanted: number): Promise<number> {
    const { signal, dryRun } = this.options;
    const room = this.most - (dryRun ? this.matched : this.requeued);
    if (signal?.aborted) this.stopped = 'aborted';
    else if (room <= 0) this.stopped = 'limit';
    if (this.stopped) return 0;
    try {
      const most = Math.min(wanted, room);
      return (await this.pace?.allowance(most, signal)) ?? most;
    } catch (thrown) {
      if (!signal?.aborted) throw thrown;
      this.stopped = 'aborted';
      return 0;
    }
  }

  private async bringBack(ids: readonly string[]): Promise<void> {
    const { tools } = this;
    const { dryRun, onProgress } = this.options;
    this.matched += ids.length;
    if (!dryRun) {
      this.pace?.note(ids.length);
      if (tools.now() < this.beganAt! + SAME_INSTANT_MS) {
        for (const id of ids) this.early.add(id);
      }
      const answers = await tools.manager.requeue(ids, this.how);
      const back = answers.filter(({ outcome }) => outcome === 'ok').length;
      this.requeued += back;
      this.skipped += ids.length - back;
    }
    const { matched, requeued, skipped } = this;
    callGuest(onProgress, (error) => tools.report(error), { matched, requeued, skipped });
  }

  /** The dead letters that are meant, in pages as large as a call. */
  private async *letters(): AsyncGenerator<readonly JobRecord[]> {
    const { ids, tags } = this.meant;
    if (ids !== undefined) {
      yield* this.lettersById(ids);
      return;
    }
    if (tags !== undefined) {
      yield* this.taggedLetters(tags);
      return;
    }
    for (const name of await this.names()) yield* this.lettersOf(name);
  }

  private async *lettersById(ids: readonly string[]): AsyncGenerator<readonly JobRecord[]> {
    for (let from = 0; from < ids.length; from += MAX_REWRITES) {
      const page = { ids: ids.slice(from, from + MAX_REWRITES), state: 'failed' as const };
      const { jobs } = await this.tools.manager.query(page);
      yield this.meantOf(jobs);
    }
  }

  /** In the order in which the jobs were added. */
  private async *taggedLetters(tags: readonly string[]): AsyncGenerator<readonly JobRecord[]> {
    const { listed: names } = this.meant.names;
    const query = { tags, ...(names && { names }), state: 'dead', limit: MAX_REWRITES } as const;
    let cursor: string | undefined;
    do {
      const page = await this.tools.manager.find({ ...query, ...(cursor && { cursor }) });
      yield this.meantOf(page.jobs);
      ({ cursor } = page);
    } while (cursor !== undefined);
  }

  private async *lettersOf(name: string): AsyncGenerator<readonly JobRecord[]> {
    const query = { names: [name], state: 'dead', oldestFirst: true, limit: MAX_REWRITES } as const;
    let cursor: string | undefined;
    do {
      const page = await this.tools.manager.find({ ...query, ...(cursor && { cursor }) });
      yield this.meantOf(page.jobs);
      ({ cursor } = page);
      // Whatever follows died later still.
      if ((page.jobs.at(-1)?.failedAt ?? 0) > this.diedUntil) return;
    } while (cursor !== undefined);
  }

  private meantOf(jobs: readonly JobRecord[]): JobRecord[] {
    this.beganAt ??= this.tools.now();
    return jobs.filter((job) => this.isMeant(job));
  }

  private get diedUntil(): number {
    return this.beganAt! - this.meant.olderThanMs;
  }

  private isMeant(job: JobRecord): boolean {
    const { id, name, data, nextRunAt, failedAt, failure } = job;
    const { matchesData, reason } = this.meant;
    return (
      !this.early.has(id) &&
      nextRunAt === null &&
      failedAt !== null &&
      failedAt <= this.diedUntil &&
      (this.isMeantName?.(name) ?? true) &&
      (this.hasTags?.(job) ?? true) &&
      (matchesData?.(data) ?? true) &&
      (reason === undefined || failure?.reason === reason)
    );
  }

  /** The names that may have dead letters which are meant. */
  private async names(): Promise<readonly string[]> {
    const { listed, accepts } = this.meant.names;
    if (listed !== undefined) return listed;
    const counts = await this.tools.manager.counts();
    const names = [...counts].filter(([, { dead }]) => dead > 0).map(([name]) => name);
    return accepts ? names.filter(accepts) : names;
  }
}
