import { InvalidOptionError } from '../errors.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { EngineOptions } from '../options/engine-options.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
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
  const refuse = (option: string, value: unknown, meant: RetentionLayer | undefined) => {
    if (meant === undefined || !hasLimit(meant)) return;
    const remedy = `left out, or false: the ${backend} backend keeps every job until it is removed`;
    throw new InvalidOptionError(option, value, remedy);
  };
  refuse('retention', written.retention, ofModule?.retention);
  refuse('defaults.retention', written.defaults?.retention, ofDefaults?.retention);
  for (const [name, { retention }] of configured) {
    refuse(`handlers.${name}.retention`, written.handlers?.[name]?.retention, retention);
  }
  handlers.judge(({ name, plan }, { retention }) =>
    refuse(`${name}.retention`, retention, plan.retention),
  );
}
