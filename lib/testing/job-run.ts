import type { DeathReason, Engine } from '../core/index.js';

/** One run of a handler, and what came of it. */
export interface JobRun<Data = unknown, Result = unknown> {
  readonly name: string;
  readonly id: string;
  /** Counted from 1; 0 for a job that waited too long and was not run. */
  readonly attempt: number;
  /** What the handler got. */
  readonly data: Data;
  readonly outcome: JobOutcome;
  /** What the handler returned, where it is `completed`. */
  readonly result?: Result;
  /** Why it is `failed`, `dead`, `cancelled` or `lost`; what a job that was put off threw, if it threw. */
  readonly error?: Error;
  /** Why it is `dead`. */
  readonly reason?: DeathReason;
  /** When the job runs next; `null`: not again. */
  readonly nextRunAt: Date | null;
  /** When it ended, by the clock of the test. */
  readonly endedAt: Date;
}

/**
 * `failed` runs again (a retry, or the next occurrence of a recurring job), `dead` does not. `snoozed` and `throttled`
 * were put off, `skipped` is a missed occurrence that is not made up for, `released` was handed back at shutdown;
 * none of these counts. `cancelled` jobs are gone, and what `lost` ones did is not stored.
 */
export type JobOutcome =
  | 'completed'
  | 'failed'
  | 'dead'
  | 'snoozed'
  | 'throttled'
  | 'skipped'
  | 'released'
  | 'cancelled'
  | 'lost';

type Run = Pick<JobRun, 'name' | 'id' | 'attempt' | 'data'>;
type Ending = Pick<JobRun, 'outcome' | 'nextRunAt'> &
  Partial<Pick<JobRun, 'result' | 'error' | 'reason'>>;

/** What has run since the start, or since it was cleared; the oldest first. */
export class RunLog {
  private readonly runs: JobRun[] = [];

  /** @param now - by the clock of the test */
  constructor(private readonly now: () => number) {}

  listenTo({ events }: Pick<Engine, 'events'>): void {
    const { note } = this;
    events.onHere('completed', ({ job, result, nextRunAt }) =>
      note(job, { outcome: 'completed', nextRunAt, ...(result !== undefined && { result }) }),
    );
    events.onHere('failed', ({ job, error }) =>
      note(job, { outcome: 'failed', error, nextRunAt: job.nextRunAt }),
    );
    events.onHere('dead', ({ id, name, attempt = 0, job, failure: { message, reason } }) => {
      const ending = { outcome: 'dead', nextRunAt: null, ...(reason && { reason }) } as const;
      // It comes right after the failure of the same run.
      if (job) return this.change(job, ending);
      // Its process was lost, or it waited too long: nobody knows its data here.
      note({ id, name, attempt, data: undefined }, { ...ending, error: new Error(message) });
    });
    events.onHere('snoozed', ({ job, nextRunAt, error }) =>
      note(job, { outcome: 'snoozed', nextRunAt, ...(error && { error }) }),
    );
    events.onHere('throttled', ({ job }) =>
      note(job, { outcome: 'throttled', nextRunAt: job.nextRunAt }),
    );
    events.onHere('skipped', ({ job, nextRunAt }) => note(job, { outcome: 'skipped', nextRunAt }));
    events.onHere('interrupted', ({ job }) =>
      note(job, { outcome: 'released', nextRunAt: job.nextRunAt }),
    );
    events.onHere('cancelled', ({ job, reason }) =>
      note(job, { outcome: 'cancelled', error: new Error(reason), nextRunAt: null }),
    );
    events.onHere('lost', ({ job, refusal }) =>
      note(job, { outcome: 'lost', error: new Error(refusal), nextRunAt: job.nextRunAt }),
    );
  }

  /** Those of a name, or all; from the given place on. */
  list(name?: string, from = 0): JobRun[] {
    const runs = this.runs.slice(from);
    return name === undefined ? runs : runs.filter((run) => run.name === name);
  }

  get length(): number {
    return this.runs.length;
  }

  clear(): void {
    this.runs.length = 0;
  }

  private readonly note = ({ name, id, attempt, data }: Run, ending: Ending): void => {
    this.runs.push({ name, id, attempt, data, ...ending, endedAt: new Date(this.now()) });
  };

  private change({ id }: Run, ending: Ending): void {
    const last = this.runs.findLastIndex((run) => run.id === id);
    this.runs[last] = { ...this.runs[last]!, ...ending };
  }
}
