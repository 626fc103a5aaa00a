import { InvalidOptionError } from '../errors.js';
import type { HandlerOptions } from '../handlers/handler-options.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { EngineOptions } from '../options/engine-options.js';

/**
 * Of a backend that keeps no versions with the data of jobs nobody may ask for them, neither now nor with a handler
 * or a token that comes later.
 *
 * @throws InvalidOptionError naming the option
 */
export function refuseVersions(
  { handlers: configured = {} }: EngineOptions,
  handlers: HandlerRegistry,
  backend: string,
): void {
  const refuse = (path: string, { version = 1 }: HandlerOptions) => {
    if (version === 1) return;
    const remedy = `left out: the ${backend} backend keeps no version with the data of a job`;
    throw new InvalidOptionError(`${path}.version`, version, remedy);
  };
  for (const [name, options] of Object.entries(configured)) refuse(`handlers.${name}`, options);
  handlers.judge(({ name }, options) => refuse(name, options));
}
