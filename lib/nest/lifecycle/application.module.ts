import { Logger, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { HandlerExplorer } from '../discovery/handler-explorer.js';
import { LOG_CONTEXT } from '../log-context.js';
import { HandlerCalls } from '../pipeline/handler-calls.js';
import { ApplicationHosts } from './application-hosts.js';
import { LAST_AND_FIRST, placeModule } from './module-distance.js';

/*
 * One per application, whatever the number of instances: the hooks of modules wait for each other,
 * and all worker hosts must start and drain together.
 *
 *   AgendaRedisModule.onModuleInit              finds the handlers, opens the connections
 *   … every other onModuleInit, onApplicationBootstrap …
 *   ApplicationModule.onApplicationBootstrap    registers the schedules, starts the worker hosts
 *   (the application runs)
 *   ApplicationModule.onModuleDestroy           drains the worker hosts
 *   … every other onModuleDestroy, beforeApplicationShutdown, onApplicationShutdown …
 *   AgendaRedisModule.onApplicationShutdown     closes the connections
 *
 * So a job runs only while everything it may use is there, and can be scheduled from any hook.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [ApplicationHosts, HandlerCalls, HandlerExplorer],
  exports: [ApplicationHosts],
})
export class ApplicationModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly hosts: ApplicationHosts,
    modules: ModulesContainer,
  ) {
    if (placeModule(modules, ApplicationModule, LAST_AND_FIRST)) return;
    new Logger(LOG_CONTEXT).warn(
      'This version of Nest does not let a module choose when its hooks run: jobs may start before, ' +
        'and end after, other modules. Call workerHost.drain() by hand before app.close().',
    );
  }

  onApplicationBootstrap(): Promise<void> {
    return this.hosts.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.hosts.drain();
  }
}
