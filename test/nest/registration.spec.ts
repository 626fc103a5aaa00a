import { Inject, Injectable, Module } from '@nestjs/common';
import {
  HandlerRegistry,
  InvalidOptionError,
  JobBroker,
  JobManager,
  JobRepository,
  JobScheduler,
  NotificationChannel,
  WorkerHost,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  getBackendToken,
  getInstanceToken,
  InjectScheduler,
  InjectWorkerHost,
  JobHandler,
  type AgendaRedisOptions,
  type AgendaRedisOptionsFactory,
} from '../../lib/nest/index.js';
import {
  RedisBackend,
  RedisJobRepository,
  RedisNotificationChannel,
} from '../../lib/redis/index.js';
import { Apps } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

const memory = (): AgendaRedisOptions => ({ backend: new MemoryBackend(), name: 'billing' });

@Injectable()
class MemoryOptions implements AgendaRedisOptionsFactory {
  createAgendaRedisOptions = memory;
}

@Module({
  providers: [MemoryOptions, { provide: 'name', useValue: 'shop' }],
  exports: [MemoryOptions, 'name'],
})
class ConfigModule {}

describe('the module can be registered', () => {
  it.each([
    ['with options', AgendaRedisModule.forRoot(memory())],
    ['with a factory', AgendaRedisModule.forRootAsync({ useFactory: memory })],
    ['with an async factory', AgendaRedisModule.forRootAsync({ useFactory: async () => memory() })],
    [
      'with a factory that injects',
      AgendaRedisModule.forRootAsync({
        imports: [ConfigModule],
        inject: ['name'],
        useFactory: (name: string) => ({ ...memory(), name }),
      }),
    ],
    ['with a class', AgendaRedisModule.forRootAsync({ useClass: MemoryOptions })],
    [
      'with an existing provider',
      AgendaRedisModule.forRootAsync({ imports: [ConfigModule], useExisting: MemoryOptions }),
    ],
  ])('%s', async (_, module) => {
    const app = await apps.start({ imports: [module] });

    expect(app.get(JobScheduler)).toBeInstanceOf(JobScheduler);
    expect(app.get(getBackendToken())).toBeInstanceOf(MemoryBackend);
  });

  it('so that everything is injected by class, in modules that import nothing of ours', async () => {
    const backend = new MemoryBackend();
    @Injectable()
    class User {
      constructor(
        readonly scheduler: JobScheduler,
        readonly workerHost: WorkerHost,
        readonly handlers: HandlerRegistry,
        readonly repository: JobRepository,
        readonly broker: JobBroker,
        readonly manager: JobManager,
        readonly channel: NotificationChannel,
      ) {}
    }
    @Module({ providers: [User] })
    class Feature {}

    const app = await apps.build({ imports: [AgendaRedisModule.forRoot({ backend }), Feature] });
    const user = app.get(User);

    expect(user.scheduler).toBeInstanceOf(JobScheduler);
    expect(user.workerHost).toBeInstanceOf(WorkerHost);
    expect(user.handlers).toBeInstanceOf(HandlerRegistry);
    expect(user.repository).toBe(backend.repository);
    expect(user.broker).toBe(backend.broker);
    expect(user.manager).toBe(backend.manager);
    expect(user.channel).toBe(backend.notificationChannel);
  });

  it('for some modules only', async () => {
    @Injectable()
    class User {
      constructor(readonly scheduler: JobScheduler) {}
    }
    @Module({ providers: [User] })
    class Outside {}
    const local = AgendaRedisModule.forRoot({ ...memory(), isGlobal: false });
    @Module({ imports: [local], providers: [User] })
    class Inside {}

    await expect(apps.build({ imports: [local, Outside] })).rejects.toThrow(/JobScheduler/);
    expect((await apps.build({ imports: [Inside] })).get(User).scheduler).toBeDefined();
  });

  it('with the classes of Redis beside the contracts, when the backend is Redis', async () => {
    const app = await apps.build({
      imports: [AgendaRedisModule.forRoot({ connectionString: 'redis://localhost:1' })],
    });

    expect(app.get(RedisJobRepository)).toBe(app.get(JobRepository));
    expect(app.get(RedisNotificationChannel)).toBe(app.get(NotificationChannel));
  });
});

describe('several instances', () => {
  it('are injected by name, the default one by class', async () => {
    const [main, reports] = [new MemoryBackend(), new MemoryBackend()];
    @Injectable()
    class User {
      constructor(
        readonly scheduler: JobScheduler,
        @InjectScheduler('reports') readonly reports: JobScheduler,
        @InjectWorkerHost('reports') readonly reportsHost: WorkerHost,
        @Inject(getInstanceToken(JobRepository, 'reports')) readonly repository: JobRepository,
      ) {}

      @InjectScheduler() readonly byProperty!: JobScheduler;
    }

    const app = await apps.build({
      imports: [
        AgendaRedisModule.forRoot({ backend: main }),
        AgendaRedisModule.forRootAsync({
          instance: 'reports',
          useFactory: () => ({ backend: reports }),
        }),
      ],
      providers: [User],
    });
    const user = app.get(User);

    expect(user.scheduler).not.toBe(user.reports);
    expect(user.byProperty).toBe(user.scheduler);
    expect(user.reportsHost).toBe(app.get(getInstanceToken(WorkerHost, 'reports')));
    expect(user.repository).toBe(reports.repository);
    expect(app.get(JobRepository)).toBe(main.repository);
  });

  it('have handlers of their own, even for one name', async () => {
    @Injectable()
    class Jobs {
      @JobHandler('clean')
      clean(): void {}

      @JobHandler('clean', { instance: 'reports' })
      cleanReports(): void {}
    }

    const app = await apps.start({
      imports: [
        AgendaRedisModule.forRoot(memory()),
        AgendaRedisModule.forRoot({ ...memory(), instance: 'reports' }),
      ],
      providers: [Jobs],
    });
    const reports = app.get<HandlerRegistry>(getInstanceToken(HandlerRegistry, 'reports'));

    expect(app.get(HandlerRegistry).get('clean')?.origin).toBe('Jobs.clean');
    expect(reports.get('clean')?.origin).toBe('Jobs.cleanReports');
  });
});

describe('options that cannot be meant stop the application while it is made', () => {
  const build = (options: object) => apps.build({ imports: [AgendaRedisModule.forRoot(options)] });

  it.each([
    [{ keyPrefx: 'a:' }, /`keyPrefx`.*did you mean `keyPrefix`/],
    [{ connectionStrnig: 'redis://:secret@h' }, /did you mean `connectionString`/],
    [{ connection: { password: 'secret' } }, /use `connectionString`, `redisOptions`/],
    [{ prefix: 'a:' }, /it is called `keyPrefix` here/],
    [{ concurrency: 5 }, /`concurrency`.*no such option/],
    [{ maxConcurrency: 0 }, /`maxConcurrency`.*whole number.*got `0`/],
    [{ processEvery: 'often' }, /`processEvery`.*duration/],
    [{ worker: { onli: ['a'] } }, /`worker\.onli`.*did you mean `only`/],
    [{ worker: 'yes' }, /`worker`/],
    [{ shutdown: { timeout: -1 } }, /`shutdown\.timeout`/],
    [{ defaults: { attempts: 0 } }, /`defaults\.attempts`/],
    [{ handlers: { mail: { timout: 1 } } }, /`handlers\.mail\.timout`.*`timeout`/],
  ])('%j', async (wrong, message) => {
    await expect(build({ ...memory(), ...wrong })).rejects.toThrow(message);
    await expect(build({ ...memory(), ...wrong })).rejects.toThrow(InvalidOptionError);
    await expect(build({ ...memory(), ...wrong })).rejects.not.toThrow(/secret/);
  });

  it.each([
    [{ connectionString: 'redis://:secret@h', redis: {} }, /exactly one/],
    [{ backend: new MemoryBackend(), connectionString: 'redis://:secret@h' }, /exactly one/],
    [{ backend: {} }, /`backend`.*AgendaBackend/],
    [{ connectionString: 'http://:secret@h' }, /`connectionString`.*redis:\/\//],
    [{ connectionString: 'redis://h', connectTimeout: 'soon' }, /`connectTimeout`/],
    [{ connectionString: 'redis://h', keyPrefix: '' }, /`keyPrefix`/],
  ])('%#: a connection', async (wrong, message) => {
    await expect(build(wrong)).rejects.toThrow(message);
    await expect(build(wrong)).rejects.not.toThrow(/secret/);
  });

  it('from a factory too', async () => {
    const from = (useFactory: () => never) =>
      apps.build({ imports: [AgendaRedisModule.forRootAsync({ useFactory })] });

    await expect(from(() => undefined as never)).rejects.toThrow(/`options` to be an object/);
    await expect(from(() => ({ ...memory(), lese: 1 }) as never)).rejects.toThrow(
      /did you mean `lease`/,
    );
    await expect(from(() => ({ ...memory(), instance: 'x' }) as never)).rejects.toThrow(
      /`instance`.*beside useFactory/,
    );
  });

  it('beside a factory', () => {
    const useFactory = memory;

    expect(() => AgendaRedisModule.forRootAsync({ useFactory, worker: false } as never)).toThrow(
      /`forRootAsync\.worker`/,
    );
    expect(() => AgendaRedisModule.forRootAsync({})).toThrow(/exactly one of useFactory/);
    expect(() => AgendaRedisModule.forRootAsync({ useFactory, useClass: MemoryOptions })).toThrow(
      /exactly one of useFactory/,
    );
    expect(() => AgendaRedisModule.forRoot({ ...memory(), instance: '' })).toThrow(/`instance`/);
    expect(() => AgendaRedisModule.forRoot({ ...memory(), isGlobal: 'no' as never })).toThrow(
      /`isGlobal`/,
    );
  });
});

it.each([{ keyPrefix: 'shop:' }, { partitions: 8 }])(
  'refuses options of Redis beside a backend, which would never see them: %j',
  async (option) => {
    const imports = [AgendaRedisModule.forRoot({ ...memory(), ...option })];
    const [name] = Object.keys(option);

    await expect(apps.build({ imports })).rejects.toThrow(
      new RegExp(`\`${name}\`.*beside \`backend\``),
    );
  },
);

describe('without a connection in the options', () => {
  const variables = Object.keys(process.env).filter((name) => name.startsWith('REDIS_'));
  const before = variables.map((name) => [name, process.env[name]] as const);
  beforeEach(() => {
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('REDIS_')) delete process.env[name];
    }
  });
  afterAll(() => Object.assign(process.env, Object.fromEntries(before)));

  const built = async (environment: NodeJS.ProcessEnv, options: AgendaRedisOptions = {}) => {
    Object.assign(process.env, environment);
    const app = await apps.build({ imports: [AgendaRedisModule.forRoot(options)] });
    return app.get<RedisBackend>(getBackendToken());
  };

  it('REDIS_URL decides', async () => {
    const backend = await built({ REDIS_URL: 'redis://cache:6390/3', REDIS_HOST: 'other' });

    expect(backend.namespace).toBe('cache:6390/3 agenda:');
  });

  it('else REDIS_HOST and its companions decide', async () => {
    expect((await built({ REDIS_HOST: 'cache' })).address).toBe('cache:6379');

    const backend = await built(
      {
        REDIS_PORT: '6390',
        REDIS_DB: '2',
        REDIS_PASSWORD: 'secret',
        REDIS_TLS: 'yes',
        REDIS_URL: '',
      },
      { keyPrefix: 'shop:' },
    );
    expect(backend.namespace).toBe('cache:6390/2 shop:');
  });

  it('else there is a clear error', async () => {
    await expect(built({})).rejects.toThrow(
      /`connection` to be exactly one of connectionString.*REDIS_URL or REDIS_HOST/,
    );
  });

  it.each([
    [{ REDIS_URL: 'cache:6379' }, /`REDIS_URL`/],
    [{ REDIS_URL: 'http://:secret@cache' }, /`REDIS_URL`/],
    [{ REDIS_HOST: 'cache', REDIS_PORT: '99999' }, /`REDIS_PORT`.*from 1 to 65535.*99999/],
    [{ REDIS_HOST: 'cache', REDIS_PORT: '6379x' }, /`REDIS_PORT`/],
    [{ REDIS_HOST: 'cache', REDIS_DB: '-1' }, /`REDIS_DB`/],
    [{ REDIS_HOST: 'cache', REDIS_TLS: 'maybe' }, /`REDIS_TLS`.*true, 1, yes, false, 0, no/],
  ])('a wrong variable is an error: %j', async (environment, message) => {
    await expect(built(environment)).rejects.toThrow(message);
    await expect(built(environment)).rejects.not.toThrow(/secret/);
  });

  it('tests can override the one provider that makes it', async () => {
    const backend = new MemoryBackend();

    const app = await apps.start({ imports: [AgendaRedisModule.forRoot()] }, (builder) =>
      builder.overrideProvider(getBackendToken()).useValue(backend),
    );

    expect(app.get(JobRepository)).toBe(backend.repository);
    expect(app.get(RedisJobRepository)).toBeUndefined();
    expect((await app.get(JobScheduler).now('any')).name).toBe('any');
  });
});
