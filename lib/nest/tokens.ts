import { Inject, type Abstract, type InjectionToken, type Type } from '@nestjs/common';
import { JobScheduler, WorkerHost } from '../core/index.js';
import { JobEventStream } from './job-event-stream.js';

/** The instance that is injected by class. */
export const DEFAULT_INSTANCE = 'default';

/**
 * What to inject for a member of one instance: the class itself for the default instance, a token of
 * its own for every other.
 *
 * @example
 * constructor(@Inject(getInstanceToken(JobRepository, 'reports')) repository: JobRepository)
 */
export function getInstanceToken<T>(
  type: Abstract<T> | Type<T>,
  instance: string = DEFAULT_INSTANCE,
): InjectionToken<T> {
  return instance === DEFAULT_INSTANCE ? type : `${type.name}(${instance})`;
}

/**
 * The provider that makes the backend, and with it every connection of the instance. Override this
 * one in tests: the real one is then never made.
 *
 * @example
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(getBackendToken())
 *   .useValue(new MemoryBackend())
 */
export function getBackendToken(instance: string = DEFAULT_INSTANCE): InjectionToken {
  return `AgendaBackend(${instance})`;
}

/** Injects the `JobScheduler` of an instance. The default one is injected by its class alone. */
export const InjectScheduler = (
  instance: string = DEFAULT_INSTANCE,
): ParameterDecorator & PropertyDecorator => Inject(getInstanceToken(JobScheduler, instance));

/** Injects the `JobEventStream` of an instance. The default one is injected by its class alone. */
export const InjectJobEventStream = (
  instance: string = DEFAULT_INSTANCE,
): ParameterDecorator & PropertyDecorator => Inject(getInstanceToken(JobEventStream, instance));

/** Injects the `WorkerHost` of an instance. The default one is injected by its class alone. */
export const InjectWorkerHost = (
  instance: string = DEFAULT_INSTANCE,
): ParameterDecorator & PropertyDecorator => Inject(getInstanceToken(WorkerHost, instance));
