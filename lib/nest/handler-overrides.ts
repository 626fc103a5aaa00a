import {
  checkKnownKeys,
  InvalidOptionError,
  type EngineOptions,
  type HandlerOptions,
} from '../core/index.js';
import { EVERY_KEYS } from '../core/scheduler/recurring.js';
import type { EveryOptions } from './decorators/every.decorator.js';
import type { Enhancers } from './pipeline/enhancers.js';

/** Options of the jobs of one name, from configuration: they win over those in the code. */
export interface HandlerOverrides extends HandlerOptions {
  /**
   * Another rule for its `@Every`: an interval or cron rule, or an object of what is to be otherwise, whose `key` says
   * which rule is meant where there are several. With `false` this process registers none of its rules; one that is
   * stored already goes on, and is reported, unless `schedules.prune` removes it.
   */
  every?: false | string | number | EveryOverride;
  /** Which guards, pipes, interceptors and filters run: see {@link Enhancers}. @default as its decorator says */
  enhancers?: Enhancers;
}

/** What is said of a rule in configuration; the rest is as `@Every` says. */
export interface EveryOverride extends EveryOptions {
  interval?: string | number;
}

/** By job name: values, or functions that are called once, when the application is made. */
export type ConfiguredHandlers = Readonly<
  Record<string, HandlerOverrides | (() => HandlerOverrides)>
>;

export type EveryOverrides = ReadonlyMap<string, NonNullable<HandlerOverrides['every']>>;

/**
 * Calls what is a function.
 *
 * @throws InvalidOptionError for what it answers, where that is no object
 */
export function calledHandlers(
  handlers: ConfiguredHandlers,
): Readonly<Record<string, HandlerOverrides>> {
  checkIsObject('handlers', handlers);
  const entries = Object.entries(handlers).map(([name, given]) => {
    const options: unknown = (typeof given === 'function' ? given() : given) ?? {};
    checkIsObject(`handlers.${name}`, options);
    return [name, options] as const;
  });
  return Object.fromEntries(entries) as Record<string, HandlerOverrides>;
}

/** The part that the engine knows. */
export function engineHandlers(
  handlers: Readonly<Record<string, HandlerOverrides>>,
): NonNullable<EngineOptions['handlers']> {
  const entries = Object.entries(handlers).map(([name, overrides]) => {
    const { every: _, enhancers: __, ...options } = overrides;
    return [name, options];
  });
  return Object.fromEntries(entries) as Record<string, HandlerOptions>;
}

/** @throws InvalidOptionError */
export function everyOverrides(
  handlers: Readonly<Record<string, HandlerOverrides>>,
): EveryOverrides {
  const overrides = new Map<string, NonNullable<HandlerOverrides['every']>>();
  for (const [name, { every }] of Object.entries(handlers)) {
    if (every === undefined) continue;
    checkOverride(`handlers.${name}.every`, every);
    overrides.set(name, every);
  }
  return overrides;
}

function checkOverride(path: string, every: unknown): void {
  if (every === false || typeof every === 'string' || typeof every === 'number') return;
  if (typeof every !== 'object' || every === null || Array.isArray(every)) {
    const expected = 'false, an interval, a cron rule, or an object such as { interval, timezone }';
    throw new InvalidOptionError(path, every, expected);
  }
  checkKnownKeys(path, every, OVERRIDE_KEYS);
}

const OVERRIDE_KEYS: readonly (keyof EveryOverride)[] = ['interval', ...EVERY_KEYS, 'data'];

/** A promise would look like an object without options. */
function checkIsObject(path: string, value: unknown): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject && !(value instanceof Promise)) return;
  throw new InvalidOptionError(path, value, 'an object, not a promise or a list');
}
