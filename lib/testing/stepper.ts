import { setImmediate as turn } from 'node:timers/promises';
import { durationOption } from '../core/duration.js';
import { InvalidOptionError, type Duration, type Engine, type Job } from '../core/index.js';
import type { OnDemand, WorkedOff } from '../core/worker/on-demand.js';
import type { ManualClock } from '../memory/index.js';
import { EndlessJobsError, StillRunningError, TestingNotReadyError } from './errors.js';
import type { JobRun, RunLog } from './job-run.js';
import { allJobs } from './stored-jobs.js';

/*
 * Runs jobs in steps: whatever is due at an instant, until nothing is, then on to the next instant at which
 * something may be due. That instant comes from the store's answer to the last claim, which is what a worker
 * sleeps by: so retries, limits per time, the ends of pauses and recurring jobs all come at their own time.
 */

export interface StepOptions {
  /**
   * How long handlers may take, in real time: after so long without the end of any, it is a `StillRunningError`.
   *
   * @default '4 seconds', which is less than Jest and Vitest give a test
   */
  timeout?: Duration;
}

/** More runs than these at one instant are taken for a loop. */
const MOST_RUNS = 5_000;
const NAMES_SHOWN = 3;
const DEFAULT_TIMEOUT_MS = 4_000;

export class Stepper {
  /** The last step that was asked for: they go one after the other. */
  private last: Promise<unknown> = Promise.resolve();
  private isClosed = false;

  constructor(
    private readonly engine: Engine,
    private readonly demand: OnDemand,
    private readonly clock: ManualClock,
    private readonly log: RunLog,
  ) {}

  /** @throws EndlessJobsError, StillRunningError */
  runAll(isRecursive: boolean, timeoutMs: number): Promise<JobRun[]> {
    return this.inTurn(async () => {
      const only = isRecursive ? undefined : await this.dueNow();
      await this.runDue(timeoutMs, only);
    });
  }

  /**
   * @param target - asked when the steps before are over
   * @throws InvalidOptionError for an instant that has passed
   * @throws EndlessJobsError, StillRunningError
   */
  advanceTo(target: () => number, timeoutMs: number): Promise<JobRun[]> {
    return this.inTurn(async () => {
      const to = target();
      this.expectAhead(to);
      let nextAt = await this.runDue(timeoutMs);
      while (nextAt !== null && nextAt <= to) {
        this.clock.set(nextAt);
        nextAt = await this.runDue(timeoutMs);
        // However long it goes on: timers fire, those of the test runner among them.
        await turn();
        this.expectWorking();
      }
      if (this.clock.now() < to) {
        this.clock.set(to);
        await this.runDue(timeoutMs);
      }
      await this.demand.tidy();
    });
  }

  /** Resolves when the steps that were asked for are over. */
  async idle(): Promise<void> {
    await this.last;
  }

  /** The application has left its store. */
  close(): void {
    this.isClosed = true;
  }

  /** @throws TestingNotReadyError */
  private expectWorking(): void {
    const { state, onlyAdds } = this.engine.workerHost.status();
    if (this.isClosed || (state !== 'running' && !onlyAdds)) throw wasClosed();
  }

  private expectAhead(to: number): void {
    const now = this.clock.now();
    if (to >= now) return;
    const expected = `at ${new Date(now).toISOString()}, where the clock stands, or later`;
    throw new InvalidOptionError('date', new Date(to), expected);
  }

  private inTurn(step: () => Promise<void>): Promise<JobRun[]> {
    const runs = this.last.then(async () => {
      const { state, onlyAdds } = this.engine.workerHost.status();
      if (this.isClosed || state === 'stopping') throw wasClosed();
      // Joins a start under way: with `waitForRedis` the application does not wait for it.
      if (!onlyAdds) await this.engine.workerHost.start();
      const from = this.log.length;
      await step();
      // Listeners, which nobody waits for, come to their end unless they wait for something.
      await turn();
      return this.log.list(undefined, from);
    });
    this.last = runs.catch(() => undefined);
    return runs;
  }

  /** @returns when there may be something to run next */
  private async runDue(patienceMs: number, only?: ReadonlySet<string>): Promise<number | null> {
    const from = this.log.length;
    const { endedBy, nextAt } = await this.demand.workOff({
      ...(only && { only }),
      // Jobs that are counted come to an end by themselves.
      most: only ? Infinity : MOST_RUNS,
      patienceMs,
      adds: () => this.engine.scheduler.settled(),
    });
    if (endedBy) throw this.errorFor(endedBy, from, patienceMs);
    return nextAt;
  }

  private errorFor(
    endedBy: NonNullable<WorkedOff['endedBy']>,
    from: number,
    patienceMs: number,
  ): Error {
    switch (endedBy) {
      case 'most': {
        const last = this.log.list(undefined, Math.max(from, this.log.length - 100)).reverse();
        const names = [...new Set(last.map(({ name }) => name))].slice(0, NAMES_SHOWN);
        return new EndlessJobsError(MOST_RUNS, new Date(this.clock.now()), names);
      }
      case 'patience':
        return new StillRunningError(this.engine.workerHost.snapshot().held, patienceMs);
      case 'shutdown':
        return wasClosed();
    }
  }

  private async dueNow(): Promise<Set<string>> {
    const now = this.clock.now();
    const isDue = ({ nextRunAt }: Job) => nextRunAt !== null && nextRunAt.getTime() <= now;
    const jobs = await allJobs(this.engine.scheduler);
    return new Set(jobs.filter(isDue).map(({ id }) => id));
  }
}

const wasClosed = (): TestingNotReadyError =>
  new TestingNotReadyError(
    'The application was closed while its jobs ran',
    'await what runs jobs before app.close()',
  );

/** @throws InvalidOptionError */
export const timeoutOf = ({ timeout }: StepOptions): number =>
  timeout === undefined ? DEFAULT_TIMEOUT_MS : durationOption('timeout', timeout);
