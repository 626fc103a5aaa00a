import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { JobHeaders } from 'nestjs-agenda-redis';

/** Knows whose request it is that the code belongs to, however deep below. */
@Injectable()
export class Tenants {
  private readonly storage = new AsyncLocalStorage<string>();

  run<T>(tenant: string, work: () => T): T {
    return this.storage.run(tenant, work);
  }

  /** For jobs that are added here; none outside of requests. */
  headers(): JobHeaders | undefined {
    const tenant = this.storage.getStore();
    return tenant === undefined ? undefined : { tenant };
  }
}
