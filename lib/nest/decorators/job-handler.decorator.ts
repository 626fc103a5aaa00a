import {
  type AnyJobToken,
  type HandlerOptions,
  type JobName,
  JobToken,
  nameOf,
} from '../../core/index.js';
import type { Spelled } from '../../core/job/typed-names.js';
import { InvalidHandlerError } from '../errors.js';
import type { Enhancers } from '../pipeline/enhancers.js';
import { ENTRY_PROVIDER } from '../pipeline/pins.js';
import { decoratedMethod } from './decorated-method.js';
import type { HandlerDecorator } from './handler-decorator.js';

export interface JobHandlerOptions extends HandlerOptions {
  /**
   * The instance whose jobs the method handles.
   *
   * @default 'default'
   */
  instance?: string;
  /** Which guards, pipes, interceptors and filters run: see {@link Enhancers}. @default as the module says */
  enhancers?: Enhancers;
  /**
   * With `enhancers: 'all'`: global enhancers that are request-scoped themselves run for all handlers of the class
   * too. Where the application has one, the class and every provider that injects it become request-scoped, and
   * lose `onModuleInit` and the other hooks.
   *
   * @default false: they do not run
   */
  scopedGlobals?: boolean;
}

export interface JobHandlerMetadata {
  readonly name: string;
  /** What the decorator was given for the name, if it was one. */
  readonly token?: AnyJobToken;
  readonly options: JobHandlerOptions;
}

const KEY = 'agenda-redis:job-handler';

/**
 * Makes a method of a provider the handler of the jobs of this name. Each of its parameters gets the `Job`, unless a
 * decorator such as `@JobData()` says otherwise; the second of two without decorators is `done`, which it has to call.
 *
 * @throws InvalidHandlerError where it is written, on anything but an instance method
 *
 * @example
 * @JobHandler('send-welcome', { concurrency: 10, timeout: '30s' })
 * async sendWelcome(job: Job<{ userId: string }>) { … }
 */
export function JobHandler<Name extends JobName>(
  nameOrToken: Spelled<Name>,
  options: JobHandlerOptions = {},
): HandlerDecorator<Name> {
  const name = nameOf(nameOrToken);
  const token = nameOrToken instanceof JobToken ? nameOrToken : undefined;
  const decorator: MethodDecorator = (target, key, descriptor) => {
    const { method, place } = decoratedMethod('JobHandler', target, key, descriptor);
    const earlier = jobHandlerOf(method);
    if (earlier) {
      throw new InvalidHandlerError(
        place,
        `@JobHandler stands twice on it, for "${earlier.name}" and "${name}"`,
        'Write one method per job name; both may call a third.',
      );
    }
    // Here, since it counts only before Nest scans the class.
    if (options.scopedGlobals === true) {
      Reflect.defineMetadata(ENTRY_PROVIDER, true, target.constructor);
    }
    const metadata: JobHandlerMetadata = { name, ...(token && { token }), options };
    Reflect.defineMetadata(KEY, metadata, method);
  };
  return decorator as HandlerDecorator<Name>;
}

export function jobHandlerOf(method: object): JobHandlerMetadata | undefined {
  return Reflect.getOwnMetadata(KEY, method) as JobHandlerMetadata | undefined;
}
