import { Inject, Injectable } from '@nestjs/common';
import { InvalidOptionError, JobLogger, JobScheduler } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  getInstanceToken,
  JobHandler,
  type AgendaRedisOptions,
} from '../../lib/nest/index.js';
import { Apps, until } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

@Injectable()
class Jobs {
  @JobHandler('mail')
  mail(): string {
    return 'sent';
  }

  @JobHandler('heartbeat', { logging: false })
  heartbeat(): void {}
}

@Injectable()
class Audit {
  constructor(readonly logger: JobLogger) {}
}

it('keeps a log of the jobs of handlers that do not refuse it, for whoever injects the logger', async () => {
  const options: AgendaRedisOptions = {
    backend: new MemoryBackend(),
    name: 'billing',
    logging: true,
  };
  const app = await apps.start({
    imports: [AgendaRedisModule.forRoot(options)],
    providers: [Jobs, Audit],
  });
  const scheduler = app.get(JobScheduler);
  const { logger } = app.get(Audit);

  await scheduler.now('heartbeat');
  await scheduler.now('mail');
  await until(async () => (await logger.getLogs({ event: 'complete' })).total > 0);
  await until(async () => (await scheduler.counts('heartbeat')).completed === 1);

  const { entries } = await scheduler.getLogs({ sort: 'asc' });
  expect(entries.map(({ jobName, event }) => `${jobName} ${event}`)).toEqual([
    'mail locked',
    'mail start',
    'mail success',
    'mail complete',
  ]);
  expect(entries[0]!.agendaName).toBe('billing');
  expect(await scheduler.clearLogs({ jobName: 'mail' })).toBe(4);
});

it("injects the backend's logger though nothing is logged, and that of another instance by its token", async () => {
  const [main, reports] = [new MemoryBackend(), new MemoryBackend()];
  @Injectable()
  class Both {
    constructor(
      readonly logger: JobLogger,
      @Inject(getInstanceToken(JobLogger, 'reports')) readonly ofReports: JobLogger,
    ) {}
  }
  const app = await apps.build({
    imports: [
      AgendaRedisModule.forRoot({ backend: main }),
      AgendaRedisModule.forRoot({ backend: reports, instance: 'reports' }),
    ],
    providers: [Both],
  });

  expect(app.get(Both).logger).toBe(main.logger);
  expect(app.get(Both).ofReports).toBe(reports.logger);
});

it('injects the logger that the options name', async () => {
  const other = new MemoryBackend().logger;
  const app = await apps.build({
    imports: [
      AgendaRedisModule.forRoot({ backend: new MemoryBackend(), logging: { logger: other } }),
    ],
    providers: [Audit],
  });

  expect(app.get(Audit).logger).toBe(other);
});

it.each<[string, AgendaRedisOptions]>([
  ['logging', { backend: new MemoryBackend(), logging: 'yes' as unknown as boolean }],
  ['logs', { backend: new MemoryBackend(), logs: { maxCount: 5 } }],
  ['logs', { connectionString: 'redis://localhost:1', logs: { maxCount: -5 } }],
])('refuses the option `%s` that cannot be meant', async (_, options) => {
  await expect(apps.build({ imports: [AgendaRedisModule.forRoot(options)] })).rejects.toThrow(
    InvalidOptionError,
  );
});
