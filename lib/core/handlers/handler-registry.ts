import { DuplicateHandlerError, InvalidOptionError } from '../errors.js';
import { checkText } from '../job/job-id.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { completeLimits } from '../options/limits.js';
import type { HandlerOptions } from './handler-options.js';
import { type HandlerLayer, type HandlerPlan, planOf, readHandlerOptions } from './handler-plan.js';
import { asRunFunction, type JobFunction, type RunFunction } from './job-function.js';

/** A job name, what runs it, and how. */
export interface Handler {
  readonly name: string;
  readonly run: RunFunction;
  readonly plan: HandlerPlan;
  /** Where it was written, for messages. */
  readonly origin: string;
}

/** @param options - as they were written */
type Judge = (handler: Handler, options: HandlerOptions) => void;

/** Which function runs which jobs. Handlers may be added at any time; a running host takes new ones up. */
export class HandlerRegistry {
  private readonly handlers = new Map<string, Handler>();
  private readonly plans = new Map<string, HandlerPlan>();
  private readonly judges: Judge[] = [];
  private readonly watchers = new Set<(handler: Handler) => void>();

  constructor(private readonly options: ResolvedEngineOptions) {}

  /**
   * Says what runs the jobs of a name: `(job) => …`, or `(job, done) => …` for a function that
   * declares exactly two parameters.
   *
   * @param origin - where the handler was written, such as `MailJobs.welcome`
   * @throws DuplicateHandlerError when the name has a handler
   * @throws InvalidJobError for a name that no job can have
   * @throws InvalidOptionError
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- the name decides the type of the data
  define<Data = any>(
    name: string,
    handler: JobFunction<Data>,
    options: HandlerOptions = {},
    origin?: string,
  ): void {
    checkText('name', name);
    if (typeof handler !== 'function') {
      throw new InvalidOptionError('handler', handler, 'a function');
    }
    const here = origin ?? (handler.name || 'a function without a name');
    const other = this.handlers.get(name);
    if (other) throw new DuplicateHandlerError(name, other.origin, here);
    const plan = this.layered(name, readHandlerOptions(name, options));
    // Only here: a process that adds jobs alone may know a part of them.
    completeLimits(name, plan.limits);
    const added = { name, run: asRunFunction(handler), plan, origin: here };
    for (const judge of this.judges) judge(added, options);
    this.handlers.set(name, added);
    this.plans.set(name, plan);
    for (const watcher of this.watchers) watcher(added);
  }

  get(name: string): Handler | undefined {
    return this.handlers.get(name);
  }

  /** The names that have a handler, in the order they were defined. */
  names(): string[] {
    return [...this.handlers.keys()];
  }

  /** The names this process runs: those with a handler that the option `worker` does not leave out. */
  workedNames(): string[] {
    return this.names().filter((name) => this.options.worker.includes(name));
  }

  /** How jobs of a name are run, also when its handler lives in another process. */
  planFor(name: string): HandlerPlan {
    const known = this.plans.get(name);
    if (known) return known;
    // Names without a handler here are few shapes: what configuration says of them, or the defaults.
    const plan = this.options.handlers.has(name) ? this.layered(name, {}) : this.defaultPlan();
    if (this.options.handlers.has(name)) this.plans.set(name, plan);
    return plan;
  }

  /** Names in the option `handlers` that nobody handles here, though this process might. */
  unknownOverrides(): string[] {
    if (this.options.worker.none) return [];
    return [...this.options.handlers.keys()].filter(
      (name) => !this.handlers.has(name) && this.options.worker.includes(name),
    );
  }

  /** Tells of handlers that are defined from now on. */
  watch(watcher: (handler: Handler) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Asks about each handler that is to be defined from now on; what is thrown keeps that one out. */
  judge(judge: Judge): void {
    this.judges.push(judge);
  }

  private defaultPlan(): HandlerPlan {
    return (this.fallback ??= planOf('defaults', this.options.defaults));
  }
  private fallback: HandlerPlan | undefined;

  private layered(name: string, own: HandlerLayer): HandlerPlan {
    const configured = this.options.handlers.get(name) ?? {};
    return planOf(name, [...this.options.defaults, own, configured]);
  }
}
