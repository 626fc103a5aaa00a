import { ConfigurableModuleBuilder, type DynamicModule, type Provider } from '@nestjs/common';
import {
  Engine,
  HandlerRegistry,
  JobBroker,
  JobLogger,
  JobManager,
  JobRepository,
  JobScheduler,
  NotificationChannel,
  WorkerHost,
  type AgendaBackend,
} from '../core/index.js';
import { RedisJobRepository, RedisNotificationChannel } from '../redis/index.js';
import {
  checkExtras,
  checkModuleOptions,
  connectionOptionsOf,
  engineOptionsOf,
  hostOptionsOf,
  type AgendaRedisModuleExtras,
  type AgendaRedisOptions,
  type CheckedOptions,
} from './agenda-redis.options.js';
import { makeBackend } from './connection.js';
import { ApplicationModule } from './lifecycle/application.module.js';
import { InstanceHost } from './lifecycle/instance-host.js';
import { JobEventLogger } from './job-event-logger.js';
import { JobEventStream } from './job-event-stream.js';
import { getBackendToken, getInstanceToken } from './tokens.js';

/*
 * The providers of one instance. Its options, its engine and its host are known only inside its own
 * module, so their tokens are the same in every instance; what is exported has a token per instance.
 *
 * The backend is made by one provider, and every connection with it: whoever overrides that
 * provider has an application without Redis. Making it opens nothing.
 */

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AgendaRedisOptions>({ moduleName: 'AgendaRedis' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAgendaRedisOptions')
    .setExtras<AgendaRedisModuleExtras>({ isGlobal: true, instance: 'default' }, withInstance)
    .build();

/** The options after their one check of names; their values are checked by those who use them. */
const CHECKED_OPTIONS = Symbol('AgendaRedisOptions');

function withInstance(definition: DynamicModule, extras: AgendaRedisModuleExtras): DynamicModule {
  checkExtras(extras);
  const { isGlobal, instance } = extras as Required<AgendaRedisModuleExtras>;
  const exported = exportedProviders(instance);
  return {
    ...definition,
    global: isGlobal,
    imports: [...(definition.imports ?? []), ApplicationModule],
    providers: [...(definition.providers ?? []), ...innerProviders(instance), ...exported],
    exports: [getBackendToken(instance), ...exported],
  };
}

function innerProviders(instance: string): Provider[] {
  return [
    {
      provide: CHECKED_OPTIONS,
      useFactory: checkModuleOptions,
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: getBackendToken(instance),
      useFactory: (options: CheckedOptions) =>
        makeBackend(connectionOptionsOf(options), process.env),
      inject: [CHECKED_OPTIONS],
    },
    {
      provide: JobEventLogger,
      useFactory: () => new JobEventLogger(instance),
    },
    {
      provide: Engine,
      useFactory: (backend: AgendaBackend, options: CheckedOptions, logger: JobEventLogger) =>
        new Engine(backend, engineOptionsOf(options), {
          onUnheardError: logger.unheard,
          notificationChannel: options.notificationChannel,
        }),
      inject: [getBackendToken(instance), CHECKED_OPTIONS, JobEventLogger],
    },
    {
      provide: InstanceHost,
      useFactory: (engine: Engine, options: CheckedOptions, logger: JobEventLogger) =>
        new InstanceHost(instance, engine, logger, hostOptionsOf(options)),
      inject: [Engine, CHECKED_OPTIONS, JobEventLogger],
    },
  ];
}

function exportedProviders(
  instance: string,
): Exclude<Provider, new (...args: never[]) => unknown>[] {
  const from = <T>(
    type: Parameters<typeof getInstanceToken<T>>[0],
    member: (engine: Engine) => T,
  ) => ({
    provide: getInstanceToken(type, instance),
    useFactory: member,
    inject: [Engine],
  });
  return [
    from(JobScheduler, (engine) => engine.scheduler),
    from(WorkerHost, (engine) => engine.workerHost),
    from(JobEventStream, ({ events, scheduler }) => new JobEventStream(events, scheduler)),
    from(HandlerRegistry, (engine) => engine.handlers),
    from(JobRepository, ({ parts }) => parts.repository),
    from(JobBroker, ({ parts }) => parts.broker),
    from(JobManager, ({ parts }) => parts.manager),
    // A backend may come without these; what is injected is then `undefined`.
    // The one that the option `logging` names, else the backend's.
    from(JobLogger, (engine) => (engine.logger ?? engine.backend.logger) as JobLogger),
    from(NotificationChannel, ({ parts }) => parts.notificationChannel as NotificationChannel),
    from(RedisJobRepository, ({ backend }) => ifIt(backend.repository, RedisJobRepository)),
    from(RedisNotificationChannel, ({ channel }) => ifIt(channel, RedisNotificationChannel)),
  ];
}

const ifIt = <T>(value: unknown, type: new (...args: never[]) => T): T =>
  (value instanceof type ? value : undefined) as T;
