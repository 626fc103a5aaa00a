import { InvalidOptionError } from '../errors.js';
import type { HandlerOptions } from '../handlers/handler-options.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { EngineOptions } from '../options/engine-options.js';
import { LIMIT_KEYS } from '../options/limits.js';

/**
 * Of a backend that counts nothing over all processes nobody may ask for such limits, neither now nor with a
 * handler that is defined later.
 *
 * @throws InvalidOptionError naming the option
 */
export function refuseLimits(
  { defaults = {}, handlers: configured = {} }: EngineOptions,
  handlers: HandlerRegistry,
  backend: string,
): void {
  const refuse = (path: string, options: HandlerOptions) => {
    for (const key of [...LIMIT_KEYS, 'key'] as const) {
      if (options[key] === undefined) continue;
      const remedy = `left out: the ${backend} backend has no limits over all processes`;
      throw new InvalidOptionError(`${path}.${key}`, options[key], remedy);
    }
  };
  refuse('defaults', defaults);
  for (const [name, options] of Object.entries(configured)) refuse(`handlers.${name}`, options);
  handlers.judge(({ name }, options) => refuse(name, options));
}
