import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import { Redis } from 'ioredis';
import {
  Engine,
  InvalidOptionError,
  InvalidScheduleError,
  JobScheduler,
} from '../../lib/core/index.js';
import {
  AgendaRedisModule,
  getBackendToken,
  getInstanceToken,
  InjectScheduler,
  JobHandler,
} from '../../lib/nest/index.js';
import type { RedisBackend } from '../../lib/redis/index.js';
import {
  AgendaRedisTestingModule,
  JobTesting,
  TestingNotReadyError,
  type AgendaRedisTestingOptions,
} from '../../lib/testing/index.js';
import { silent } from './support.js';

const url = process.env.TEST_REDIS_URL!;

@Injectable()
class MailJobs {
  constructor(private readonly scheduler: JobScheduler) {}

  @JobHandler('send')
  send() {
    return 'sent';
  }

  later() {
    return this.scheduler.schedule('in 1 hour', 'send');
  }
}

@Injectable()
class ReportJobs {
  constructor(@InjectScheduler('reports') readonly scheduler: JobScheduler) {}

  @JobHandler('report', { instance: 'reports' })
  report() {
    return 'reported';
  }
}

/** Nobody listens there: whoever connects fails the start. */
const NOWHERE = 'redis://127.0.0.1:1';

@Module({
  imports: [
    AgendaRedisModule.forRoot({ connectionString: NOWHERE, keyPrefix: 'app:', processEvery: '1m' }),
    AgendaRedisModule.forRoot({ instance: 'reports', connectionString: NOWHERE }),
  ],
  providers: [MailJobs, ReportJobs],
})
class AppModule {}

async function started(builder: TestingModuleBuilder) {
  const app = await builder.setLogger(silent).compile();
  await app.init();
  return app;
}

const feature = (options?: AgendaRedisTestingOptions) =>
  Test.createTestingModule({
    imports: [AgendaRedisTestingModule.forRoot(options)],
    providers: [MailJobs],
  });

/** Where an application keeps its jobs. */
const prefixOf = (app: TestingModule): string =>
  app.get<RedisBackend>(getBackendToken()).namespace!.split(' ')[1]!;

async function keysOf(prefix: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    return await redis.keys(`${prefix}*`);
  } finally {
    redis.disconnect();
  }
}

describe('a feature module in a test', () => {
  it('has jobs without Redis', async () => {
    const app = await started(feature({ now: '2027-03-07T10:00:00Z' }));
    const jobs = app.get(JobTesting);

    await app.get(MailJobs).later();
    await jobs.expectScheduled('send', undefined, { at: '2027-03-07T11:00:00Z' });
    expect(await jobs.advance('1 hour')).toMatchObject([{ name: 'send', result: 'sent' }]);
    await app.close();
  });

  it('is closed soon, whatever still runs, unless it says otherwise', async () => {
    const timeoutOf = async (options: AgendaRedisTestingOptions) => {
      const app = await started(feature(options));
      const { timeoutMs } = app.get(Engine).options.shutdown;
      await app.close();
      return timeoutMs;
    };

    expect(await timeoutOf({})).toBe(1_000);
    expect(await timeoutOf({ shutdown: { timeout: '3s' } })).toBe(3_000);
  });

  it('has a store of its own for each application of the same module', async () => {
    const imported = AgendaRedisTestingModule.forRoot();
    const make = () => Test.createTestingModule({ imports: [imported], providers: [MailJobs] });
    const [one, two] = [await started(make()), await started(make())];

    await one.get(MailJobs).later();

    const counts = [one, two].map(async (app) => (await app.get(JobTesting).scheduled()).length);
    expect(await Promise.all(counts)).toEqual([1, 0]);
    await Promise.all([one.close(), two.close()]);
  });

  it('stands in for a named instance, too', async () => {
    const app = await started(
      Test.createTestingModule({
        imports: [AgendaRedisTestingModule.forRoot({ instance: 'reports' })],
        providers: [ReportJobs],
      }),
    );
    const jobs = app.get<JobTesting>(getInstanceToken(JobTesting, 'reports'));

    expect(await jobs.runJob(ReportJobs, 'report')).toMatchObject({ result: 'reported' });
    await app.get(ReportJobs).scheduler.now('report');
    expect(await jobs.runAll()).toHaveLength(1);
    await app.close();
  });

  it('works on a real Redis, and leaves nothing there', async () => {
    const app = await started(feature({ connectionString: url }));
    await app.get(MailJobs).later();
    await app.get(JobTesting).advance('1 hour');
    const prefix = prefixOf(app);
    expect(await keysOf(prefix)).not.toEqual([]);

    await app.close();
    expect(await keysOf(prefix)).toEqual([]);
  });

  it('works over a connection of the test, which stays open', async () => {
    const redis = new Redis(url);
    const app = await started(feature({ redis }));
    await app.get(MailJobs).later();
    const prefix = prefixOf(app);
    await app.close();

    expect(await redis.keys(`${prefix}*`)).toEqual([]);
    redis.disconnect();
  });

  it.each([
    [{ keyPrefix: 'mine:' }, InvalidOptionError],
    [{ conectionString: url }, InvalidOptionError],
    [{ redis: new Redis({ lazyConnect: true }), connectionString: url }, InvalidOptionError],
    [{ now: 'whenever' }, InvalidScheduleError],
    [{ attempts: 3 }, InvalidOptionError],
  ])('refuses options that cannot be meant: %p', async (options, error) => {
    await expect(feature(options as never).compile()).rejects.toThrow(error);
  });

  it('is ready once it is started', async () => {
    const app = await feature().setLogger(silent).compile();
    const jobs = app.get(JobTesting);

    await expect(jobs.runAll()).rejects.toThrow(TestingNotReadyError);
    expect(() => jobs.hold()).toThrow('await app.init()');
    await app.init();
    expect(await jobs.runAll()).toEqual([]);
    await app.close();
  });
});

describe('a whole application in a test', () => {
  const application = () => Test.createTestingModule({ imports: [AppModule] });
  const overridden = (options?: { connectionString: string }) =>
    AgendaRedisTestingModule.override(AgendaRedisTestingModule.override(application(), options), {
      ...options,
      instance: 'reports',
    });

  it.each([
    ['memory', undefined],
    ['redis', { connectionString: url }],
  ])(
    'is taken to a store of its own, and never connects to its own one (%s)',
    async (_, options) => {
      const app = await started(overridden(options));
      const jobs = app.get(JobTesting);
      const reports = app.get<JobTesting>(getInstanceToken(JobTesting, 'reports'));

      await app.get(MailJobs).later();
      await app.get(ReportJobs).scheduler.now('report');

      expect(await reports.runAll()).toMatchObject([{ name: 'report' }]);
      expect(await jobs.advance('1 hour')).toMatchObject([{ name: 'send' }]);
      await app.close();
    },
  );

  it('refuses options that cannot be meant, and an instance that is not there', async () => {
    const override = (options: object) => AgendaRedisTestingModule.override(application(), options);

    expect(() => override({ keyPrefix: 'mine:' })).toThrow(InvalidOptionError);
    expect(() => override({ now: 'whenever' })).toThrow(InvalidScheduleError);
    await expect(override({ instance: 'mail' }).compile()).rejects.toThrow(
      'Expected `override.instance` to be an instance of AgendaRedisModule in the application',
    );
  });
});
