import type {
  AppJobScheduler,
  JobSchedulerRepeatOptions,
  JobSchedulerUpdateResult,
} from '@bull-board/api/dist/types.js';
import { InvalidOptionError, InvalidScheduleError, type Job } from '../core/index.js';
import type { BoardStore } from './board-store.js';

/** So many are shown of a name. */
const MOST_SHOWN = 500;

export type ShownSchedule = Omit<AppJobScheduler, 'queueName'>;

/** The recurring jobs of a name; each is a schedule by the id of its job. */
export class Schedules {
  constructor(
    private readonly store: BoardStore,
    private readonly name: string,
  ) {}

  /** Those that wait for their next run. */
  async list(): Promise<ShownSchedule[]> {
    const { name } = this;
    const { jobs } = await this.store.scheduler.queryJobs({
      name,
      state: 'repeating',
      limit: MOST_SHOWN,
    });
    return jobs.map(shown);
  }

  async count(): Promise<number> {
    return (await this.store.countsOf(this.name)).repeating;
  }

  async find(id: string): Promise<Job | undefined> {
    const job = await this.store.scheduler.get(id);
    const isOurs = job?.name === this.name && ruleOf(job) !== undefined;
    return isOurs ? job : undefined;
  }

  async remove(id: string): Promise<boolean> {
    if (!(await this.find(id))) return false;
    return this.store.change((scheduler) => scheduler.remove(id));
  }

  /** Its rule is another from now on; days and hours on which it does not run stay. */
  async update(id: string, repeat: JobSchedulerRepeatOptions): Promise<JobSchedulerUpdateResult> {
    const job = await this.find(id);
    if (!job) return 'not-found';
    // Nobody counts runs here.
    if (repeat.limit !== undefined) return 'invalid-schedule';
    const { pattern, every, tz, endDate } = repeat;
    try {
      await this.store.change(() =>
        job
          .repeatEvery(pattern ?? every ?? '', { ...(tz !== undefined && { timezone: tz }) })
          .endDate(endDate === undefined ? null : new Date(endDate))
          .save(),
      );
    } catch (error) {
      if (isMisunderstood(error)) return 'invalid-schedule';
      throw error;
    }
    return 'updated';
  }

  /** Adds a job like it, once; its own next run stays where it is. */
  async runNow(id: string): Promise<Job | 'not-found'> {
    if (!(await this.find(id))) return 'not-found';
    return this.store.change((scheduler) => scheduler.runAgain(id));
  }
}

const isMisunderstood = (error: unknown): boolean =>
  error instanceof InvalidScheduleError || error instanceof InvalidOptionError;

const ruleOf = ({ repeatInterval, attrs }: Job): string | number | undefined =>
  repeatInterval ?? attrs.repeatAt;

function shown(job: Job): ShownSchedule {
  const { id, name, nextRunAt, lastRunAt, repeatTimezone: tz, data } = job;
  const { startDate, endDate } = job.attrs;
  const rule = ruleOf(job);
  return {
    id,
    name,
    ...(typeof rule === 'number' ? { every: rule } : { pattern: rule }),
    ...(tz !== undefined && { tz }),
    ...(startDate && { startDate: new Date(startDate).getTime() }),
    ...(endDate && { endDate: new Date(endDate).getTime() }),
    ...(nextRunAt && { next: nextRunAt.getTime(), nextRunJobId: id }),
    ...(lastRunAt && { lastRun: lastRunAt.getTime() }),
    ...(data !== undefined && { template: { data } }),
  };
}
