import { InvalidOptionError } from '../errors.js';
import type { EngineOptions } from '../options/engine-options.js';

/**
 * Of a backend that keeps no headers nobody may ask that all jobs carry some.
 *
 * @throws InvalidOptionError
 */
export function refuseContext({ context }: EngineOptions, backend: string): void {
  if (context === undefined) return;
  const remedy = `left out: jobs of the ${backend} backend carry no context`;
  throw new InvalidOptionError('context', context, remedy);
}
