import {
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import {
  ConfigurableModuleClass,
  type ASYNC_OPTIONS_TYPE,
  type OPTIONS_TYPE,
} from './agenda-redis.module-definition.js';
import { checkAsyncOptions } from './agenda-redis.options.js';
import { ApplicationHosts } from './lifecycle/application-hosts.js';
import { InstanceHost } from './lifecycle/instance-host.js';
import { FIRST_AND_LAST, placeModule } from './lifecycle/module-distance.js';

/**
 * Durable jobs for a Nest application. Import it once, in the root module, with `forRoot` or
 * `forRootAsync`; feature modules inject `JobScheduler` and decorate methods of their providers.
 *
 * Its connections are open before the first `onModuleInit` of any other module and until the last
 * `onApplicationShutdown`; jobs run between them, see `ApplicationModule`.
 */
@Module({})
export class AgendaRedisModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  constructor(
    private readonly host: InstanceHost,
    private readonly application: ApplicationHosts,
    modules: ModulesContainer,
  ) {
    super();
    placeModule(modules, AgendaRedisModule, FIRST_AND_LAST);
    application.register(host);
  }

  /** @throws InvalidOptionError, while the application is created, for options that cannot be meant */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** As `forRoot`, its options from a factory: `isGlobal` and `instance` stand beside it. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    checkAsyncOptions(options);
    return super.forRootAsync(options);
  }

  onModuleInit(): Promise<void> {
    return this.application.open(this.host);
  }

  onApplicationShutdown(): Promise<void> {
    return this.host.close();
  }
}
