import type { EveryOptions as ScheduleOptions } from '../../core/index.js';
import { InvalidHandlerError } from '../errors.js';
import { decoratedMethod } from './decorated-method.js';

export interface EveryOptions extends ScheduleOptions {
  /** The `data` of every run. */
  data?: unknown;
}

export interface EveryMetadata {
  readonly interval: string | number;
  readonly options: EveryOptions;
}

const KEY = 'agenda-redis:every';

/**
 * Runs a `@JobHandler` method again and again: by cron rule (`'0 2 * * *'`), by interval
 * (`'5 minutes'`) or by milliseconds. The rule is registered at start, by processes that handle the
 * job; several rules for one method need a `key` each.
 *
 * @throws InvalidHandlerError where it is written, on anything but an instance method, or for a key that is taken
 */
export function Every(interval: string | number, options: EveryOptions = {}): MethodDecorator {
  return (target, name, descriptor) => {
    const { method, place } = decoratedMethod('Every', target, name, descriptor);
    const others = everyOf(method);
    if (others.some(({ options: { key } }) => key === options.key)) {
      const which = options.key === undefined ? 'without a key' : `with the key "${options.key}"`;
      throw new InvalidHandlerError(
        place,
        `@Every stands twice on it ${which}`,
        'Give each rule a key of its own: @Every(interval, { key }).',
      );
    }
    // Decorators are applied from the last to the first.
    Reflect.defineMetadata(KEY, [{ interval, options }, ...others], method);
  };
}

/** In the order they are written. */
export function everyOf(method: object): readonly EveryMetadata[] {
  return (Reflect.getOwnMetadata(KEY, method) as EveryMetadata[] | undefined) ?? [];
}
