import { Logger } from '@nestjs/common';
import { ConnectionError, type HandlerRegistry, type JobEvents } from '../core/index.js';
import { ErrorThinning } from './error-thinning.js';
import { LOG_CONTEXT } from './log-context.js';
import { DEFAULT_INSTANCE } from './tokens.js';
import { withoutSecrets } from './without-secrets.js';

/** What tells that the store answers. They are listened to only while it was said to be away. */
const PROOFS = ['ready', 'online', 'reconnected', 'enqueued', 'started'] as const;

/**
 * The one subscriber that turns what happens into lines of Nest's log. Never a job's data, never a
 * password. What every job does on its way (added, started, completed) is not written.
 *
 * Lines of a job have a context of their name, `AgendaRedis:send-welcome`, so that they can be told apart and
 * filtered; all others `AgendaRedis`. A store that is away is written once in 30 seconds at most, with how
 * often it was noticed, and once when it is back.
 */
export class JobEventLogger {
  private readonly logger = new Logger();
  private readonly context: string;
  private readonly thinning = new ErrorThinning();
  private events: JobEvents | undefined;
  private isWaiting = false;

  constructor(instance: string) {
    this.context = instance === DEFAULT_INSTANCE ? LOG_CONTEXT : `${LOG_CONTEXT}(${instance})`;
  }

  attach(events: JobEvents): void {
    this.events = events;
    // Told in the words that are stored: of errors that cannot be read, or are too long, the rest.
    events.on('retrying', ({ job, nextRunAt }) => {
      const when = nextRunAt.toISOString();
      this.warn(`${attemptOf(job)} failed, next at ${when}: ${job.failReason}`, job.name);
    });
    events.on('dead', ({ failure, attempt, ...job }) => {
      const after = attempt === undefined ? '' : ` after attempt ${attempt}`;
      const why = failure.reason ?? 'failed';
      const line = `Job ${job.name} (${job.id}) is a dead letter${after} (${why}): ${failure.message}`;
      this.error(line, failure.stack, job.name);
    });
    events.on('stalled', (job) =>
      this.warn(`${attemptOf(job)} lost its process ${job.host}: ${job.outcome}`, job.name),
    );
    events.on('lost', ({ job, refusal, repeated }) => {
      if (repeated) return;
      const line = `${attemptOf(job)} is no longer ours (${refusal}): its result is not stored`;
      this.warn(line, job.name);
    });
    events.on('stuck', ({ job, error }) => {
      const line = `${attemptOf(job)} goes on although it is over (${error.message}): it keeps its slot`;
      this.warn(line, job.name);
    });
    events.on('interrupted', ({ job }) =>
      this.log(`${attemptOf(job)} was handed back at shutdown; it does not count`, job.name),
    );
    events.on('cancelled', ({ job, reason }) =>
      this.log(`${attemptOf(job)} was cancelled: ${reason}`, job.name),
    );
    events.on('online', ({ host }) => this.log(`Worker host ${host} is online`));
    events.on('offline', ({ host }) => this.log(`Worker host ${host} is offline`));
    events.on('warning', ({ message }) => this.warn(message));
    events.on('error', (error) => this.unheard(error));
    events.once('started', () => this.warnIfSignalsAreUnheard());
  }

  /** One line for each handler, as Nest writes one for each route. */
  announceHandlers(handlers: HandlerRegistry): void {
    for (const name of handlers.workedNames()) {
      this.log(`Handles "${name}" by ${handlers.get(name)?.origin}`);
    }
  }

  /** An error that has no caller to be told. */
  readonly unheard = (error: Error): void => {
    const unwritten = this.thinning.admit(error);
    if (error instanceof ConnectionError) this.awaitTheStore();
    if (unwritten === undefined) return;
    const before = unwritten > 0 ? ` (and ${times(unwritten)} before)` : '';
    this.error(`${error.message}${before}`, error.stack);
  };

  private awaitTheStore(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    for (const proof of PROOFS) this.events?.on(proof, this.storeIsBack);
  }

  private readonly storeIsBack = (): void => {
    this.isWaiting = false;
    for (const proof of PROOFS) this.events?.off(proof, this.storeIsBack);
    const unwritten = this.thinning.storeIsBack();
    if (unwritten === undefined) return;
    const meanwhile = unwritten > 0 ? ` (and could not ${times(unwritten)} more meanwhile)` : '';
    this.log(`The store can be reached again${meanwhile}`);
  };

  private warnIfSignalsAreUnheard(): void {
    if (process.listenerCount('SIGTERM') > 0) return;
    this.warn(
      'Jobs run, and nobody listens for SIGTERM: a deploy would cut them off. ' +
        'Call app.enableShutdownHooks(), so that they are drained first.',
    );
  }

  private log(line: string, jobName?: string): void {
    this.logger.log(withoutSecrets(line), this.contextOf(jobName));
  }

  private warn(line: string, jobName?: string): void {
    this.logger.warn(withoutSecrets(line), this.contextOf(jobName));
  }

  private error(line: string, stack: string | undefined, jobName?: string): void {
    this.logger.error(
      withoutSecrets(line),
      stack && withoutSecrets(stack),
      this.contextOf(jobName),
    );
  }

  private contextOf(jobName: string | undefined): string {
    return jobName === undefined ? this.context : `${this.context}:${jobName}`;
  }
}

const attemptOf = ({ id, name, attempt }: { id: string; name: string; attempt: number }): string =>
  `Attempt ${attempt} of job ${name} (${id})`;

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
