import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Module } from '@nestjs/common';
import {
  type AddCall,
  AgendaRedisModule,
  Job,
  JobContext,
  JobHandler,
  type JobMiddleware,
  JobScheduler,
} from '../../lib/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { Apps } from './support.js';

/* What is around adds and runs, made of an application's own services. */

const apps = new Apps();
afterEach(() => apps.closeAll());

@Injectable()
class Tenants {
  readonly storage = new AsyncLocalStorage<string>();
}

/** Knows nothing of jobs: it is told by its surroundings alone. */
@Injectable()
class Mailer {
  readonly sent: string[] = [];

  constructor(private readonly tenants: Tenants) {}

  async send(): Promise<void> {
    await Promise.resolve();
    const { job, headers } = JobContext.current()!;
    this.sent.push(`${job.name} for ${this.tenants.storage.getStore()}, in ${headers.locale}`);
  }
}

@Injectable()
class TenantMiddleware implements JobMiddleware {
  constructor(private readonly tenants: Tenants) {}

  async add({ jobs }: AddCall, next: () => Promise<void>) {
    const tenant = this.tenants.storage.getStore();
    if (tenant !== undefined) for (const { headers } of jobs) headers.tenant = tenant;
    await next();
  }

  run({ context: { tenant = 'nobody' } }: Job, next: () => Promise<unknown>): unknown {
    return this.tenants.storage.run(tenant, next);
  }
}

@Module({ providers: [Tenants, TenantMiddleware], exports: [Tenants, TenantMiddleware] })
class TenantModule {}

@Injectable()
class MailJobs {
  constructor(private readonly mailer: Mailer) {}

  @JobHandler('welcome')
  async welcome(): Promise<void> {
    await this.mailer.send();
  }
}

it('takes middleware and context that use services of the application', async () => {
  const app = await apps.start({
    imports: [
      TenantModule,
      AgendaRedisModule.forRootAsync({
        imports: [TenantModule],
        inject: [TenantMiddleware],
        useFactory: (tenants: TenantMiddleware) => ({
          backend: new MemoryBackend(),
          context: () => ({ locale: 'fr' }),
          middleware: [tenants],
        }),
      }),
    ],
    providers: [Mailer, MailJobs],
  });
  const scheduler = app.get(JobScheduler);

  await app.get(Tenants).storage.run('acme', () => scheduler.runAndWait('welcome'));

  expect(app.get(Mailer).sent).toEqual(['welcome for acme, in fr']);
});
