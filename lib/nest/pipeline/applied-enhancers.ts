import type { ApplicationConfig } from '@nestjs/core';
import type { Enhancers } from './enhancers.js';
import type { HandlerMethod } from './handler-method.js';
import { ENHANCER_KEYS } from './pins.js';

/** Whether a kind of enhancer stands on something. */
type Kinds = Readonly<Record<keyof typeof ENHANCER_KEYS, boolean>>;

/** Where a handler has enhancers that count. */
export interface AppliedEnhancers {
  readonly onMethod: Kinds;
  readonly onClass: Kinds;
  readonly global: Kinds;
}

const NONE: Kinds = { guards: false, pipes: false, interceptors: false, filters: false };

export function appliedEnhancers(
  { method, prototype }: HandlerMethod,
  choice: Enhancers,
  application: ApplicationConfig,
): AppliedEnhancers {
  if (choice === 'none') return { onMethod: NONE, onClass: NONE, global: NONE };
  return {
    onMethod: kindsOn(method),
    onClass: kindsOn(prototype.constructor),
    global: choice === 'all' ? globalKinds(application) : NONE,
  };
}

/** Whether Nest has to make the call; pipes alone have nothing to do where no parameter is for them. */
export function needsNest(applied: AppliedEnhancers): boolean {
  return (['guards', 'interceptors', 'filters'] as const).some((kind) => has(applied, kind));
}

/** Whether there is one of a kind on any level. */
export function has({ onMethod, onClass, global }: AppliedEnhancers, kind: keyof Kinds): boolean {
  return onMethod[kind] || onClass[kind] || global[kind];
}

function kindsOn(decorated: object): Kinds {
  const carries = (key: string): boolean => {
    const enhancers = Reflect.getMetadata(key, decorated) as readonly unknown[] | undefined;
    return (enhancers?.length ?? 0) > 0;
  };
  return {
    guards: carries(ENHANCER_KEYS.guards),
    pipes: carries(ENHANCER_KEYS.pipes),
    interceptors: carries(ENHANCER_KEYS.interceptors),
    filters: carries(ENHANCER_KEYS.filters),
  };
}

/** Request-scoped ones are counted too: for a request-scoped handler they run. */
function globalKinds(application: ApplicationConfig): Kinds {
  const some = (...lists: readonly (readonly unknown[])[]) =>
    lists.some(({ length }) => length > 0);
  return {
    guards: some(application.getGlobalGuards(), application.getGlobalRequestGuards()),
    pipes: some(application.getGlobalPipes(), application.getGlobalRequestPipes()),
    interceptors: some(
      application.getGlobalInterceptors(),
      application.getGlobalRequestInterceptors(),
    ),
    filters: some(application.getGlobalFilters(), application.getGlobalRequestFilters()),
  };
}
