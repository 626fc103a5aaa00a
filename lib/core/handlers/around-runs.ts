import { MiddlewareError } from '../errors.js';
import type { RunFunction } from './job-function.js';
import type { JobMiddleware } from './job-middleware.js';

/** What runs jobs, inside those of the middleware that are for runs. */
export function aroundRuns(middleware: readonly JobMiddleware[], run: RunFunction): RunFunction {
  return middleware.reduceRight(
    (inner, one) => (one.run ? around(one.run.bind(one), inner) : inner),
    run,
  );
}

/** The run is not over as long as its handler runs, and no handler begins once it is. */
function around(outer: NonNullable<JobMiddleware['run']>, inner: RunFunction): RunFunction {
  return async (job) => {
    let isOver = false;
    let underWay: Promise<unknown> | undefined;
    const next = once('run', async () => {
      if (isOver) throw new MiddlewareError('run', 'called `next` after it had ended');
      job.throwIfEnded();
      underWay = (async () => inner(job))();
      try {
        return await underWay;
      } finally {
        underWay = undefined;
      }
    });
    try {
      const result = await outer(job, next);
      if (!underWay) return result;
      await underWay;
      throw new MiddlewareError('run', 'did not wait for `next`');
    } finally {
      isOver = true;
    }
  };
}

/** @param act - may throw or reject: either is a rejection */
export function once<Answer>(
  part: keyof JobMiddleware,
  act: () => Answer | Promise<Answer>,
): () => Promise<Answer> {
  let wasCalled = false;
  return () => {
    if (wasCalled) throw new MiddlewareError(part, 'called `next` twice');
    wasCalled = true;
    const answer = (async () => act())();
    // Whoever does not wait for it must not end the process.
    answer.catch(() => undefined);
    return answer;
  };
}
