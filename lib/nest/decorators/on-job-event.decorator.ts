import {
  type JobEventListener,
  type JobEventName,
  type JobName,
  nameOf,
} from '../../core/index.js';
import type { Spelled } from '../../core/job/typed-names.js';
import { decoratedMethod } from './decorated-method.js';

export interface OnJobEventOptions {
  /**
   * The instance whose events are meant.
   *
   * @default 'default'
   */
  instance?: string;
}

export interface JobEventMetadata {
  readonly event: JobEventName;
  readonly jobName: string | undefined;
  readonly instance: string | undefined;
}

type ListenerDecorator<Event extends JobEventName> = <Method extends JobEventListener<Event>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

const KEY = 'agenda-redis:on-job-event';

/**
 * Calls a method of a provider with every event, or with those of one job name. Those in the words of
 * Agenda (`start`, `progress`, `success`, `fail`, `retry`, `complete`) also come from other processes,
 * with `true` as their last argument; all others are of this process.
 * Nobody waits for it; what it throws is logged and disturbs neither the job nor other listeners.
 *
 * @throws InvalidHandlerError where it is written, on anything but an instance method
 */
export function OnJobEvent<Event extends JobEventName, Name extends JobName>(
  event: Event,
  nameOrToken?: Spelled<Name>,
  { instance }: OnJobEventOptions = {},
): ListenerDecorator<Event> {
  const jobName = nameOrToken && nameOf(nameOrToken);
  return (target, key, descriptor) => {
    const { method } = decoratedMethod('OnJobEvent', target, key, descriptor);
    const metadata: JobEventMetadata = { event, jobName, instance };
    Reflect.defineMetadata(KEY, [metadata, ...jobEventsOf(method)], method);
  };
}

/** In the order they are written. */
export function jobEventsOf(method: object): readonly JobEventMetadata[] {
  return (Reflect.getOwnMetadata(KEY, method) as JobEventMetadata[] | undefined) ?? [];
}
