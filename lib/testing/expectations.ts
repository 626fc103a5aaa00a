import { durationOption } from '../core/duration.js';
import {
  checkKnownKeys,
  parseDate,
  type DateInput,
  type Duration,
  type Engine,
  type Job,
} from '../core/index.js';
import { wholeNumber } from '../core/options/checks.js';
import type { JobOutcome, RunLog } from './job-run.js';
import { allJobs, isDeadLetter, waits } from './stored-jobs.js';
import { inWords, judge, type Candidate, type ExpectedTime, type Verdict } from './verdict.js';

export interface ExpectedCount {
  /** How many there are. @default one at least */
  count?: number;
}

export interface ExpectedSchedule extends ExpectedCount {
  /**
   * When the job is due, to the millisecond: a Date, milliseconds since the epoch, or a text such as `'in 3 days'`,
   * which counts from where the clock of the test stands.
   */
  at?: DateInput;
  /** With `at`: how much earlier or later it may be. Without: how soon it is due, from now on. */
  within?: Duration;
}

/** Judges what tests expect of jobs; the words for it are made here, too. */
export class Expectations {
  constructor(
    private readonly engine: Engine,
    private readonly log: RunLog,
    private readonly now: () => number,
  ) {}

  /** @throws InvalidOptionError, InvalidScheduleError */
  async scheduled(name: string, data: unknown, options: ExpectedSchedule = {}): Promise<Verdict> {
    checkKnownKeys('expectScheduled', options, ['at', 'within', 'count']);
    const time = this.timeOf(options);
    const count = countOf(options);
    const jobs = (await allJobs(this.engine.scheduler)).filter(waits);
    const candidates = jobs.map((job) => candidateOf(job, job.nextRunAt!));
    return judge({ what: 'scheduled', name, data, count, time }, candidates);
  }

  /** @throws InvalidOptionError */
  ran(
    what: 'completed' | 'failed',
    name: string,
    data: unknown,
    options: ExpectedCount = {},
  ): Verdict {
    checkKnownKeys('options', options, ['count']);
    const outcomes: readonly JobOutcome[] = what === 'failed' ? ['failed', 'dead'] : ['completed'];
    const runs = this.log.list().filter(({ outcome }) => outcomes.includes(outcome));
    const candidates = runs.map((run) => ({ ...run, at: run.endedAt.getTime() }));
    return judge({ what, name, data, count: countOf(options) }, candidates);
  }

  /** @throws InvalidOptionError */
  async dead(name: string, data: unknown, options: ExpectedCount = {}): Promise<Verdict> {
    checkKnownKeys('options', options, ['count']);
    const jobs = (await allJobs(this.engine.scheduler)).filter(isDeadLetter);
    const candidates = jobs.map((job) => candidateOf(job, job.failedAt!));
    return judge({ what: 'dead', name, data, count: countOf(options) }, candidates);
  }

  private timeOf({ at, within }: ExpectedSchedule): ExpectedTime | undefined {
    const now = this.now();
    const slack = within === undefined ? 0 : durationOption('within', within, { min: 0 });
    if (at === undefined) {
      if (within === undefined) return undefined;
      return { from: -Infinity, to: now + slack, text: `within ${inWords(slack)}` };
    }
    const instant = parseDate(at, { now });
    const words = typeof at === 'string' ? ` (${at})` : '';
    const tolerance = slack > 0 ? ` ± ${inWords(slack)}` : '';
    const text = `at ${new Date(instant).toISOString()}${words}${tolerance}`;
    return { from: instant - slack, to: instant + slack, text };
  }
}

const candidateOf = ({ name, data, failReason }: Job, at: Date): Candidate => ({
  name,
  data,
  at: at.getTime(),
  ...(failReason !== undefined && { error: new Error(failReason) }),
});

const countOf = ({ count }: ExpectedCount): number | undefined =>
  count === undefined ? undefined : wholeNumber('count', count, 0);
