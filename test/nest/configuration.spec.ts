import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { HandlerRegistry, JobScheduler, WorkerHost } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  type AgendaRedisOptions,
  Every,
  getInstanceToken,
  InjectScheduler,
  JobHandler,
} from '../../lib/nest/index.js';
import { Apps, until } from './support.js';

/*
 * Everything that can be said of an instance and of its handlers can come from configuration.
 */

const apps = new Apps();
let happened: string[];
beforeEach(() => (happened = []));
afterEach(() => apps.closeAll());

@Injectable()
class Jobs {
  constructor(@InjectScheduler('reports') private readonly reports: JobScheduler) {}

  @JobHandler('render', { concurrency: 1, attempts: 5 })
  async render(): Promise<void> {
    happened.push('render');
    await this.reports.now('summary');
  }

  @JobHandler('mail', { concurrency: 3 })
  mail(): void {
    happened.push('mail');
  }

  @JobHandler('summary', { instance: 'reports', timeout: '1s' })
  summary(): void {
    happened.push('summary');
  }
}

describe('an application whose options all come from ConfigService', () => {
  /** As it stands in the environment: all texts. */
  const environment = () => ({
    REDIS_URL: process.env.TEST_REDIS_URL!,
    KEY_PREFIX: `test:${randomUUID()}:`,
    JOBS_ONLY: 'render',
    RENDERERS: '7',
    MAIL_TIMEOUT: '30s',
    REPORTS: 'yes',
  });

  const mainInstance = (calls: string[] = []) =>
    AgendaRedisModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService): AgendaRedisOptions => ({
        connectionString: config.getOrThrow('REDIS_URL'),
        keyPrefix: config.getOrThrow('KEY_PREFIX'),
        worker: { only: config.getOrThrow<string>('JOBS_ONLY').split(',') },
        handlers: {
          render: () => {
            calls.push('render');
            return { concurrency: Number(config.getOrThrow('RENDERERS')) };
          },
          mail: { timeout: config.getOrThrow('MAIL_TIMEOUT') },
        },
      }),
    });

  const reportsInstance = () =>
    AgendaRedisModule.forRootAsync({
      instance: 'reports',
      inject: [ConfigService],
      useFactory: (config: ConfigService): AgendaRedisOptions => ({
        connectionString: config.getOrThrow('REDIS_URL'),
        keyPrefix: `${config.getOrThrow<string>('KEY_PREFIX')}reports:`,
        worker: config.getOrThrow('REPORTS') === 'yes',
      }),
    });

  const start = (changes: Partial<ReturnType<typeof environment>> = {}, calls: string[] = []) => {
    const load = [() => ({ ...environment(), ...changes })];
    const config = ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load });
    return apps.start({
      imports: [config, mainInstance(calls), reportsInstance()],
      providers: [Jobs],
    });
  };

  it('runs the jobs that it says, in the instances that it says', async () => {
    const app = await start();
    const scheduler = app.get(JobScheduler);

    await scheduler.now('mail');
    await scheduler.now('render');
    await until(() => happened.includes('summary'));

    expect(happened).toEqual(['render', 'summary']);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 1 });
  });

  it('takes options of handlers from values and functions, over those in the code', async () => {
    const calls: string[] = [];
    const handlers = (await start({}, calls)).get(HandlerRegistry);

    expect(handlers.get('render')!.plan).toMatchObject({ concurrency: 7, attempts: 5 });
    expect(handlers.get('mail')!.plan).toMatchObject({ concurrency: 3, timeoutMs: 30_000 });
    expect(calls).toEqual(['render']);
  });

  it('only produces in one instance, and only works in the other', async () => {
    const app = await start({ REPORTS: 'no' });
    const reports = getInstanceToken(WorkerHost, 'reports');

    expect(app.get(WorkerHost).status().state).toBe('running');
    expect(app.get<WorkerHost>(reports).status().state).toBe('stopped');
  });

  it('does not start with what cannot be meant', async () => {
    await expect(start({ RENDERERS: 'many' })).rejects.toThrow(
      /`handlers\.render\.concurrency` to be a whole number of 1 or more, got `NaN`/,
    );
  });
});

describe('the rule of @Every', () => {
  @Injectable()
  class Reports {
    @JobHandler('report')
    @Every('0 2 * * *', { timezone: 'Europe/Paris', data: { kind: 'long' } })
    report(): void {}
  }

  @Injectable()
  class Several {
    @JobHandler('several')
    @Every('1 hour', { key: 'hourly' })
    @Every('1 day', { key: 'daily', skipImmediate: true })
    several(): void {}
  }

  /** What is stored of the rules, once an application with these overrides has started. */
  async function stored(handlers: AgendaRedisOptions['handlers']) {
    const backend = new MemoryBackend();
    const all = { report: { every: false }, several: { every: false }, ...handlers } as const;
    const app = await apps.start({
      imports: [AgendaRedisModule.forRoot({ backend, handlers: all })],
      providers: [Reports, Several],
    });
    const { jobs } = await app.get(JobScheduler).find({ state: 'repeating' });
    return jobs
      .map(({ attrs }) => attrs)
      .map(({ repeatInterval, repeatTimezone, repeatKey, data }) => {
        return { repeatInterval, repeatTimezone, repeatKey, data };
      });
  }

  it('can be another one, in what is said of it', async () => {
    expect(await stored({ report: { every: '0 3 * * *' } })).toEqual([
      { repeatInterval: '0 3 * * *', repeatTimezone: 'Europe/Paris', data: { kind: 'long' } },
    ]);
    const inTokyo = { timezone: 'Asia/Tokyo', data: { kind: 'short' } };
    expect(await stored({ report: { every: inTokyo } })).toEqual([
      { repeatInterval: '0 2 * * *', repeatTimezone: 'Asia/Tokyo', data: { kind: 'short' } },
    ]);
  });

  it('can be another one of several, told by its key', async () => {
    const every = { key: 'daily', interval: '2 days' };

    expect(await stored({ several: () => ({ every }) })).toMatchObject([
      { repeatKey: 'hourly', repeatInterval: '1 hour' },
      { repeatKey: 'daily', repeatInterval: '2 days' },
    ]);
  });

  it('can be switched off', async () => {
    expect(await stored({})).toEqual([]);
  });

  it('may be spoken of by a process that only adds jobs', async () => {
    const handlers = { elsewhere: { every: '1 hour' } };
    const options = { backend: new MemoryBackend(), worker: false, handlers };

    const app = await apps.start({ imports: [AgendaRedisModule.forRoot(options)] });

    expect(await app.get(JobScheduler).counts()).toEqual({});
  });
});

describe('a stored schedule whose @Every has gone', () => {
  @Injectable()
  class Reports {
    @JobHandler('report')
    @Every('1 hour', { skipImmediate: true })
    report(): void {}
  }
  @Injectable()
  class ReportsWithoutRule {
    @JobHandler('report')
    report(): void {}
  }

  let backend: MemoryBackend;
  beforeEach(() => (backend = new MemoryBackend()));

  const start = (provider: typeof Reports, options: AgendaRedisOptions = {}) =>
    apps.start({
      imports: [AgendaRedisModule.forRoot({ backend, ...options })],
      providers: [provider],
    });
  const warnings = () => apps.logger.ours.filter((line) => line.includes('@Every of'));

  /** As the version before has left it, beside one that was made by a call. */
  async function leaveBehind(): Promise<void> {
    const app = await start(Reports);
    const key = { key: 'by call', skipImmediate: true };
    await app.get(JobScheduler).every('1 hour', 'report', undefined, key);
    await app.close();
    expect(warnings()).toEqual([]);
  }

  it('goes on, and is told of at each start with its place and the way out', async () => {
    await leaveBehind();

    for (let starts = 1; starts <= 2; starts++) {
      const app = await start(ReportsWithoutRule);
      expect((await app.get(JobScheduler).counts('report')).repeating).toBe(2);
      expect(warnings()).toHaveLength(starts);
      await app.close();
    }

    expect(warnings()[0]).toMatch(
      /^warn .*schedule of "report" \(1 hour\) was made by @Every of Reports\.report, which is gone .* goes on.*schedules: \{ prune: true \} or scheduler\.remove\('/,
    );
  });

  it('is one that configuration has switched off, too', async () => {
    await leaveBehind();

    await start(Reports, { handlers: { report: { every: false } } });

    expect(warnings()).toHaveLength(1);
  });

  it('is removed with schedules.prune, unlike one that was made by a call', async () => {
    await leaveBehind();

    const app = await start(ReportsWithoutRule, { schedules: { prune: true } });

    const { jobs } = await app.get(JobScheduler).find({ name: 'report' });
    expect(jobs.map(({ repeatKey }) => repeatKey)).toEqual(['by call']);
    expect(warnings()).toEqual([expect.stringMatching(/Reports\.report.*it was removed/)]);
  });

  it('stays where no living process handles its jobs: their worker may just be away', async () => {
    await leaveBehind();
    @Injectable()
    class Others {
      @JobHandler('other')
      other(): void {}
    }

    const app = await start(Others as never, { schedules: { prune: true } });

    expect((await app.get(JobScheduler).counts('report')).repeating).toBe(2);
    expect(warnings()).toEqual([expect.stringMatching(/though no process handles its jobs/)]);
  });

  it('does not keep a worker from its work when it cannot be looked for', async () => {
    backend.manager.counts = async () => {
      throw new Error('no counts today');
    };

    const app = await start(Reports);

    expect(app.get(WorkerHost).status().state).toBe('running');
    expect(apps.logger.ours).toContainEqual(expect.stringContaining('no counts today'));
  });

  it('cannot be pruned in a store that keeps no places', async () => {
    const { repository } = backend;
    const plain = {
      name: 'plain',
      repository,
      connect: async () => {},
      disconnect: async () => {},
    };
    const options = { backend: plain, schedules: { prune: true } };

    await expect(apps.build({ imports: [AgendaRedisModule.forRoot(options)] })).rejects.toThrow(
      /`schedules\.prune` to be left out: the plain backend does not keep where rules/,
    );
  });
});
