import { inspect, types } from 'node:util';
import type { DeathReason, Failure } from './job/job-record.js';

/** The root of every error this library throws on purpose: `catch (error) { if (error instanceof AgendaError) … }`. */
export class AgendaError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option, filter or argument has a value that cannot be meant. */
export class InvalidOptionError extends AgendaError {
  /**
   * @param option - the option as the user writes it, with its path: `retention.completed`
   * @param value - what was given
   * @param expected - what would be right, to follow "to be": `a whole number of 1 or more`
   */
  constructor(
    readonly option: string,
    readonly value: unknown,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`Expected \`${option}\` to be ${expected}, got ${describe(value)}.`, options);
  }
}

/** A date, an interval, a cron rule or a date constraint that is not understood, or that would never run. */
export class InvalidScheduleError extends AgendaError {
  /**
   * @param text - what was given
   * @param reason - what is wrong with it, a clause without a full stop: `the hour must be 0 to 23`
   * @param examples - inputs that work
   */
  constructor(
    readonly text: unknown,
    readonly reason: string,
    readonly examples: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(
      `Cannot schedule ${describe(text)}: ${reason}.` +
        (examples.length > 0 ? ` Examples that work: ${examples.map(quote).join(', ')}.` : ''),
      options,
    );
  }
}

/** A handler's backoff function threw (see `cause`), or answered neither a wait nor a date. */
export class BackoffError extends AgendaError {
  constructor(
    readonly jobName: string,
    readonly answer: unknown,
    options?: ErrorOptions,
  ) {
    super(
      `The backoff function of job "${jobName}" ` +
        (options ? `threw ${describe(options.cause)}.` : `answered ${describe(answer)}.`) +
        ' Expected a duration, a date, or nothing to stop; while attempts are left the job goes on without a wait.',
      options,
    );
  }
}

/** A value and its type, short enough for one line: `` `0` (number) ``. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return `\`${String(value)}\``;
  const kind = Array.isArray(value) ? 'array' : value instanceof Date ? 'Date' : typeof value;
  return `\`${shown(value)}\` (${kind})`;
}

function shown(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    breakLength: Infinity,
    maxArrayLength: 10,
    maxStringLength: 100,
  });
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

const quote = (text: string): string => `'${text}'`;

/** A job that cannot be stored as given: its name, its id, or its data. Nothing was written. */
export class InvalidJobError extends AgendaError {
  /**
   * @param part - what is wrong: `name`, `id`, or `data` with the path inside: `data.items[2].price`
   * @param value - what was found there
   * @param remedy - what would be right, to follow "must be": `1 to 256 bytes long`
   */
  constructor(
    readonly part: string,
    readonly value: unknown,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`The job's \`${part}\` must be ${remedy}, got ${describe(value)}.`, options);
  }
}

/** A job was not added: as many of its name wait already as may. Nothing was written of it. */
export class QueueFullError extends AgendaError {
  /**
   * @param maxQueued - how many of its jobs may wait
   * @param queued - how many do
   */
  constructor(
    readonly jobName: string,
    readonly maxQueued: number,
    readonly queued: number,
  ) {
    super(
      `${queued} jobs of "${jobName}" wait, and no more than ${maxQueued} may. Add it later, let more workers run, ` +
        'or raise `maxQueued`.',
    );
  }
}

/**
 * A name cannot have limits over all processes: in a store with several partitions all jobs of such a name live in
 * one, and it has some in others. Nothing has changed.
 */
export class ScatteredJobsError extends AgendaError {
  /** @param counts - of each partition how many jobs of the name are in the way there */
  constructor(
    readonly jobName: string,
    readonly counts: readonly number[],
  ) {
    const where = counts.flatMap((count, i) => (count > 0 ? [`${count} in partition ${i}`] : []));
    super(
      `"${jobName}" cannot have limits over all processes yet, since its jobs do not all live in one partition: ` +
        `${where.join(', ')}, ended ones included. Remove them, or let them end and remove them then ` +
        '(`clear`, `clean`); or give it limits per `key`, which hold in any partition.',
    );
  }
}

/** Two handlers for one job name. */
export class DuplicateHandlerError extends AgendaError {
  constructor(
    readonly jobName: string,
    readonly first: string,
    readonly second: string,
    remedy = 'Give one of them another name.',
  ) {
    super(`Two handlers for job "${jobName}": ${first} and ${second}. ${remedy}`);
  }
}

/** Two job tokens with options for one name. */
export class DuplicateTokenError extends AgendaError {
  constructor(readonly jobName: string) {
    super(
      `Two tokens for job "${jobName}" have options. Define it once, and import that one wherever the name is used.`,
    );
  }
}

/** There is no such job: it was never saved, or it is removed. */
export class JobNotFoundError extends AgendaError {
  /** @param jobId - empty for a job that was never saved */
  constructor(
    readonly jobId: string,
    readonly jobName?: string,
  ) {
    super(
      jobId === ''
        ? `A job "${jobName}" that is not saved yet has nothing in the store: call \`save()\` first.`
        : `There is no job ${named(jobId, jobName)}: it is removed, or was never there.`,
    );
  }
}

/** Somebody waited for the result of a job, and it has failed for good; or a run of a recurring one has. */
export class JobFailedError extends AgendaError {
  /** Why there is no further attempt; `undefined` of a recurring job, which goes on with its next occurrence. */
  readonly reason: DeathReason | undefined;

  /** @param attempts - how often it was tried, as far as that is known */
  constructor(
    readonly jobId: string,
    readonly jobName: string,
    readonly failure: Failure,
    readonly attempts: number,
  ) {
    const { reason, message } = failure;
    super(`Job ${named(jobId, jobName)} has failed${reason ? ` (${reason})` : ''}: ${message}`);
    this.reason = reason;
  }
}

/** Somebody waited for the result of a job; it has succeeded, and its result is not kept. */
export class ResultOmittedError extends AgendaError {
  /** @param bytes - how large it is, where it is too large */
  constructor(
    readonly jobId: string,
    readonly jobName: string | undefined,
    readonly reason: string,
    readonly bytes?: number,
  ) {
    super(`Job ${named(jobId, jobName)} is completed, and its result is not kept. ${reason}`);
  }
}

/** Somebody waited for the result of a job, and it has not ended in time. The job goes on. */
export class WaitTimeoutError extends AgendaError {
  constructor(
    readonly jobId: string,
    readonly timeoutMs: number,
  ) {
    super(
      `Job ${jobId} has not ended within ${timeoutMs} ms. It goes on, and can be waited for again.`,
    );
  }
}

const named = (jobId: string, jobName: string | undefined): string =>
  jobName === undefined || jobName === '' ? jobId : `${jobId} ("${jobName}")`;

/** The job cannot be run in this process: no handler is defined for its name here. */
export class MissingHandlerError extends AgendaError {
  constructor(readonly jobName: string) {
    super(
      `There is no handler for job "${jobName}" in this process. Define one, or run the job where there is.`,
    );
  }
}

/** Asked of a worker host that does not run. */
export class WorkerNotStartedError extends AgendaError {
  constructor(verb: string) {
    super(`The worker host of this process is not started: \`${verb}\` has nothing to tell of.`);
  }
}

/** The lease of an attempt is no longer its own: another attempt may be under way, and nothing was stored of this one. */
export class LeaseLostError extends AgendaError {
  /** @param reason - a word of the refusal ladder, or `expired` when the process could not renew in time */
  constructor(
    readonly jobId: string,
    readonly reason: keyof typeof LOST_BECAUSE,
  ) {
    super(`The lease of job ${jobId} is lost (${reason}): ${LOST_BECAUSE[reason]}`);
  }
}

/** What has happened, and what to do about it. */
const LOST_BECAUSE = {
  'not-found':
    'there is no such job any more, since it was cancelled or removed. Stop, and drop what is done.',
  'not-running':
    'the job runs no more, since its attempt was ended before, or was taken for lost and handed on. ' +
    'To work on it, claim it again.',
  'lease-expired':
    'its time was over before this call. Stop: the job is given to the next who asks. Renew earlier, or ask for a longer lease.',
  'lease-mismatch':
    'another attempt has the job by now. Stop, and leave the job to that one: nothing more of this attempt is stored.',
  expired:
    'it could not be renewed in time, so another process may have the job by now. Stop soon: ' +
    'what this attempt brings is stored only if none has.',
} as const;

/** Asked of a job that is not being run by this handler: it runs elsewhere, waits, or its attempt is over. */
export class JobNotRunningError extends AgendaError {
  constructor(
    verb: string,
    readonly jobId: string,
    readonly jobName: string,
    options?: ErrorOptions,
  ) {
    super(
      `\`${verb}\` is for the handler of a job while it runs. Job ${jobId} ("${jobName}") does not run ` +
        'here, or its attempt is over: nothing is changed.',
      options,
    );
  }
}

/** Somebody cancelled the job while it ran. */
export class JobCancelledError extends AgendaError {
  constructor(
    readonly jobId: string,
    readonly reason: string,
    readonly jobName?: string,
    options?: ErrorOptions,
  ) {
    const named = jobName === undefined ? jobId : `${jobId} ("${jobName}")`;
    super(`Job ${named} was cancelled${reason === '' ? '' : `: ${reason}`}.`, options);
  }
}

/** An attempt took longer than its handler's `timeout`, or was silent for longer than its `lockLifetime`. */
export class JobTimeoutError extends AgendaError {
  constructor(
    readonly jobId: string,
    readonly timeoutMs: number,
    readonly limit: 'timeout' | 'lockLifetime' = 'timeout',
  ) {
    super(
      limit === 'timeout'
        ? `The attempt of job ${jobId} took longer than its timeout of ${timeoutMs} ms.`
        : `The attempt of job ${jobId} was silent for longer than its lockLifetime of ${timeoutMs} ms: ` +
            'call `job.touch()` now and then.',
    );
  }
}

/** The process is shutting down, and the time it gives to running handlers is over. */
export class ShutdownError extends AgendaError {
  constructor() {
    super('The worker is shutting down: the job is handed back and its attempt does not count.');
  }
}

/** Thrown by a handler (also as `cause`): retrying is pointless, the job becomes a dead letter at once. */
export class NonRetryableError extends AgendaError {}

/** Middleware (see `JobMiddleware`) has not kept its part: it must call `next` once, and wait for it. */
export class MiddlewareError extends AgendaError {
  constructor(
    readonly part: 'add' | 'run',
    misdeed: string,
  ) {
    super(`The \`${part}\` of a middleware ${misdeed}: it must be called once, and waited for.`);
  }
}

/** One thing that is wrong with data. */
export interface DataIssue {
  /** Where, such as `items[2].price`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/**
 * Data that is not what the handler of its name takes: nothing was written, if it was to be added; if it was to be run,
 * the job is a dead letter with the reason `invalid-data`, whatever attempts are left.
 */
export class InvalidDataError extends NonRetryableError {
  constructor(
    readonly jobName: string,
    readonly issues: readonly DataIssue[],
    options?: ErrorOptions,
  ) {
    super(`The data of "${jobName}" is not valid: ${toldIssues(issues)}`, options);
  }
}

/** A list with a thousand wrong items says enough with the first of them. */
const MOST_TOLD_ISSUES = 20;

function toldIssues(issues: readonly DataIssue[]): string {
  if (issues.length === 0) return 'its schema does not say why';
  const told = issues
    .slice(0, MOST_TOLD_ISSUES)
    // Some libraries begin with the path themselves; and every text begins with an empty one.
    .map(({ path, message }) => (message.startsWith(path) ? message : `${path}: ${message}`));
  const untold = issues.length - told.length;
  if (untold > 0) told.push(`and ${untold} more`);
  return told.join('; ');
}

/** The backend cannot be reached, or was lost and did not come back in time. */
export class ConnectionError extends AgendaError {
  /** @param outcomeKnown - false when the command may have been carried out although no answer came */
  constructor(
    message: string,
    readonly outcomeKnown: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The backend refused a write for want of memory. Running jobs can still be settled; adding waits for room. */
export class BackendFullError extends AgendaError {}

/**
 * The write is stored, and too few replicas have confirmed it in the time that the option `durability` gives
 * them: a failover now may lose it.
 */
export class DurabilityError extends AgendaError {
  /** The master has carried the call out. */
  readonly outcomeKnown = true;

  /**
   * @param confirmed - how many replicas have it for certain
   * @param replicas - how many should
   */
  constructor(
    readonly confirmed: number,
    readonly replicas: number,
    readonly timeoutMs: number,
  ) {
    super(
      `Redis stored the write, but ${confirmed} of ${replicas} replicas confirmed it within ${timeoutMs} ms: a failover now may lose it. ` +
        'Repeating the call is harmless, unless it adds a job that has neither an `id` nor a key of its own: that would be one more.',
    );
  }
}

/** Called after the backend was closed, or cut off by that. */
export class BackendClosedError extends AgendaError {
  /** @param outcomeKnown - false for a call cut off on its way, which may have been carried out */
  constructor(readonly outcomeKnown = true) {
    super(
      outcomeKnown
        ? 'The backend is closed: nothing can be read or written through it any more.'
        : 'The backend was closed before the answer came; whether the call was carried out is unknown.',
    );
  }
}

/** The store holds something this version cannot work with: another layout, other fixed settings. */
export class IncompatibleStoreError extends AgendaError {}

/** A cursor that a search cannot go on from: begin again without one. */
export class InvalidCursorError extends AgendaError {
  /** @param reason - `damaged`; of `other-filter`, another search; of `other-version`, another release */
  constructor(
    readonly cursor: unknown,
    readonly reason: 'damaged' | 'other-filter' | 'other-version',
  ) {
    super(`Cannot go on from the cursor ${describe(cursor)}: ${CURSOR_FAULTS[reason]}`);
  }
}

const CURSOR_FAULTS = {
  damaged: 'it is not one that a search has given. Pass cursors on unchanged.',
  'other-filter': 'it belongs to another filter. Keep the filter the same from page to page.',
  'other-version':
    'it was made by another version or another kind of backend. Begin again without a cursor.',
} as const;

/** Events behind a cursor are no longer in the durable stream: a reader that goes on has missed them. */
export class EventsLostError extends AgendaError {
  /**
   * @param cursor - from which there was no going on
   * @param resumeFrom - where the oldest event that is kept can be read from
   */
  constructor(
    readonly cursor: string,
    readonly resumeFrom: string,
  ) {
    super(
      `Events behind the cursor "${cursor}" are no longer kept. Look at the jobs themselves for what was ` +
        'missed, and go on from `resumeFrom`. The bounds of the stream are those of the option `events.durable`.',
    );
  }
}

/** Jobs of a name run that nobody said should be stopped. */
export class JobsRunningError extends AgendaError {
  /**
   * @param running - how many run
   * @param removed - how many others were removed: 0, unless they began to run only while that was done
   */
  constructor(
    readonly jobName: string,
    readonly running: number,
    readonly removed: number,
  ) {
    super(
      `${running} jobs of "${jobName}" are running, and ${removed} others were removed. Pause the name and let them ` +
        'end, or say `force: true`: then their signals fire.',
    );
  }
}

/** This backend has no such verb. */
export class UnsupportedOperationError extends AgendaError {
  constructor(verb: string, backend: string) {
    super(`The ${backend} backend cannot \`${verb}\`.`);
  }
}

/** Whether a thrown value is an error, also one of another realm (a test runner's sandbox, a `vm` context). */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  try {
    return value instanceof Error;
  } catch {
    // A proxy may throw at every question.
    return false;
  }
}
