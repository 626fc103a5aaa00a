import type { Wrapper } from '../discovery/prototypes.js';
import { InvalidHandlerError } from '../errors.js';
import type { Enhancers } from './enhancers.js';
import type { HandlerMethod } from './handler-method.js';

/** Of the class, its methods and their parameters, by name. */
export const transientEnhancersOf = (wrapper: Wrapper): readonly string[] =>
  (wrapper.getEnhancersMetadata() ?? [])
    .filter(({ isTransient }) => isTransient)
    .map(({ metatype, name }) => metatype?.name || String(name));

/**
 * For a singleton nobody constructs transient enhancers: a guard would run with nothing injected.
 *
 * @throws InvalidHandlerError naming the method and the remedy
 */
export function refuseTransientEnhancers(
  { place, scoped, transientEnhancers: [first] }: HandlerMethod,
  enhancers: Enhancers,
): void {
  if (first === undefined || scoped || enhancers === 'none') return;
  throw new InvalidHandlerError(
    place,
    `its class has the transient enhancer ${first}, which would run without being constructed`,
    `Make ${first} a singleton or request-scoped.`,
  );
}
