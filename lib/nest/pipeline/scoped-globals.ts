import type { ApplicationConfig } from '@nestjs/core';
import type { Wrapper } from '../discovery/prototypes.js';
import { InvalidHandlerError } from '../errors.js';
import type { Enhancers } from './enhancers.js';
import type { HandlerMethod } from './handler-method.js';

/*
 * Global enhancers that are request-scoped themselves (`{ provide: APP_GUARD, useClass, scope: Scope.REQUEST }`). Nest makes
 * them only for controllers and for classes that were marked before it has scanned them:
 *
 *   singleton, unmarked        they are left out
 *   request-scoped, unmarked   they would run although nothing has constructed them: refused
 *   marked                     they are made with each attempt; the class is request-scoped from then on
 */

/** Whether Nest makes them for a provider: the mark of what a factory gives comes too late. */
export const getsScopedGlobals = (wrapper: Wrapper): boolean =>
  wrapper.host?.entryProviders.includes(wrapper) ?? false;

/**
 * @param warn - told of those that are left out
 * @throws InvalidHandlerError naming the method and the remedy
 */
export function checkScopedGlobals(
  { place, scoped, scopedGlobals: { areAskedFor, areMade } }: HandlerMethod,
  enhancers: Enhancers,
  application: ApplicationConfig,
  warn: (line: string) => void,
): void {
  if (areAskedFor && enhancers !== 'all') {
    throw new InvalidHandlerError(
      place,
      'it has `scopedGlobals`, and global enhancers do not run for it',
      "Give it `enhancers: 'all'` too, or leave both out.",
    );
  }
  const [first] = scopedGlobalsOf(application);
  if (first === undefined || areMade || enhancers !== 'all') return;
  if (areAskedFor) {
    throw new InvalidHandlerError(
      place,
      `it has \`scopedGlobals\`, and Nest does not make ${first} for what a factory makes or a value gives`,
      'Provide the class itself, or with useClass.',
    );
  }
  if (!scoped) {
    warn(
      `${place} runs without the ${first}, which is no singleton: see the option \`scopedGlobals\` of @JobHandler.`,
    );
    return;
  }
  throw new InvalidHandlerError(
    place,
    `its class is no singleton, and the ${first}, which is none either, would run for it without being constructed`,
    "Give its @JobHandler `scopedGlobals: true`, or `enhancers: 'local'`.",
  );
}

function scopedGlobalsOf(application: ApplicationConfig): string[] {
  const wrappers = [
    ...application.getGlobalRequestGuards(),
    ...application.getGlobalRequestPipes(),
    ...application.getGlobalRequestInterceptors(),
    ...application.getGlobalRequestFilters(),
  ];
  return wrappers.map(({ metatype, name, subtype = 'enhancer' }) => {
    return `global ${subtype} ${metatype?.name || String(name)}`;
  });
}
