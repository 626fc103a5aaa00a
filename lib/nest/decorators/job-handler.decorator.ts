import type { HandlerOptions } from '../../core/index.js';
import { InvalidHandlerError } from '../errors.js';
import { decoratedMethod } from './decorated-method.js';

export interface JobHandlerOptions extends HandlerOptions {
  /**
   * The instance whose jobs the method handles.
   *
   * @default 'default'
   */
  instance?: string;
}

export interface JobHandlerMetadata {
  readonly name: string;
  readonly options: JobHandlerOptions;
}

const KEY = 'agenda-redis:job-handler';

/**
 * Makes a method of a provider the handler of the jobs of this name. It is called with the `Job`; one
 * that declares two parameters also with `done`, which it has to call.
 *
 * @throws InvalidHandlerError where it is written, on anything but an instance method
 *
 * @example
 * @JobHandler('send-welcome', { concurrency: 10, timeout: '30s' })
 * async sendWelcome(job: Job<{ userId: string }>) { … }
 */
export function JobHandler(name: string, options: JobHandlerOptions = {}): MethodDecorator {
  return (target, key, descriptor) => {
    const { method, place } = decoratedMethod('JobHandler', target, key, descriptor);
    const earlier = jobHandlerOf(method);
    if (earlier) {
      throw new InvalidHandlerError(
        place,
        `@JobHandler stands twice on it, for "${earlier.name}" and "${name}"`,
        'Write one method per job name; both may call a third.',
      );
    }
    Reflect.defineMetadata(KEY, { name, options } satisfies JobHandlerMetadata, method);
  };
}

export function jobHandlerOf(method: object): JobHandlerMetadata | undefined {
  return Reflect.getOwnMetadata(KEY, method) as JobHandlerMetadata | undefined;
}
