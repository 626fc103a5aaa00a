import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { AgendaRedisOptions, AgendaRedisOptionsFactory } from 'nestjs-agenda-redis';
import type { Configuration } from './configuration.js';
import { packOrder } from './orders/pack-order.js';
import { chooseStorage } from './storage.js';
import { Tenants } from './tenants/tenants.js';

@Injectable()
export class AgendaOptions implements AgendaRedisOptionsFactory {
  constructor(
    private readonly config: ConfigService<Configuration, true>,
    private readonly tenants: Tenants,
  ) {}

  createAgendaRedisOptions(): AgendaRedisOptions {
    const { config, tenants } = this;
    return {
      ...chooseStorage(config.get('REDIS_URL')),
      // What a request adds carries its tenant along, and so does what that job adds.
      context: () => tenants.headers(),
      // Over what the decorator says.
      handlers: { [packOrder.name]: { concurrency: config.get('PACKERS') } },
    };
  }
}
