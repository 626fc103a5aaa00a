import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/*
 * Nest runs the hooks of modules one after the other: starting hooks from the largest distance to
 * the smallest, closing hooks the other way. Distances are those from the root module; global modules
 * have the largest number there is. They are read at the first hook, so a module can still choose
 * its own while it is constructed:
 *
 *   FIRST_AND_LAST  starts before all others, is closed after all others  (connections)
 *   LAST_AND_FIRST  starts after all others, is closed before all others  (workers)
 */
export const FIRST_AND_LAST = Number.POSITIVE_INFINITY;
export const LAST_AND_FIRST = -1;

/**
 * Sets the distance of every reference to a module.
 *
 * @returns whether this version of Nest lets it be set
 */
export function placeModule(
  modules: ModulesContainer,
  metatype: Type<unknown>,
  distance: number,
): boolean {
  const references = [...modules.values()].filter((module) => module.metatype === metatype);
  try {
    for (const reference of references) reference.distance = distance;
  } catch {
    return false;
  }
  return references.length > 0 && references.every((module) => module.distance === distance);
}
