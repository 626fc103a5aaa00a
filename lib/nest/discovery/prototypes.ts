import type { DiscoveryService } from '@nestjs/core';
import { everyOf } from '../decorators/every.decorator.js';
import { jobHandlerOf } from '../decorators/job-handler.decorator.js';
import { jobEventsOf } from '../decorators/on-job-event.decorator.js';

/** Nest's record of a provider. */
export type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

type AnyFunction = (...args: never[]) => unknown;

/** Whether there is no one instance of it for all: it is transient, or request-scoped, itself or by what it needs. */
export const isScoped = (wrapper: Wrapper): boolean =>
  wrapper.isTransient || !wrapper.isDependencyTreeStatic();

/** The prototype of a provider's instance; `undefined` for values without methods of their own. */
export function prototypeOf(wrapper: Wrapper): object | undefined {
  const instance: unknown = wrapper.instance;
  if (instance === null || instance === undefined) return promisedPrototype(wrapper);
  if (typeof instance !== 'object') return undefined;
  try {
    const prototype: unknown = Object.getPrototypeOf(instance);
    return isClassPrototype(prototype) ? prototype : undefined;
  } catch {
    // A proxy that does not answer holds no handler of ours.
    return undefined;
  }
}

/** What a factory makes only when it is needed is known by its token, where that is a class. */
function promisedPrototype(wrapper: Wrapper): object | undefined {
  const { token } = wrapper;
  if (typeof token !== 'function' || !isScoped(wrapper)) return undefined;
  const prototype: unknown = token.prototype;
  return isClassPrototype(prototype) ? prototype : undefined;
}

function isClassPrototype(prototype: unknown): prototype is object {
  if (typeof prototype !== 'object' || prototype === null) return false;
  return prototype !== Object.prototype && typeof prototype.constructor === 'function';
}

/** A prototype and those above it, nearest first. */
export function lineage(prototype: object): object[] {
  const chain: object[] = [];
  let next: object | null = prototype;
  while (next !== null && next !== Object.prototype) {
    chain.push(next);
    next = Object.getPrototypeOf(next) as object | null;
  }
  return chain;
}

/** The method that this very prototype holds; accessors are not read. */
export function ownFunction(prototype: object, name: string): AnyFunction | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
  return typeof value === 'function' ? (value as AnyFunction) : undefined;
}

export function isDecorated(method: object): boolean {
  return (
    jobHandlerOf(method) !== undefined ||
    everyOf(method).length > 0 ||
    jobEventsOf(method).length > 0
  );
}
