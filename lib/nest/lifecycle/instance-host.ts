import { setTimeout as sleep } from 'node:timers/promises';
import {
  InvalidDataError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
  UnsupportedOperationError,
  type Engine,
  type JobFunction,
} from '../../core/index.js';
import { declareSchedule, keepsOrigins } from '../../core/scheduler/declared-schedules.js';
import { RedisBackend } from '../../redis/index.js';
import type { FoundHandler, FoundListener } from '../discovery/handler-explorer.js';
import { InvalidHandlerError } from '../errors.js';
import type { EveryOverrides } from '../handler-overrides.js';
import type { JobEventLogger } from '../job-event-logger.js';
import { reportGoneSchedules } from './gone-schedules.js';
import type { Enhancers, EnhancersOption } from '../pipeline/enhancers.js';
import { optionsOf, plannedRules, type PlannedRule } from './planned-rules.js';
import { atSource, sourced } from './sourced-error.js';

/** How an instance takes part in the life of the application. */
export interface InstanceHostOptions {
  /** Whether the application starts without waiting for its backend. */
  readonly waits: boolean;
  /** What configuration says of the rules of `@Every`. */
  readonly every: EveryOverrides;
  /** Which enhancers its handlers have. */
  readonly enhancers: EnhancersOption;
  /** Whether stored schedules whose `@Every` has gone are removed at start. */
  readonly prunesSchedules: boolean;
}

/** A handler with what the engine calls for it. */
interface HandlerToRun extends Omit<FoundHandler, 'target'> {
  readonly call: JobFunction;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** One instance's engine in the hands of the application's life cycle. */
export class InstanceHost {
  private readonly rules: PlannedRule[] = [];
  /** Names of decorated methods. */
  private readonly found = new Set<string>();
  private readonly ending = new AbortController();
  private drained: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  constructor(
    readonly instance: string,
    private readonly engine: Engine,
    private readonly logger: JobEventLogger,
    private readonly options: InstanceHostOptions,
  ) {
    logger.attach(engine.events);
    if (!options.prunesSchedules || keepsOrigins(engine.parts.manager)) return;
    const expected = `left out: the ${engine.backend.name} backend does not keep where rules were written`;
    throw new InvalidOptionError('schedules.prune', true, expected);
  }

  /** Where the jobs are: equal for backends that share them, as far as can be told. */
  get namespace(): unknown {
    const { backend } = this.engine;
    return backend instanceof RedisBackend ? (backend.namespace ?? backend) : backend;
  }

  sharesJobsWith(other: InstanceHost): boolean {
    return this.namespace === other.namespace;
  }

  /** @throws InvalidOptionError naming the method */
  enhancersFor({ name, options, place }: FoundHandler): Enhancers {
    return this.options.enhancers.for(name, place, options.enhancers);
  }

  /**
   * @throws DuplicateHandlerError, InvalidOptionError
   * @throws InvalidScheduleError naming the method, for an `@Every` that is not understood
   */
  handle({ name, token, options, call, place, rules }: HandlerToRun): void {
    const { instance: _, enhancers: __, scopedGlobals: ___, ...handlerOptions } = options;
    atSource(`@JobHandler of ${place}`, () =>
      this.engine.handlers.define(token ?? name, call, handlerOptions, place),
    );
    this.found.add(name);
    this.rules.push(...plannedRules({ name, place, rules }, this.options.every.get(name)));
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

  /** @throws InvalidOptionError for options of a job that nobody handles here, or of rules that it does not have */
  refuseUnknownOverrides(): void {
    const { handlers, options } = this.engine;
    const [name] = handlers.unknownOverrides();
    if (name !== undefined) {
      const known = handlers.names().join(', ') || 'none';
      const expected = `for a job that is handled here (known: ${known}), or left out by the option worker`;
      throw new InvalidOptionError(`handlers.${name}`, options.handlers.get(name), expected);
    }
    for (const [jobName, every] of this.options.every) {
      const handler = handlers.get(jobName);
      if (!handler || this.found.has(jobName)) continue;
      const expected = `left out, since ${handler.origin} is no method with @Every`;
      throw new InvalidOptionError(`handlers.${jobName}.every`, every, expected);
    }
  }

  /** @throws ConnectionError, unless the application does not wait */
  async connect(): Promise<void> {
    const connected = this.engine.connect();
    // Nobody waits for this one: the start asks again.
    if (this.options.waits) connected.catch(() => undefined);
    else await connected;
  }

  /** Registers the schedules and lets the worker host claim. */
  async start(): Promise<void> {
    if (!this.options.waits) return this.begin();
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
    const { signal } = this.ending;
    // What has been closed before it began stays closed.
    if (signal.aborted) return;
    await this.engine.connect();
    const { handlers, options, workerHost } = this.engine;
    const rules = await this.declareRules();
    if (options.worker.none || signal.aborted) return;
    const { prunesSchedules } = this.options;
    await this.quietly(() => reportGoneSchedules(this.engine, rules, prunesSchedules));
    // A start would open the engine anew.
    if (signal.aborted) return;
    await workerHost.start();
    this.logger.announceHandlers(handlers);
    this.warnOfIdleNames();
  }

  /** Their handlers may still come, by `HandlerRegistry.define`; more likely the names are misspelt. */
  private warnOfIdleNames(): void {
    const { events, handlers, options } = this.engine;
    const idle = options.worker.only.filter((name) => !handlers.get(name));
    if (idle.length === 0) return;
    const known = handlers.names().join(', ') || 'none';
    const message = `\`worker.only\` names jobs that nobody handles here: ${idle.join(', ')} (known: ${known}).`;
    events.emitWarning('idle-name', message);
  }

  /** Stores the rules of `@Every` whose names this process works, unless they are there. */
  async declareRules(): Promise<readonly PlannedRule[]> {
    const worked = new Set(this.engine.handlers.workedNames());
    const rules = this.rules.filter(({ jobName }) => worked.has(jobName));
    await Promise.all(rules.map((rule) => this.register(rule)));
    return rules;
  }

  private async register(rule: PlannedRule): Promise<void> {
    const { interval, jobName, place, source } = rule;
    const { data } = rule.options;
    const declared = { interval, jobName, data, options: optionsOf(rule), origin: place };
    try {
      await declareSchedule(this.engine.scheduler, declared);
    } catch (error) {
      throw sourced(error, source);
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
const isMistake = (error: unknown): boolean => MISTAKES.some((kind) => error instanceof kind);

const MISTAKES = [
  InvalidDataError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
  UnsupportedOperationError,
];
