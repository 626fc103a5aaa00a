import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { DuplicateHandlerError, type JobFunction } from '../../core/index.js';
import { everyOf, type EveryMetadata } from '../decorators/every.decorator.js';
import { jobHandlerOf, type JobHandlerOptions } from '../decorators/job-handler.decorator.js';
import { jobEventsOf } from '../decorators/on-job-event.decorator.js';
import { InvalidHandlerError } from '../errors.js';
import { LOG_CONTEXT } from '../log-context.js';
import { isDecorated, lineage, ownFunction, prototypeOf, type Wrapper } from './prototypes.js';

/** A `@JobHandler` method of a living provider. */
export interface FoundHandler {
  readonly name: string;
  readonly options: JobHandlerOptions;
  readonly rules: readonly EveryMetadata[];
  /** `Class.method`. */
  readonly place: string;
  readonly call: JobFunction;
}

/** An `@OnJobEvent` method of a living provider. */
export interface FoundListener {
  readonly event: string;
  readonly jobName: string | undefined;
  readonly instance: string | undefined;
  readonly place: string;
  readonly call: (...facts: readonly unknown[]) => unknown;
}

export interface Found {
  readonly handlers: readonly FoundHandler[];
  readonly listeners: readonly FoundListener[];
}

/** A decorated method as the walk meets it. */
interface Candidate {
  readonly host: Record<string, (...facts: readonly unknown[]) => unknown>;
  readonly wrapper: Wrapper;
  readonly method: (...args: never[]) => unknown;
  readonly methodName: string;
  readonly place: string;
}

/**
 * Finds the decorated methods of the application's providers. Reads prototypes only, so no getter of
 * an instance runs; calls go through the instance by name, so a spied or patched method is honoured.
 */
@Injectable()
export class HandlerExplorer {
  private readonly logger = new Logger(LOG_CONTEXT);

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * @throws InvalidHandlerError, DuplicateHandlerError naming class and method
   */
  explore(): Found {
    const candidates = this.discovery
      .getProviders()
      .filter(isFirstOfItsInstance())
      .flatMap((wrapper) => this.candidatesOf(wrapper));
    this.refuseOutsideProviders(candidates);
    for (const candidate of candidates) refuseScoped(candidate);
    refuseTwiceProvided(candidates);
    const handlers = candidates.flatMap(handlerOf);
    refuseDuplicates(handlers, candidates);
    return { handlers, listeners: candidates.flatMap(listenersOf) };
  }

  private candidatesOf(wrapper: Wrapper): Candidate[] {
    const prototype = prototypeOf(wrapper);
    if (!prototype) return [];
    const className = prototype.constructor.name;
    return this.scanner.getAllMethodNames(prototype).flatMap((methodName) => {
      const method = lineage(prototype)
        .map((ancestor) => ownFunction(ancestor, methodName))
        .find((own) => own !== undefined);
      const place = `${className}.${methodName}`;
      if (!method) return [];
      if (!isDecorated(method)) {
        this.warnIfHidden(prototype, methodName, place);
        return [];
      }
      return [{ host: wrapper.instance as Candidate['host'], wrapper, method, methodName, place }];
    });
  }

  private warnIfHidden(prototype: object, methodName: string, place: string): void {
    const hidden = lineage(prototype).find((ancestor) => {
      const method = ownFunction(ancestor, methodName);
      return method !== undefined && isDecorated(method);
    });
    if (!hidden) return;
    this.logger.warn(
      `${place} overrides the decorated ${hidden.constructor.name}.${methodName} and hides it: ` +
        'decorate the override too, or give it another name.',
    );
  }

  /** Classes that Nest makes, but not as providers: their methods would never be called. */
  private refuseOutsideProviders(candidates: readonly Candidate[]): void {
    const provided = new Set(candidates.map(({ wrapper }) => wrapper.metatype));
    const others = [...this.modules.values()].flatMap((module) => [
      ...[...module.controllers.values()].map((wrapper) => ({ wrapper, kind: 'a controller' })),
      ...[...module.injectables.values()].map((wrapper) => ({ wrapper, kind: 'an enhancer' })),
    ]);
    for (const { wrapper, kind } of others) {
      const [first] = provided.has(wrapper.metatype) ? [] : this.candidatesOf(wrapper);
      if (!first) continue;
      throw new InvalidHandlerError(
        first.place,
        `it is decorated, but its class is ${kind} and not a provider`,
        'Move the method to a class that stands in the `providers` of a module.',
      );
    }
  }
}

/** A factory may hand on what another provider made: that is an alias too. */
function isFirstOfItsInstance(): (wrapper: Wrapper) => boolean {
  const seen = new Set<unknown>();
  return ({ isAlias, instance }) =>
    !isAlias && !seen.has(instance) && seen.add(instance) !== undefined;
}

function refuseScoped({ wrapper, place }: Candidate): void {
  const scope = wrapper.isTransient
    ? 'transient'
    : wrapper.isDependencyTreeStatic()
      ? undefined
      : 'request-scoped (itself or by what it injects)';
  if (scope === undefined) return;
  throw new InvalidHandlerError(
    place,
    `it is decorated, but its class is ${scope}, and a job has no request to make it for`,
    'Make the class a singleton and resolve what is scoped inside the method, with ModuleRef.',
  );
}

/** Listed in two modules, a class is two instances, and every event and job would be served by either or both. */
function refuseTwiceProvided(candidates: readonly Candidate[]): void {
  const firstOf = new Map<unknown, Candidate>();
  for (const candidate of candidates) {
    const type: unknown = Object.getPrototypeOf(candidate.host);
    const first = firstOf.get(type) ?? candidate;
    firstOf.set(type, first);
    if (first.wrapper === candidate.wrapper || first.host === candidate.host) continue;
    const className = candidate.place.slice(0, candidate.place.lastIndexOf('.'));
    const [one, two] = [moduleNameOf(first), moduleNameOf(candidate)];
    throw new InvalidHandlerError(
      className,
      one === two
        ? `it is provided twice in ${one}, which makes two instances of it`
        : `it is provided in ${one} and in ${two}, which makes two instances of it`,
      one === two
        ? 'Provide it once; further tokens can point to it with useExisting.'
        : 'Provide it in one of them, export it there, and import that module in the other.',
    );
  }
}

const moduleNameOf = ({ wrapper }: Candidate): string => wrapper.host?.name ?? 'a module';

function handlerOf(candidate: Candidate): FoundHandler[] {
  const { host, method, methodName, place } = candidate;
  const metadata = jobHandlerOf(method);
  const rules = everyOf(method);
  if (!metadata && rules.length > 0) {
    throw new InvalidHandlerError(
      place,
      '@Every stands on it without @JobHandler',
      "Add @JobHandler('name'): it names the job that the rule repeats.",
    );
  }
  if (!metadata) return [];
  // A method of two parameters is called with `done`, as such a function would be.
  const call: JobFunction =
    method.length === 2
      ? (job, done) => host[methodName]!(job, done)
      : (job) => host[methodName]!(job);
  return [{ ...metadata, rules, place, call }];
}

function listenersOf({ host, method, methodName, place }: Candidate): FoundListener[] {
  return jobEventsOf(method).map((metadata) => ({
    ...metadata,
    place,
    call: (...facts) => host[methodName]!(...facts),
  }));
}

function refuseDuplicates(
  handlers: readonly FoundHandler[],
  candidates: readonly Candidate[],
): void {
  const methodAt = new Map(candidates.map(({ place, method }) => [place, method]));
  const firstOf = new Map<string, FoundHandler>();
  for (const handler of handlers) {
    const key = JSON.stringify([handler.options.instance, handler.name]);
    const first = firstOf.get(key);
    firstOf.set(key, handler);
    if (!first) continue;
    const inherited = methodAt.get(first.place) === methodAt.get(handler.place);
    throw new DuplicateHandlerError(
      handler.name,
      first.place,
      handler.place,
      inherited
        ? 'Both inherit the decorated method: decorate a method of each subclass instead, under names of their own.'
        : undefined,
    );
  }
}
