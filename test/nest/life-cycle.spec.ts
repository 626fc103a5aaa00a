import {
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { JobScheduler, WorkerHost, type Job } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  Every,
  getInstanceToken,
  JobHandler,
  type AgendaRedisOptions,
} from '../../lib/nest/index.js';
import { Apps, until } from './support.js';

const apps = new Apps();
let backend: MemoryBackend;
let happened: string[];
let release: () => void;
let released: Promise<void>;
beforeEach(() => {
  backend = new MemoryBackend();
  happened = [];
  released = new Promise((resolve) => (release = resolve));
});
afterEach(async () => {
  release();
  await apps.closeAll();
});

const agenda = (options: AgendaRedisOptions & { instance?: string } = {}) =>
  AgendaRedisModule.forRoot({ backend, ...options });

/** What an application has beside its jobs, and closes when it ends. */
@Injectable()
class Database implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  isOpen = false;

  async onModuleInit(): Promise<void> {
    await pause();
    this.isOpen = true;
    happened.push('database opened');
  }

  async onApplicationBootstrap(): Promise<void> {
    await pause();
    happened.push('database bootstrapped');
  }

  onModuleDestroy(): void {
    this.isOpen = false;
    happened.push('database closed');
  }

  write(what: string): void {
    if (!this.isOpen) throw new Error('The database is closed.');
    happened.push(what);
  }
}

@Module({ providers: [Database], exports: [Database] })
class DatabaseModule {}

const pause = (ms = 10): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Writes to the database when it begins, and when it is let go. */
@Injectable()
class Jobs {
  constructor(
    private readonly database: Database,
    private readonly scheduler: JobScheduler,
  ) {}

  @JobHandler('slow')
  async slow(): Promise<void> {
    this.database.write('job began');
    await released;
    await pause();
    this.database.write('job ended');
    await this.scheduler.now('follow-up');
  }
}

@Module({ imports: [DatabaseModule], providers: [Jobs] })
class JobsModule {}

describe('the start', () => {
  it.each([
    ['after', () => [agenda(), JobsModule]],
    ['before', () => [JobsModule, agenda()]],
  ])('runs no job until every other module is up, imported %s ours', async (_, imports) => {
    await backend.connect();
    release();
    await enqueueIn(backend, 'slow');

    await apps.start({ imports: imports() });
    await until(() => happened.includes('job ended'));

    expect(happened).toEqual([
      'database opened',
      'database bootstrapped',
      'job began',
      'job ended',
    ]);
  });

  it('lets other providers schedule from their own starting hooks', async () => {
    @Injectable()
    class Early implements OnModuleInit, OnApplicationBootstrap {
      constructor(private readonly scheduler: JobScheduler) {}

      async onModuleInit(): Promise<void> {
        await this.scheduler.now('early', { from: 'onModuleInit' });
      }

      async onApplicationBootstrap(): Promise<void> {
        await this.scheduler.now('early', { from: 'onApplicationBootstrap' });
      }

      @JobHandler('early')
      run(job: Job<{ from: string }>): void {
        happened.push(job.data.from);
      }
    }

    await apps.start({ imports: [agenda()], providers: [Early] });
    await until(() => happened.length === 2);

    expect(happened).toEqual(['onModuleInit', 'onApplicationBootstrap']);
  });

  it('registers the schedules of @Every, once, however often the application starts', async () => {
    @Injectable()
    class Reports {
      @JobHandler('report')
      @Every('0 2 * * *', { timezone: 'Europe/Paris', key: 'nightly', data: { kind: 'long' } })
      @Every('1 hour', { key: 'hourly', skipImmediate: true })
      report(): void {}
    }
    const start = () => apps.start({ imports: [agenda()], providers: [Reports] });

    await (await start()).close();
    const app = await start();

    expect((await app.get(JobScheduler).counts('report')).total).toBe(2);
    expect(JSON.stringify(backend.snapshot())).toMatch(/"1 hour"/);
    expect(JSON.stringify(backend.snapshot())).toMatch(/"0 2 \* \* \*"/);
    expect(JSON.stringify(backend.snapshot())).toMatch(/Europe\/Paris/);
    expect(JSON.stringify(backend.snapshot())).toMatch(/long/);
  });
});

describe('which jobs a process runs', () => {
  @Injectable()
  class Three {
    @JobHandler('one')
    @Every('1 hour', { skipImmediate: true })
    one(): void {
      happened.push('one');
    }

    @JobHandler('two')
    @Every('1 hour', { skipImmediate: true })
    two(): void {
      happened.push('two');
    }
  }

  it.each([
    ['all', true, ['one', 'two']],
    ['none, when it only produces', false, []],
    ['those of `only`', { only: ['two'] }, ['two']],
    ['all but those of `except`', { except: ['two'] }, ['one']],
  ])('%s; of those it registers the schedules', async (_, worker, expected) => {
    const app = await apps.start({ imports: [agenda({ worker })], providers: [Three] });
    const scheduler = app.get(JobScheduler);
    const planned = Object.entries(await scheduler.counts())
      .filter(([, counts]) => counts.repeating > 0)
      .map(([name]) => name);
    await scheduler.now('one');
    await scheduler.now('two');
    await until(() => happened.length === expected.length);
    await pause();

    expect(planned.sort()).toEqual(expected);
    expect(happened.sort()).toEqual(expected);
  });

  it('are told of once more, where `only` names some that nobody handles here', async () => {
    const worker = { only: ['two', 'tow'] };
    await apps.start({ imports: [agenda({ worker })], providers: [Three] });

    expect(apps.logger.lines.filter((line) => line.includes('worker.only'))).toEqual([
      expect.stringContaining('nobody handles here: tow (known: one, two)'),
    ]);
  });

  it('does not ask handlers for options it leaves to others', async () => {
    const handlers = { elsewhere: { concurrency: 2 } };

    const started = async (worker: AgendaRedisOptions['worker']) => {
      const options = { backend: new MemoryBackend(), worker, handlers };
      return (await apps.start({ imports: [agenda(options)] })).get(WorkerHost).status().state;
    };

    expect(await started(false)).toBe('stopped');
    expect(await started({ except: ['elsewhere'] })).toBe('running');
  });
});

describe('the end', () => {
  it.each([
    ['after', () => [agenda(), JobsModule]],
    ['before', () => [JobsModule, agenda()]],
  ])('waits for running jobs before anything is closed, imported %s ours', async (_, imports) => {
    const app = await apps.start({ imports: imports() });
    await app.get(JobScheduler).now('slow');
    await until(() => happened.includes('job began'));

    const closing = app.close();
    release();
    await closing;

    expect(happened).toEqual([
      'database opened',
      'database bootstrapped',
      'job began',
      'job ended',
      'database closed',
    ]);
    expect(await countsOf(backend, 'slow')).toMatchObject({ completed: 1, running: 0 });
  });

  it('makes the process unready before anything is waited for, also for hooks of others', async () => {
    let readyInHook: boolean | undefined;
    @Injectable()
    class Probe implements OnModuleDestroy {
      constructor(private readonly host: WorkerHost) {}

      onModuleDestroy(): void {
        readyInHook = this.host.status().ready;
      }
    }
    const app = await apps.start({ imports: [JobsModule, agenda()], providers: [Probe] });
    const status = () => app.get(WorkerHost).status();
    await app.get(JobScheduler).now('slow');
    await until(() => happened.includes('job began'));
    expect(status().ready).toBe(true);

    const closing = app.close();
    await until(() => status().state === 'stopping');

    expect(status()).toMatchObject({ ready: false, running: 1 });
    release();
    await closing;
    expect(readyInHook).toBe(false);
  });

  it('stores what a draining handler schedules, and what closing hooks of others do', async () => {
    @Injectable()
    class Producer implements OnModuleDestroy, OnApplicationShutdown {
      constructor(private readonly scheduler: JobScheduler) {}

      async onModuleDestroy(): Promise<void> {
        await this.scheduler.now('late');
      }

      async onApplicationShutdown(): Promise<void> {
        await this.scheduler.now('latest');
      }
    }
    const app = await apps.start({ imports: [JobsModule, agenda()], providers: [Producer] });
    await app.get(JobScheduler).now('slow');
    await until(() => happened.includes('job began'));

    const closing = app.close();
    release();
    await closing;

    expect(await countsOf(backend, 'follow-up')).toMatchObject({ queued: 1 });
    expect(await countsOf(backend, 'late')).toMatchObject({ queued: 1 });
    expect(await countsOf(backend, 'latest')).toMatchObject({ queued: 1 });
  });

  it('hands a job back that does not end in time', async () => {
    @Injectable()
    class Endless {
      @JobHandler('endless')
      async run(job: Job): Promise<void> {
        job.signal.addEventListener('abort', () => happened.push('signal'));
        happened.push('began');
        await new Promise(() => {});
      }
    }
    const app = await apps.start({
      imports: [agenda({ shutdown: { timeout: 30, grace: 20 } })],
      providers: [Endless],
    });
    const { id } = await app.get(JobScheduler).now('endless');
    await until(() => happened.includes('began'));

    await app.close();

    expect(happened).toEqual(['began', 'signal']);
    await backend.connect();
    expect(await backend.manager.get(id)).toMatchObject({ lockedAt: null, attempt: 0 });
  });

  it('is one shutdown, called twice', async () => {
    const app = await apps.start({ imports: [agenda(), JobsModule] });
    await app.get(JobScheduler).now('slow');
    await until(() => happened.includes('job began'));

    const both = Promise.all([app.close(), app.close()]);
    release();
    await both;
    await app.close();

    expect(happened.filter((line) => line === 'job ended')).toHaveLength(1);
  });

  it('drains although the closing hook of another module rejects', async () => {
    @Injectable()
    class Broken implements OnModuleDestroy {
      private isBroken = true;

      async onModuleDestroy(): Promise<void> {
        if (!this.isBroken) return;
        this.isBroken = false;
        throw new Error('broken');
      }
    }
    const app = await apps.start({ imports: [agenda(), JobsModule], providers: [Broken] });
    await app.get(JobScheduler).now('slow');
    await until(() => happened.includes('job began'));

    const closing = app.close();
    release();
    // Nest 11 tells the caller of the rejection, Nest 12 only its log.
    await closing.catch(() => undefined);

    expect(happened).toContain('job ended');
  });

  it('never rejects, whatever the backend says', async () => {
    const app = await apps.start({ imports: [agenda()] });
    const { logger } = apps;
    const disconnect = backend.disconnect.bind(backend);
    backend.disconnect = async () => {
      await disconnect();
      throw new Error('cannot close');
    };

    await app.close();

    expect(logger.ours).toContainEqual(expect.stringContaining('cannot close'));
  });

  it('comes before the application was started, too', async () => {
    const app = await apps.build({ imports: [agenda(), JobsModule] });

    await expect(app.close()).resolves.toBeUndefined();
  });
});

it('drains two instances together', async () => {
  const reports = new MemoryBackend();
  @Injectable()
  class Both {
    @JobHandler('work')
    async work(): Promise<void> {
      happened.push('first began');
      await released;
      happened.push('first ended');
    }

    @JobHandler('work', { instance: 'reports' })
    async report(): Promise<void> {
      happened.push('second began');
      await released;
      happened.push('second ended');
    }
  }
  const app = await apps.start({
    imports: [DatabaseModule, agenda(), agenda({ instance: 'reports', backend: reports })],
    providers: [Both],
  });
  const hosts = [app.get(WorkerHost), app.get<WorkerHost>(getInstanceToken(WorkerHost, 'reports'))];
  await app.get(JobScheduler).now('work');
  await app.get<JobScheduler>(getInstanceToken(JobScheduler, 'reports')).now('work');
  await until(() => happened.includes('first began') && happened.includes('second began'));

  const closing = app.close();
  await until(() => hosts.every((host) => host.status().state === 'stopping'));
  release();
  await closing;

  expect(happened.slice(-3).sort()).toEqual(['database closed', 'first ended', 'second ended']);
  expect(happened.at(-1)).toBe('database closed');
});

it('leaves another application of the process alone', async () => {
  const other = new MemoryBackend();
  const first = await apps.start({ imports: [agenda(), JobsModule] });
  const second = await apps.start({ imports: [agenda({ backend: other }), JobsModule] });
  release();

  await first.close();
  const { id } = await second.get(JobScheduler).now('slow');

  await second.get(JobScheduler).waitFor(id);
  expect(await countsOf(other, 'follow-up')).toMatchObject({ queued: 1 });
  expect(await countsOf(backend, 'slow')).toMatchObject({ total: 0 });
});

it('starts and drains where the hooks fall, with a warning, when a module cannot choose its place', async () => {
  const { prototype } = await moduleClass();
  const original = Object.getOwnPropertyDescriptor(prototype, 'distance')!;
  const { logger } = apps;
  // As if the distance were fixed once the modules are scanned.
  Object.defineProperty(prototype, 'distance', {
    ...original,
    set(distance: number) {
      if (distance >= 0 && distance < Infinity) original.set!.call(this, distance);
    },
  });
  try {
    const app = await apps.start({ imports: [agenda(), JobsModule] });
    await app.get(JobScheduler).now('slow');
    await until(() => happened.includes('job began'));
    release();
    await app.get(WorkerHost).drain();
    await app.close();
  } finally {
    Object.defineProperty(prototype, 'distance', original);
  }

  expect(happened).toContain('job ended');
  expect(logger.ours.filter((line) => line.includes('workerHost.drain()'))).toHaveLength(1);
});

/** Nest's class of module references, which it does not export. */
async function moduleClass(): Promise<{ prototype: object }> {
  const app = await apps.build({});
  const [reference] = app.get(ModulesContainer).values();
  return reference!.constructor as unknown as { prototype: object };
}

async function enqueueIn(store: MemoryBackend, name: string): Promise<void> {
  await store.broker.enqueue([
    { id: `early-${name}`, name, data: undefined, priority: 0, due: { delayMs: 0 } },
  ]);
}

/** What is stored, also after the application has closed its backend. */
async function countsOf(store: MemoryBackend, name: string) {
  await store.connect();
  return (await store.manager.counts([name])).get(name);
}
