import type { ArgumentsHost } from '@nestjs/common';
import { type Job, JobVerdict } from '../../core/index.js';
import { causedBy, errorOf } from '../../core/job/thrown.js';
import { changedCopy } from './changed-copy.js';
import { lastValue } from './last-value.js';

/*
 * How an exception filter decides a job. Nest takes what a filter returns for the answer to a request; of 11 everything
 * that is falsy, of 12 `undefined` alone means "not handled", and of both a promise is an answer, even if it comes to
 * nothing. For jobs, on either:
 *
 *   undefined, or a promise or observable of it     not handled: the error stands
 *   anything else                                   the result: the job is completed
 *   throws another error                            that is the failure, the first one its cause
 *
 * What a handler decides of its job (`job.snooze()`, …) is no error: filters do not see it. Nor do they see how an attempt
 * ends that was told to: what becomes of it, the host has decided.
 */

/** Nest's part that makes filters. */
export interface FilterContext {
  create(...args: never[]): FilterHandler;
  createConcreteContext(...args: never[]): Filter[];
}

interface FilterHandler {
  next(thrown: unknown, host: ArgumentsHost): unknown;
  /** Of a filter that takes the error its answer; else `undefined`, or `null` on Nest 11. */
  invokeCustomFilters(thrown: unknown, host: ArgumentsHost): unknown;
}

interface Filter {
  readonly func: (thrown: unknown, host: ArgumentsHost) => unknown;
}

/** In an object, so that an answer of `null` is told from none. */
interface Answer {
  readonly answer: unknown;
}

/** The same part, whose filters go by the rules of jobs. */
export function jobFilters<Context extends FilterContext>(context: Context): Context {
  const copy: Context = changedCopy(context, {
    createConcreteContext: (...args: never[]) =>
      context.createConcreteContext.apply(copy, args).map((filter) => ({
        ...filter,
        func: (thrown: unknown, host: ArgumentsHost): Answer => ({
          answer: filter.func(thrown, host),
        }),
      })),
    create: (...args: never[]) => {
      const filters = context.create.apply(copy, args);
      return { next: (thrown: unknown, host: ArgumentsHost) => filtered(filters, thrown, host) };
    },
  });
  return copy;
}

async function filtered(
  filters: FilterHandler,
  thrown: unknown,
  host: ArgumentsHost,
): Promise<unknown> {
  const job = host.getArgByIndex<Job>(1);
  if (job.hasToEnd || causedBy(thrown, JobVerdict)) throw thrown;
  let result: unknown;
  try {
    const answered = filters.invokeCustomFilters(thrown, host) as Answer | null | undefined;
    result = await lastValue(await answered?.answer);
  } catch (another) {
    throw another === thrown ? another : withCause(another, thrown);
  }
  if (result === undefined) throw thrown;
  return result;
}

/** Where it has no cause of its own, and is not that of the first error. A verdict's cause is the reason that its caller gave. */
function withCause(thrown: unknown, cause: unknown): unknown {
  if (causedBy(thrown, JobVerdict)) return thrown;
  const error = errorOf(thrown);
  const isUnwrapped = Object(cause).cause === error;
  if (!isUnwrapped && (error !== thrown || error.cause === undefined)) {
    try {
      error.cause = cause;
    } catch {
      // Frozen: it is the failure all the same.
    }
  }
  return error;
}
