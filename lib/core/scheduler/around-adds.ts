import { AgendaError, MiddlewareError } from '../errors.js';
import { once } from '../handlers/around-runs.js';
import type { AddCall, AddedJob, JobMiddleware } from '../handlers/job-middleware.js';
import { readHeaders } from '../job/job-headers.js';
import type { NewJob } from '../job/job-record.js';
import { errorOf, messageOf } from '../job/thrown.js';

type Add = NonNullable<JobMiddleware['add']>;

export interface AroundAddsTools {
  /** Whether the store keeps headers. */
  readonly kept: boolean;
  report(error: Error): void;
  warn(code: string, message: string): void;
}

/** The middleware around calls that add jobs. */
export class AroundAdds {
  private hasWarned = false;

  private constructor(
    private readonly parts: readonly Add[],
    private readonly tools: AroundAddsTools,
  ) {}

  /** `undefined` where none is for adds, so that adds need not ask. */
  static of(middleware: readonly JobMiddleware[], tools: AroundAddsTools): AroundAdds | undefined {
    const parts = middleware.flatMap((one) => (one.add ? [one.add.bind(one)] : []));
    return parts.length > 0 ? new AroundAdds(parts, tools) : undefined;
  }

  /**
   * Once jobs are added no middleware can take that back: a caller who heard of an error would add them again.
   *
   * @param add - adds the jobs, with the headers they have by then
   */
  async call<Answer>(
    jobs: readonly NewJob[],
    add: (jobs: readonly NewJob[]) => Promise<Answer>,
  ): Promise<Answer> {
    const added = jobs.map(asAdded);
    let answer: Promise<Answer> | undefined;
    let isOver = false;
    const around = this.around({ jobs: added }, () => {
      if (isOver) throw new MiddlewareError('add', 'called `next` after it had ended');
      answer = add(jobs.map((job, index) => this.withHeaders(job, added[index]!)));
      return answer;
    });
    const error = await around.then(() => undefined, errorOf);
    isOver = true;
    if (!answer) throw error ?? new MiddlewareError('add', 'did not call `next`');
    try {
      const done = await answer;
      if (error) this.tools.report(tooLate(error));
      return done;
    } catch (thrown) {
      throw error ?? thrown;
    }
  }

  private warnOfLoss(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.tools.warn('context-not-kept', NOT_KEPT);
  }

  private around(call: AddCall, add: () => Promise<unknown>): Promise<void> {
    const outermost = this.parts.reduceRight<() => Promise<void>>(
      (next, part) => async () => void (await part(call, once('add', next))),
      async () => void (await add()),
    );
    return outermost();
  }

  private withHeaders(job: NewJob, { headers }: AddedJob): NewJob {
    if (Object.keys(headers).length === 0) {
      const { context: _, ...bare } = job;
      return bare;
    }
    if (!this.tools.kept) {
      this.warnOfLoss();
      return job;
    }
    try {
      return { ...job, context: readHeaders('headers', headers) };
    } catch (thrown) {
      this.tools.report(unfit(job, errorOf(thrown)));
      return job;
    }
  }
}

const NOT_KEPT =
  'Middleware writes headers for jobs, such as a trace, and this backend keeps none: jobs are added without.';

const asAdded = ({ id, name, context }: NewJob): AddedJob => ({
  id,
  name,
  headers: { ...context },
});

const unfit = ({ id, name }: NewJob, cause: Error): AgendaError =>
  new AgendaError(`Job ${id} ("${name}") goes without what middleware wrote: ${messageOf(cause)}`, {
    cause,
  });

const tooLate = (cause: Error): AgendaError =>
  new AgendaError(`Middleware failed after the jobs were added: ${messageOf(cause)}`, { cause });
