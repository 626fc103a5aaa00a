import { DuplicateHandlerError, DuplicateTokenError, InvalidOptionError } from '../errors.js';
import { checkText } from '../job/job-id.js';
import { JobToken } from '../job/job-token.js';
import { type AnyJobToken, type JobName, nameOf, type ResultOf } from '../job/job-types.js';
import type { HandledData, Spelled } from '../job/typed-names.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { completeLimits } from '../options/limits.js';
import { composeRun, type RunSurroundings } from './compose-run.js';
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

/** What was defined, without what is around it. */
interface Definition extends Omit<Handler, 'plan'> {
  readonly layer: HandlerLayer;
}

/** @param options - as they were written */
type Judge = (handler: Pick<Handler, 'name' | 'plan'>, options: HandlerOptions) => void;

const WARNED_OF_BY_PROCESS: RunSurroundings = {
  middleware: [],
  warn: (code, message) => process.emitWarning(message, { code }),
};

/** Which function runs which jobs. Handlers may be added at any time; a running host takes new ones up. */
export class HandlerRegistry {
  private readonly handlers = new Map<string, Handler>();
  private readonly definitions = new Map<string, Definition>();
  private readonly tokens = new Map<string, { token: AnyJobToken; layer: HandlerLayer }>();
  private readonly plans = new Map<string, HandlerPlan>();
  private readonly judges: Judge[] = [];
  private readonly watchers = new Set<(handler: Handler) => void>();

  private someDataIsJudged: boolean;

  constructor(
    private readonly options: ResolvedEngineOptions,
    private readonly surroundings: RunSurroundings = WARNED_OF_BY_PROCESS,
  ) {
    this.someDataIsJudged = [...options.handlers.values()].some(judgesData);
  }

  /**
   * Says what runs the jobs of a name: `(job) => …`, or `(job, done) => …` for a function that
   * declares exactly two parameters.
   *
   * @param origin - where the handler was written, such as `MailJobs.welcome`
   * @throws DuplicateHandlerError when the name has a handler
   * @throws InvalidJobError for a name that no job can have
   * @throws InvalidOptionError
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- an untyped job's data is what its handler takes
  define<Data = any, Name extends JobName = string>(
    name: Spelled<Name>,
    handler: JobFunction<HandledData<Name, Data>, ResultOf<Name>>,
    options?: HandlerOptions,
    origin?: string,
  ): void;
  define(
    nameOrToken: JobName,
    handler: JobFunction,
    options: HandlerOptions = {},
    origin?: string,
  ): void {
    const name = nameOf(nameOrToken);
    checkText('name', name);
    if (typeof handler !== 'function') {
      throw new InvalidOptionError('handler', handler, 'a function');
    }
    const here = origin ?? (handler.name || 'a function without a name');
    const other = this.handlers.get(name);
    if (other) throw new DuplicateHandlerError(name, other.origin, here);
    this.named(nameOrToken);
    const layer = readHandlerOptions(name, options);
    const definition = { name, run: asRunFunction(handler), layer, origin: here };
    const added = this.composed(definition);
    // Only here: a process that adds jobs alone may know a part of them.
    completeLimits(name, added.plan.limits);
    for (const judge of this.judges) judge(added, options);
    this.definitions.set(name, definition);
    this.adopt(added);
    for (const watcher of this.watchers) watcher(added);
  }

  /**
   * Takes up what a token says of its name, for jobs that are added and handlers that are defined from now on, and
   * for the handler that its name may have already.
   *
   * @throws DuplicateTokenError for a second token with options for a name
   * @throws InvalidOptionError
   */
  know(token: AnyJobToken): void {
    const { name, options } = token;
    const known = this.tokens.get(name);
    if (known?.token === token || Object.keys(options).length === 0) return;
    if (known) throw new DuplicateTokenError(name);
    checkText('name', name);
    const layer = readHandlerOptions(name, options);
    const definition = this.definitions.get(name);
    const plan = this.layered(name, definition?.layer ?? {}, layer);
    for (const judge of this.judges) judge({ name, plan }, options);
    this.tokens.set(name, { token, layer });
    if (definition) this.adopt(this.composed(definition));
    else this.plans.set(name, plan);
    this.someDataIsJudged ||= judgesData(plan);
  }

  /** Takes a handler as it is, also one of another registry. @internal for the testing kit */
  adopt(handler: Handler): void {
    this.handlers.set(handler.name, handler);
    this.plans.set(handler.name, handler.plan);
    this.someDataIsJudged ||= judgesData(handler.plan);
  }

  /** The name; what a token says of it is known from here on. @throws as {@link know} */
  named(nameOrToken: JobName): string {
    if (typeof nameOrToken === 'string') return nameOrToken;
    if (nameOrToken instanceof JobToken) this.know(nameOrToken);
    return nameOf(nameOrToken);
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

  /** Whether this process has a say in what the data of a name is: its handler, a token, or its `version` in `handlers`. */
  knowsData(name: string): boolean {
    const configured = this.options.handlers.get(name)?.version !== undefined;
    return configured || this.handlers.has(name) || this.tokens.has(name);
  }

  /** Whether it is known of any name what its data has to be, or of which version it is. */
  get judgesData(): boolean {
    return this.someDataIsJudged;
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

  private composed({ name, run, layer, origin }: Definition): Handler {
    const plan = this.layered(name, layer);
    return { name, run: composeRun(name, run, plan, this.surroundings), plan, origin };
  }

  private layered(
    name: string,
    own: HandlerLayer,
    ofToken: HandlerLayer = this.tokens.get(name)?.layer ?? {},
  ): HandlerPlan {
    const configured = this.options.handlers.get(name) ?? {};
    return planOf(name, [...this.options.defaults, ofToken, own, configured]);
  }
}

const judgesData = ({ schema, version = 1 }: HandlerLayer | HandlerPlan): boolean =>
  schema !== undefined || version > 1;
