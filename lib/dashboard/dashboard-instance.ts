import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { InvalidOptionError, JobBroker, JobScheduler } from '../core/index.js';
import { getInstanceToken } from '../nest/tokens.js';
import type { ResolvedDashboardOptions } from './dashboard-options.js';
import { DASHBOARD_OPTIONS } from './tokens.js';

/** The instance of `AgendaRedisModule` that a dashboard shows, wherever in the application that is imported. */
@Injectable()
export class DashboardInstance implements OnModuleInit {
  private found: { readonly scheduler: JobScheduler; readonly broker: JobBroker } | undefined;

  constructor(
    @Inject(DASHBOARD_OPTIONS) private readonly options: ResolvedDashboardOptions,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  get name(): string {
    return this.options.instance;
  }

  /** Whether changes are refused. */
  get readOnly(): boolean {
    return this.options.readOnly;
  }

  get scheduler(): JobScheduler {
    return this.members.scheduler;
  }

  /** The present by the store's clock, in ms since the epoch. */
  now(): number {
    return this.members.broker.now();
  }

  /** @throws InvalidOptionError when the application has no such instance */
  onModuleInit(): void {
    void this.members;
  }

  private get members() {
    return (this.found ??= this.find());
  }

  private find() {
    try {
      return {
        scheduler: this.modules.get(getInstanceToken(JobScheduler, this.name), { strict: false }),
        broker: this.modules.get(getInstanceToken(JobBroker, this.name), { strict: false }),
      };
    } catch (cause) {
      const expected =
        'an instance of `AgendaRedisModule` in this application: import it with `forRoot`';
      throw new InvalidOptionError('instance', this.name, expected, { cause });
    }
  }
}
