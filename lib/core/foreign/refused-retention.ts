import { InvalidOptionError } from '../errors.js';
import type { HandlerOptions } from '../handlers/handler-options.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { EngineOptions } from '../options/engine-options.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { pathOf } from '../options/known-keys.js';
import { hasLimit, type RetentionLayer } from '../options/retention.js';

/**
 * Of a backend that removes nothing by itself nobody may ask for it, neither now nor with a handler that
 * is defined later. The default is not asked for: it does not apply there.
 *
 * @throws InvalidOptionError naming the option
 */
export function refuseRetention(
  written: EngineOptions,
  { defaults, handlers: configured }: ResolvedEngineOptions,
  handlers: HandlerRegistry,
  backend: string,
): void {
  const [ofModule, ofDefaults] = defaults;
  const refuse = (path: string, said: Written | undefined, meant: RetentionLayer | undefined) => {
    if (meant === undefined || !hasLimit(meant)) return;
    const [option, value] = sourceOf(path, said);
    const remedy = `left out, or false: the ${backend} backend keeps every job until it is removed`;
    throw new InvalidOptionError(option, value, remedy);
  };
  refuse('', written, ofModule?.retention);
  refuse('defaults', written.defaults, ofDefaults?.retention);
  for (const [name, { retention }] of configured) {
    refuse(`handlers.${name}`, written.handlers?.[name], retention);
  }
  handlers.judge(({ name, plan }, options) => refuse(name, options, plan.retention));
}

/** Where a retention was asked for: in its own words, or in those of users of queues. */
function sourceOf(path: string, said: Written = {}): [option: string, value: unknown] {
  const options = ['retention', 'removeOnComplete', 'removeOnFail'] as const;
  const option =
    options.find((one) => said[one] !== undefined && typeof said[one] !== 'boolean') ?? 'retention';
  return [pathOf(path, option), said[option]];
}

type Written = Pick<HandlerOptions, 'retention' | 'removeOnComplete' | 'removeOnFail'>;
