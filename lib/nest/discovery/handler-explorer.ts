import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { type AnyJobToken, DuplicateHandlerError } from '../../core/index.js';
import { trueOrFalse } from '../../core/options/checks.js';
import { everyOf, type EveryMetadata } from '../decorators/every.decorator.js';
import { jobHandlerOf, type JobHandlerOptions } from '../decorators/job-handler.decorator.js';
import { jobEventsOf } from '../decorators/on-job-event.decorator.js';
import { InvalidHandlerError } from '../errors.js';
import { LOG_CONTEXT } from '../log-context.js';
import type { HandlerMethod } from '../pipeline/handler-method.js';
import { getsScopedGlobals } from '../pipeline/scoped-globals.js';
import { ScopedHost } from '../pipeline/scoped-host.js';
import { transientEnhancersOf } from '../pipeline/transient-enhancers.js';
import {
  isDecorated,
  isScoped,
  lineage,
  ownFunction,
  prototypeOf,
  type Wrapper,
} from './prototypes.js';

/** A `@JobHandler` method of a living provider. */
export interface FoundHandler {
  readonly name: string;
  readonly token?: AnyJobToken;
  readonly options: JobHandlerOptions;
  readonly rules: readonly EveryMetadata[];
  /** `Class.method`. */
  readonly place: string;
  readonly target: HandlerMethod;
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
  /** Of a class that is no singleton a stand-in that was never constructed. */
  readonly host: Record<string, (...facts: readonly unknown[]) => unknown>;
  readonly prototype: object;
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
    refuseTwiceProvided(candidates);
    refuseScopedListeners(candidates);
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
      const host = (wrapper.instance ?? Object.create(prototype)) as Candidate['host'];
      return [{ host, prototype, wrapper, method, methodName, place }];
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
  return ({ isAlias, instance }) => {
    if (isAlias) return false;
    if (instance === null || instance === undefined) return true;
    return !seen.has(instance) && seen.add(instance) !== undefined;
  };
}

/** An event is not an attempt: there is nothing to make an instance for. */
function refuseScopedListeners(candidates: readonly Candidate[]): void {
  for (const { method, place, wrapper } of candidates) {
    if (jobEventsOf(method).length === 0 || !isScoped(wrapper)) continue;
    const scope = wrapper.isTransient ? 'transient' : 'request-scoped (itself or by what it needs)';
    throw new InvalidHandlerError(
      place,
      `@OnJobEvent stands on it, but its class is ${scope}, and only attempts of jobs get instances of such classes`,
      'Move the listener to a singleton class; what is scoped can be resolved there with ModuleRef.',
    );
  }
}

/** Listed in two modules, a class is two instances, and every event and job would be served by either or both. */
function refuseTwiceProvided(candidates: readonly Candidate[]): void {
  const firstOf = new Map<unknown, Candidate>();
  for (const candidate of candidates) {
    const type = candidate.prototype;
    const first = firstOf.get(type) ?? candidate;
    firstOf.set(type, first);
    if (first.wrapper === candidate.wrapper) continue;
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
  const { wrapper, method, place, ...called } = candidate;
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
  const scopedGlobals = {
    areAskedFor: trueOrFalse(`scopedGlobals of ${place}`, metadata.options.scopedGlobals ?? false),
    areMade: getsScopedGlobals(wrapper),
  };
  const target = {
    ...called,
    method,
    place,
    scoped: ScopedHost.of(wrapper),
    scopedGlobals,
    transientEnhancers: transientEnhancersOf(wrapper),
  };
  return [{ ...metadata, rules, place, target }];
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
