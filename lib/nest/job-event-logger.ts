import { Logger } from '@nestjs/common';
import type { HandlerRegistry, JobEvents } from '../core/index.js';
import { LOG_CONTEXT } from './log-context.js';
import { DEFAULT_INSTANCE } from './tokens.js';

/** The same error is written once in this time; the next line tells how often it came. */
const SAME_ERROR_EVERY_MS = 30_000;
const ERRORS_REMEMBERED = 100;

/**
 * The one subscriber that turns what happens into lines of Nest's log. Never a job's data, never a
 * password. What every job does on its way (added, started, completed) is not written.
 */
export class JobEventLogger {
  private readonly logger: Logger;
  private readonly errors = new Map<string, { writtenAt: number; since: number }>();

  constructor(instance: string) {
    this.logger = new Logger(
      instance === DEFAULT_INSTANCE ? LOG_CONTEXT : `${LOG_CONTEXT}(${instance})`,
    );
  }

  attach(events: JobEvents): void {
    // Told in the words that are stored: of errors that cannot be read, or are too long, the rest.
    events.on('retrying', ({ job, nextRunAt }) =>
      this.warn(
        `${about(job)} failed in attempt ${job.attempt}, next at ${nextRunAt.toISOString()}: ${job.failReason}`,
      ),
    );
    events.on('dead', (event) =>
      this.error(
        `${about(event)} is a dead letter (${event.failure.reason ?? 'failed'}): ${event.failure.message}`,
        event.failure.stack,
      ),
    );
    events.on('stalled', (event) =>
      this.warn(`${about(event)} lost its process ${event.host}: ${event.outcome}`),
    );
    events.on('lost', ({ job, refusal, repeated }) => {
      if (!repeated)
        this.warn(`${about(job)} is no longer ours (${refusal}): its result is not stored`);
    });
    events.on('stuck', ({ job, error }) =>
      this.warn(
        `${about(job)} goes on although its attempt is over (${error.message}): it keeps its slot`,
      ),
    );
    events.on('interrupted', ({ job }) =>
      this.log(`${about(job)} was handed back at shutdown; the attempt does not count`),
    );
    events.on('cancelled', ({ job, reason }) => this.log(`${about(job)} was cancelled: ${reason}`));
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
    const now = performance.now();
    const seen = this.errors.get(error.message);
    if (seen && now - seen.writtenAt < SAME_ERROR_EVERY_MS) {
      seen.since += 1;
      return;
    }
    if (this.errors.size >= ERRORS_REMEMBERED) this.errors.clear();
    this.errors.set(error.message, { writtenAt: now, since: 0 });
    const repeats = seen && seen.since > 0 ? ` (and ${seen.since} times before)` : '';
    this.error(`${error.message}${repeats}`, error.stack);
  };

  private warnIfSignalsAreUnheard(): void {
    if (process.listenerCount('SIGTERM') > 0) return;
    this.warn(
      'Jobs run, and nobody listens for SIGTERM: a deploy would cut them off. ' +
        'Call app.enableShutdownHooks(), so that they are drained first.',
    );
  }

  private log(line: string): void {
    this.logger.log(withoutSecrets(line));
  }

  private warn(line: string): void {
    this.logger.warn(withoutSecrets(line));
  }

  private error(line: string, stack: string | undefined): void {
    this.logger.error(withoutSecrets(line), stack && withoutSecrets(stack));
  }
}

const about = ({ name, id }: { name: string; id: string }): string => `Job ${name} (${id})`;

/** Errors of drivers and handlers may quote a connection string. */
const withoutSecrets = (line: string): string =>
  line.replace(/(\w+:\/\/[^\s:@/]*):[^\s@/]+@/g, '$1:***@');
