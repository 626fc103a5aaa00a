import { Injectable } from '@nestjs/common';
import {
  JobScheduler,
  type Job,
  type JobCompletedEvent,
  type JobDeadEvent,
  type JobFailedEvent,
  type JobStateNotification,
  type RetryDetails,
} from '../../lib/core/index.js';
import { Engine } from '../../lib/core/engine.js';
import { ConnectionError } from '../../lib/core/errors.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, JobHandler, OnJobEvent } from '../../lib/nest/index.js';
import { JobEventLogger } from '../../lib/nest/job-event-logger.js';
import { JobEvents } from '../../lib/core/events/job-events.js';
import { Apps, RecordingLogger, until } from './support.js';

const apps = new Apps();
let heard: unknown[];
beforeEach(() => (heard = []));
afterEach(() => apps.closeAll());

const memory = () => AgendaRedisModule.forRoot({ backend: new MemoryBackend() });

@Injectable()
class Jobs {
  @JobHandler('good')
  good(): string {
    return 'fine';
  }

  @JobHandler('bad')
  bad(): never {
    throw new Error('redis://user:secret@cache:6379 does not answer');
  }
}

it('calls listeners of an event, and those of the event of one job name', async () => {
  @Injectable()
  class Listener {
    @OnJobEvent('completed')
    onAny({ job, result }: JobCompletedEvent): void {
      heard.push(['any', job.name, result]);
    }

    @OnJobEvent('failed', 'bad')
    @OnJobEvent('dead', 'bad')
    onBad(event: JobFailedEvent | JobDeadEvent): void {
      heard.push(['bad', 'failure' in event ? 'dead' : 'failed']);
    }

    @OnJobEvent('failed', 'good')
    never(): void {
      heard.push(['never']);
    }
  }
  const app = await apps.start({ imports: [memory()], providers: [Jobs, Listener] });

  await app.get(JobScheduler).now('good');
  await until(() => heard.length === 1);
  await app.get(JobScheduler).now('bad');
  await until(() => heard.length === 3);

  expect(heard).toEqual([
    ['any', 'good', 'fine'],
    ['bad', 'failed'],
    ['bad', 'dead'],
  ]);
});

it('calls listeners of the events of Agenda with its arguments', async () => {
  @Injectable()
  class Listener {
    @OnJobEvent('start')
    onStart(...facts: unknown[]): void {
      heard.push(['start', facts.length]);
    }

    @OnJobEvent('success', 'good')
    onSuccess(job: Job): void {
      heard.push(['success', job.name]);
    }

    @OnJobEvent('fail', 'bad')
    onFail(error: Error, job: Job): void {
      heard.push(['fail', error.message, job.failCount]);
    }

    @OnJobEvent('retry')
    onRetry(job: Job, { attempt }: RetryDetails): void {
      heard.push(['retry', job.name, attempt]);
    }

    @OnJobEvent('retry exhausted', 'bad')
    onExhausted(error: Error, job: Job): void {
      heard.push(['retry exhausted', error.message, job.failCount]);
    }

    @OnJobEvent('complete')
    onComplete(job: Job): void {
      heard.push(['complete', job.name]);
    }
  }
  const app = await apps.start({ imports: [memory()], providers: [Jobs, Listener] });
  const message = 'redis://user:secret@cache:6379 does not answer';

  await app.get(JobScheduler).now('good');
  await until(() => heard.length === 3);
  await app.get(JobScheduler).now('bad', {}, { attempts: 2 });
  await until(() => heard.length === 11);

  expect(heard).toEqual([
    ...[
      ['start', 1],
      ['success', 'good'],
      ['complete', 'good'],
    ],
    ...[
      ['start', 1],
      ['fail', message, 1],
      ['retry', 'bad', 1],
      ['complete', 'bad'],
    ],
    ...[
      ['start', 1],
      ['fail', message, 2],
      ['retry exhausted', message, 2],
      ['complete', 'bad'],
    ],
  ]);
});

it('calls them for the jobs of other processes too', async () => {
  @Injectable()
  class Listener {
    @OnJobEvent('complete', 'good')
    onComplete(job: Job | JobStateNotification, remote?: true): void {
      heard.push([remote, 'jobName' in job && job.jobName]);
    }
  }
  const backend = new MemoryBackend();
  const imports = () => [AgendaRedisModule.forRoot({ backend, worker: false })];
  await apps.start({ imports: imports(), providers: [Listener] });
  const worker = new Engine(backend);
  worker.handlers.define('good', () => 'fine');
  await worker.connect();
  await worker.workerHost.start();
  await worker.scheduler.now('good');
  await until(() => heard.length === 1);
  await worker.close();

  expect(heard).toEqual([[true, 'good']]);
});

it('logs a listener that fails by the name of its method, and goes on', async () => {
  @Injectable()
  class Broken {
    @OnJobEvent('completed')
    async onCompleted(): Promise<void> {
      await Promise.resolve();
      throw new Error('rejected');
    }

    @OnJobEvent('completed')
    thrower(): void {
      throw new Error('thrown');
    }

    @OnJobEvent('completed')
    last(): void {
      heard.push('last');
    }
  }
  const { logger } = apps;
  const app = await apps.start({ imports: [memory()], providers: [Jobs, Broken] });

  await app.get(JobScheduler).now('good');
  await app.get(JobScheduler).now('good');
  await until(() => heard.length === 2);

  expect(logger.ours).toContainEqual(expect.stringContaining('Broken.onCompleted: rejected'));
  expect(logger.ours).toContainEqual(expect.stringContaining('Broken.thrower: thrown'));
});

it('writes handlers, failures and dead letters to the log of Nest, without data and secrets', async () => {
  const { logger } = apps;
  const app = await apps.start({ imports: [memory()], providers: [Jobs] });

  const { id } = await app
    .get(JobScheduler)
    .now('bad', { card: '4111' }, { attempts: 2, backoff: 1 });
  await until(() => logger.ours.some((line) => line.includes('dead letter')));

  const log = logger.ours.join('\n');
  expect(log).toContain('log [AgendaRedis] Handles "good" by Jobs.good');
  expect(log).toContain('log [AgendaRedis] Handles "bad" by Jobs.bad');
  expect(log).toContain(`warn [AgendaRedis:bad] Attempt 1 of job bad (${id}) failed`);
  expect(log).toContain(`error [AgendaRedis:bad] Job bad (${id}) is a dead letter`);
  expect(log).toContain('redis://user:***@cache:6379 does not answer');
  expect(logger.lines.join('\n')).not.toMatch(/4111|secret/);
});

it('writes also of an error that cannot be read, and no more of a long one than is stored', async () => {
  const { logger } = apps;
  @Injectable()
  class Odd {
    @JobHandler('unreadable')
    unreadable(): void {
      throw Object.defineProperty(new Error(), 'message', {
        get: () => {
          throw new Error('do not read me');
        },
      });
    }

    @JobHandler('long', { attempts: 2, backoff: 1 })
    long(): void {
      throw new Error('x'.repeat(100_000));
    }
  }
  const app = await apps.start({ imports: [memory()], providers: [Odd] });
  const deaths = () => logger.ours.filter((line) => line.includes('dead letter'));

  await app.get(JobScheduler).now('unreadable');
  await app.get(JobScheduler).now('long');
  await until(() => deaths().length === 2);

  expect(deaths()).toContainEqual(expect.stringContaining('Job unreadable'));
  expect(Math.max(...logger.ours.map((line) => line.length))).toBeLessThan(10_000);
});

it('writes warnings of the engine as warnings', async () => {
  const { logger } = apps;
  const app = await apps.build({});
  const events = new JobEvents();
  new JobEventLogger('default').attach(events);

  events.emitWarning('persistence-off', 'Redis keeps nothing.');

  expect(logger.ours).toEqual(['warn [AgendaRedis] Redis keeps nothing.']);
  await app.close();
});

describe('the warning about signals', () => {
  const warnings = (logger: RecordingLogger) =>
    logger.ours.filter((line) => line.includes('enableShutdownHooks'));
  const runTwoJobs = async () => {
    @Injectable()
    class Listener {
      @OnJobEvent('completed')
      on(): void {
        heard.push('completed');
      }
    }
    const { logger } = apps;
    const app = await apps.start({ imports: [memory()], providers: [Jobs, Listener] });
    await app.get(JobScheduler).now('good');
    await app.get(JobScheduler).now('good');
    await until(() => heard.length === 2);
    return logger;
  };
  const ignore = (): void => {};
  const others = process.listeners('SIGTERM');
  beforeEach(() => process.removeAllListeners('SIGTERM'));
  afterEach(() => process.off('SIGTERM', ignore));
  afterAll(() => others.forEach((listener) => process.on('SIGTERM', listener)));

  it('comes once, when jobs run and nobody listens', async () => {
    expect(warnings(await runTwoJobs())).toHaveLength(1);
  });

  it('does not come when somebody listens', async () => {
    process.on('SIGTERM', ignore);

    expect(warnings(await runTwoJobs())).toEqual([]);
  });
});

it('thins out an error that repeats itself', async () => {
  const { logger } = apps;
  const app = await apps.build({});
  const events = new JobEvents();
  new JobEventLogger('default').attach(events);

  for (let i = 0; i < 100; i++) events.reportError(new ConnectionError('Redis is away.', true));
  events.reportError(new Error('Something else.'));

  expect(logger.ours.filter((line) => line.includes('Redis is away.'))).toHaveLength(1);
  expect(logger.ours.filter((line) => line.includes('Something else.'))).toHaveLength(1);
  await app.close();
});
