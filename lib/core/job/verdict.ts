import { type Duration, durationOption } from '../duration.js';
import { AgendaError, InvalidOptionError, isError } from '../errors.js';
import { wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { type DateInput, parseDate } from '../schedule/date.js';
import { messageOf } from './thrown.js';

/*
 * What a handler decides of its job beside returning and throwing. It is said by a call of `snooze`,
 * `rateLimited`, `retryAt` or `discard`, and that is enough: what the handler returns then is no result. Returned or
 * thrown, from however deep below, the verdict ends the handler at once.
 */

/** What becomes of the job. */
export type JobWish =
  /** Put off, and not counted as an attempt; `max` times at most. */
  | { readonly kind: 'snooze'; readonly delayMs: number; readonly max: number }
  /** Not counted as anything, and its name (or key) stops for that long. */
  | { readonly kind: 'throttle'; readonly forMs: number }
  /** Failed, and tried again at that instant as long as attempts allow. */
  | { readonly kind: 'retry'; readonly at: number }
  /** Failed for good. */
  | { readonly kind: 'discard' };

export interface SnoozeOptions {
  /**
   * How often the job may be put off, in all; of a recurring job, each occurrence. The next time it
   * becomes a dead letter instead, as if its attempts were used up. Errors that are no failures
   * (`isFailure`) are counted with it. Stores without a broker of their own count neither: no limit there.
   *
   * @default no limit
   */
  max?: number;
}

export interface RetryAtOptions {
  /** Why this attempt failed. */
  reason?: Error | string;
}

/** What a handler has decided of its job. Made by verbs of the job alone. */
export class JobVerdict extends AgendaError {
  /** @internal */
  constructor(
    readonly jobId: string,
    readonly wish: JobWish,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Where an attempt fails by it: the error that the handler gave as its reason, else the verdict itself. */
  get failure(): Error {
    return isError(this.cause) ? this.cause : this;
  }
}

/** @throws InvalidOptionError */
export function snoozeVerdict(
  jobId: string,
  duration: Duration,
  options: SnoozeOptions,
): JobVerdict {
  checkKnownKeys('', options, ['max']);
  const delayMs = durationOption('duration', duration);
  const max = options.max === undefined ? Infinity : wholeNumber('max', options.max, 0);
  return new JobVerdict(jobId, { kind: 'snooze', delayMs, max }, `Put off by ${delayMs} ms.`);
}

/** @throws InvalidOptionError */
export function throttleVerdict(jobId: string, duration: Duration): JobVerdict {
  const forMs = durationOption('duration', duration);
  return new JobVerdict(jobId, { kind: 'throttle', forMs }, `Stopped for ${forMs} ms.`);
}

/**
 * @param zone - in which texts are read
 * @throws InvalidScheduleError, InvalidOptionError
 */
export function retryVerdict(
  jobId: string,
  date: DateInput,
  options: RetryAtOptions,
  zone: { now: number; timezone?: string },
): JobVerdict {
  checkKnownKeys('', options, ['reason']);
  const at = parseDate(date, zone);
  const why = options.reason ?? `To be tried again at ${new Date(at).toISOString()}.`;
  return new JobVerdict(jobId, { kind: 'retry', at }, ...explained(why));
}

/** @throws InvalidOptionError */
export function discardVerdict(jobId: string, reason: Error | string): JobVerdict {
  return new JobVerdict(jobId, { kind: 'discard' }, ...explained(reason));
}

function explained(reason: unknown): [message: string, options?: ErrorOptions] {
  if (isError(reason)) return [messageOf(reason), { cause: reason }];
  if (typeof reason === 'string' && reason !== '') return [reason];
  throw new InvalidOptionError('reason', reason, 'a text that says why, or an error');
}
