import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidOptionError, InvalidScheduleError, type Engine } from '../../core/index.js';
import { compileRepeatRule } from '../../core/schedule/compile-repeat-rule.js';
import { RedisBackend } from '../../redis/index.js';
import type { EveryMetadata } from '../decorators/every.decorator.js';
import type { FoundHandler, FoundListener } from '../discovery/handler-explorer.js';
import { InvalidHandlerError } from '../errors.js';
import type { JobEventLogger } from '../job-event-logger.js';

interface PlannedRule extends EveryMetadata {
  readonly jobName: string;
  readonly place: string;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** One instance's engine in the hands of the application's life cycle. */
export class InstanceHost {
  private readonly rules: PlannedRule[] = [];
  private readonly ending = new AbortController();
  private drained: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  /** @param waits - whether the application starts without waiting for its backend */
  constructor(
    readonly instance: string,
    private readonly engine: Engine,
    private readonly logger: JobEventLogger,
    private readonly waits: boolean,
  ) {
    logger.attach(engine.events);
  }

  /** Where the jobs are: equal for backends that share them, as far as can be told. */
  get namespace(): unknown {
    const { backend } = this.engine;
    return backend instanceof RedisBackend ? (backend.namespace ?? backend) : backend;
  }

  sharesJobsWith(other: InstanceHost): boolean {
    return this.namespace === other.namespace;
  }

  /**
   * @throws DuplicateHandlerError, InvalidOptionError
   * @throws InvalidScheduleError naming the method, for an `@Every` that is not understood
   */
  handle({ name, options, call, place, rules }: FoundHandler): void {
    const { instance: _, ...handlerOptions } = options;
    this.engine.handlers.define(name, call, handlerOptions, place);
    for (const rule of rules) {
      atPlace(place, () => compileRepeatRule(timesOf(rule), name));
      this.rules.push({ ...rule, jobName: name, place });
    }
  }

  /** @throws InvalidHandlerError naming the method, for an event that does not exist */
  listen({ event, jobName, call, place }: FoundListener): void {
    const listener = async (...facts: readonly unknown[]): Promise<void> => {
      try {
        await call(...facts);
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        throw new Error(`${place}: ${message}`, { cause: thrown });
      }
    };
    try {
      const key = jobName === undefined ? event : `${event}:${jobName}`;
      this.engine.events.on(key as 'failed', listener);
    } catch (error) {
      const problem = '@OnJobEvent is for an event that does not exist';
      throw new InvalidHandlerError(place, problem, (error as Error).message, { cause: error });
    }
  }

  /** @throws InvalidOptionError for handler options of a job that nobody handles here */
  refuseUnknownOverrides(): void {
    const [name] = this.engine.handlers.unknownOverrides();
    if (name === undefined) return;
    const known = this.engine.handlers.names().join(', ') || 'none';
    throw new InvalidOptionError(
      `handlers.${name}`,
      this.engine.options.handlers.get(name),
      `for a job that is handled here (known: ${known}), or left out by the option worker`,
    );
  }

  /** @throws ConnectionError, unless the application does not wait */
  async connect(): Promise<void> {
    const connected = this.engine.connect();
    // Nobody waits for this one: the start asks again.
    if (this.waits) connected.catch(() => undefined);
    else await connected;
  }

  /** Registers the schedules and lets the worker host claim. */
  async start(): Promise<void> {
    if (!this.waits) return this.begin();
    void this.beginAsSoonAsPossible();
  }

  /** Lets running jobs end, within the time for shutdowns. Never rejects; again is the same drain. */
  drain(): Promise<void> {
    this.ending.abort();
    return (this.drained ??= this.quietly(() => this.engine.workerHost.stop()));
  }

  /** Closes what the engine opened. Never rejects; again is the same end. */
  close(): Promise<void> {
    this.ending.abort();
    return (this.closed ??= this.quietly(() => this.engine.close()));
  }

  /** The application runs already, so nobody but this can try again. Never rejects. */
  private async beginAsSoonAsPossible(): Promise<void> {
    const { signal } = this.ending;
    for (
      let pause = FIRST_PAUSE_MS;
      !signal.aborted;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    ) {
      try {
        return await this.begin();
      } catch (error) {
        if (signal.aborted) return;
        this.logger.unheard(error as Error);
        if (isMistake(error)) return;
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Each of its steps can be repeated. */
  private async begin(): Promise<void> {
    await this.engine.connect();
    const { handlers, options, workerHost } = this.engine;
    const worked = new Set(handlers.workedNames());
    const rules = this.rules.filter(({ jobName }) => worked.has(jobName));
    await Promise.all(rules.map((rule) => this.register(rule)));
    if (options.worker.none || this.ending.signal.aborted) return;
    await workerHost.start();
    this.logger.announceHandlers(handlers);
  }

  private async register({ interval, jobName, place, options }: PlannedRule): Promise<void> {
    const { data, ...rule } = options;
    try {
      await this.engine.scheduler.every(interval, jobName, data, rule);
    } catch (error) {
      throw namingPlace(error, place);
    }
  }

  private async quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.unheard(error as Error);
    }
  }
}

/** What the application has to mend: trying again would change nothing. */
const isMistake = (error: unknown): boolean =>
  error instanceof InvalidOptionError || error instanceof InvalidScheduleError;

/** What of a rule can be checked before there is a clock to check it with. */
function timesOf({ interval, options: { timezone, skipDays, catchUp } }: EveryMetadata) {
  return { interval, timezone, skipDays, catchUp };
}

function atPlace(place: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    throw namingPlace(error, place);
  }
}

function namingPlace(error: unknown, place: string): unknown {
  const where = `@Every of ${place}`;
  if (error instanceof InvalidScheduleError) {
    const { text, reason, examples } = error;
    return new InvalidScheduleError(text, `${reason} (${where})`, examples, { cause: error });
  }
  if (error instanceof InvalidOptionError) {
    const { option, value, expected } = error;
    return new InvalidOptionError(`${option} in ${where}`, value, expected, { cause: error });
  }
  return error;
}
