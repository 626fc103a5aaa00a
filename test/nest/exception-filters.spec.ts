import { once } from 'node:events';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Injectable,
  type Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { EMPTY, of } from 'rxjs';
import { type Done, Job, JobScheduler, NonRetryableError } from '../../lib/core/index.js';
import { type Enhancers, JobHandler } from '../../lib/nest/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { gate } from '../core/engine/support.js';
import { appOf, run, runFailing } from './job-runs.js';
import { Apps } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

class BadGateway extends Error {}

/** What filters were given, in order. */
const caught: { by: string; error: unknown; host: ArgumentsHost }[] = [];
beforeEach(() => void caught.splice(0));

/** A filter of every error that answers so. */
function filter(answer: (error: unknown) => unknown, label = 'filter'): Type<ExceptionFilter> {
  @Catch()
  class Filter implements ExceptionFilter {
    catch(error: unknown, host: ArgumentsHost): unknown {
      caught.push({ by: label, error, host });
      return answer(error);
    }
  }
  return Filter;
}

/** A handler that throws, unless the job's data is text. */
function failing(filters: Type<ExceptionFilter>[], fail: (job: Job) => unknown): Type<unknown> {
  @Injectable()
  class Failing {
    @JobHandler('fail')
    @UseFilters(...filters)
    fail(job: Job): unknown {
      if (typeof job.data === 'string') return job.data;
      throw fail(job);
    }
  }
  return Failing;
}

const lost = () => new BadGateway('lost');

describe('the answer of a filter', () => {
  it.each([
    ['a value', () => 'spare', 'spare'],
    ['null', () => null, null],
    ['zero', () => 0, 0],
    ['false', () => false, false],
    ['an empty text', () => '', ''],
    ['a promise', async () => ({ spare: true }), { spare: true }],
    ['an observable', () => of(1, 2), 2],
  ])('is the result of the job, when it is %s', async (_, answer, result) => {
    const app = await appOf(apps, [failing([filter(answer)], lost)]);

    expect(await run(app, 'fail')).toEqual(result);
  });

  it.each([
    ['nothing', () => undefined],
    ['a promise of nothing', async () => undefined],
    ['an observable of nothing', () => EMPTY],
  ])('leaves the job failed, when it is %s', async (_, answer) => {
    const app = await appOf(apps, [failing([filter(answer)], lost)]);

    expect(await runFailing(app, 'fail', {}, { attempts: 2 })).toMatchObject({
      name: 'BadGateway',
      message: 'lost',
      reason: 'exhausted',
      attempts: 2,
    });
    expect(caught).toHaveLength(2);
  });

  it('is not asked for when nothing is thrown', async () => {
    const app = await appOf(apps, [failing([filter(() => 'spare')], lost)]);

    expect(await run(app, 'fail', 'fine')).toBe('fine');
    expect(caught).toEqual([]);
  });
});

describe('a filter that throws', () => {
  async function failureBy(answer: (error: unknown) => unknown): Promise<Error> {
    const app = await appOf(apps, [failing([filter(answer)], lost)]);
    const failed = new Promise<Error>((resolve) =>
      app.get(JobScheduler).once('failed', ({ error }) => resolve(error)),
    );
    await runFailing(app, 'fail');
    return failed;
  }

  it.each([
    ['at once', (error: Error) => throwing(error)],
    ['later', (error: Error) => Promise.reject(error)],
  ])('another error %s fails the job with that, and the first one as its cause', async (_, act) => {
    const failure = await failureBy(() => act(new Error('worse')));

    expect(failure).toMatchObject({ message: 'worse', cause: { message: 'lost' } });
  });

  it('an error with a cause of its own keeps it', async () => {
    const own = new Error('own');
    const failure = await failureBy(() => throwing(new Error('worse', { cause: own })));

    expect(failure.cause).toBe(own);
  });

  it('the cause of the first error fails the job with that, which causes nothing in a circle', async () => {
    const inner = new Error('inner');
    const wrapping = () => new BadGateway('lost', { cause: inner });
    const app = await appOf(apps, [
      failing([filter((error) => throwing((error as Error).cause))], wrapping),
    ]);

    expect(await runFailing(app, 'fail')).toMatchObject({ message: 'inner' });
    expect(inner.cause).toBeUndefined();
  });

  it('a frozen error fails the job with that', async () => {
    const failure = await failureBy(() => throwing(Object.freeze(new Error('worse'))));

    expect(failure.message).toBe('worse');
  });

  it('a text fails the job with an error of it, and the first one as its cause', async () => {
    const failure = await failureBy(() => throwing('worse'));

    expect(failure).toMatchObject({ message: 'worse', cause: { message: 'lost' } });
  });

  it('the same error again leaves it as it was', async () => {
    const failure = await failureBy((error) => throwing(error));

    expect(failure.message).toBe('lost');
    expect(failure.cause).toBeUndefined();
  });

  it('a NonRetryableError ends the retries', async () => {
    const hopeless = () => throwing(new NonRetryableError('hopeless'));
    const app = await appOf(apps, [failing([filter(hopeless)], lost)]);

    expect(await runFailing(app, 'fail', {}, { attempts: 3 })).toMatchObject({
      reason: 'unrecoverable',
      attempts: 1,
    });
  });
});

describe('filters', () => {
  it('see the error, and the job with its data', async () => {
    const app = await appOf(apps, [failing([filter(() => 'spare')], lost)]);

    await run(app, 'fail', { page: 7 });

    const { error, host } = caught[0]!;
    const job = host.switchToRpc().getContext<Job>();
    expect(error).toBeInstanceOf(BadGateway);
    expect(host.getType<string>()).toBe('job');
    expect(host.switchToRpc().getData()).toEqual({ page: 7 });
    expect(job).toBeInstanceOf(Job);
    expect(host.getArgs()).toEqual([{ page: 7 }, job]);
  });

  it('are asked only about the errors that they catch', async () => {
    @Catch(TypeError)
    class OfOthers implements ExceptionFilter {
      catch = () => 'spare';
    }
    const app = await appOf(apps, [failing([OfOthers], lost)]);

    expect(await runFailing(app, 'fail')).toMatchObject({ message: 'lost' });
  });

  it('see what guards throw; a refusal stays one when they let it stand', async () => {
    @Injectable()
    class Guarded {
      @JobHandler('guarded', { attempts: 3 })
      @UseGuards({ canActivate: () => false })
      @UseFilters(filter(() => undefined))
      guarded(): void {}
    }
    const app = await appOf(apps, [Guarded]);

    expect(await runFailing(app, 'guarded')).toMatchObject({
      name: 'ForbiddenException',
      reason: 'unrecoverable',
      attempts: 1,
    });
    expect(caught[0]!.error).toMatchObject({ name: 'ForbiddenException' });
  });

  it('see the error that a method gives to `done`', async () => {
    @Injectable()
    class Callbacks {
      @JobHandler('call-back')
      @UseFilters(filter(() => 'spare'))
      callBack(_job: Job, done: Done): void {
        setImmediate(() => done(new BadGateway('late')));
      }
    }
    const app = await appOf(apps, [Callbacks]);

    expect(await run(app, 'call-back')).toBe('spare');
    expect(caught[0]!.error).toMatchObject({ message: 'late' });
  });

  it('do not see what a handler decides of its job', async () => {
    const discard = (job: Job) => job.discard('Nobody wants it');
    const app = await appOf(apps, [failing([filter(() => 'spare')], discard)]);

    expect(await runFailing(app, 'fail')).toMatchObject({ reason: 'discarded' });
    expect(caught).toEqual([]);
  });

  it('do not see an attempt that was told to end: at a shutdown it is handed back, whatever they would say', async () => {
    const backend = new MemoryBackend();
    const begun = gate();
    @Injectable()
    class Patient {
      @JobHandler('wait')
      @UseFilters(filter(() => 'spare'))
      async wait(job: Job): Promise<void> {
        begun.open();
        await once(job.signal, 'abort');
        throw new BadGateway('cut off');
      }
    }
    const app = await appOf(apps, [Patient], { backend, shutdown: { timeout: 0 } });
    const { id } = await app.get(JobScheduler).now('wait');
    await begun.opened;

    await app.close();

    expect(caught).toEqual([]);
    const after = await appOf(apps, [], { backend, worker: false });
    expect(await after.get(JobScheduler).get(id)).toMatchObject({ state: 'queued', attempt: 0 });
  });

  it('may decide the job themselves, by the verbs of the job', async () => {
    @Catch()
    class Discarding implements ExceptionFilter {
      catch(_error: unknown, host: ArgumentsHost): unknown {
        return host.switchToRpc().getContext<Job>().discard('Seen by the filter');
      }
    }
    const app = await appOf(apps, [failing([Discarding], lost)]);

    expect(await runFailing(app, 'fail')).toMatchObject({
      reason: 'discarded',
      message: 'Seen by the filter',
    });
  });

  it('leave it to the job events to log a failure, once', async () => {
    const app = await appOf(apps, [failing([filter(() => undefined)], lost)]);

    await runFailing(app, 'fail');

    expect(apps.logger.lines.filter((line) => line.includes('lost'))).toHaveLength(1);
  });
});

describe('filters of several levels', () => {
  const levels = (enhancers: Enhancers, ...on: ('class' | 'method')[]) => {
    const at = (label: 'class' | 'method') => (on.includes(label) ? [filter(() => label)] : []);
    @Injectable()
    @UseFilters(...at('class'))
    class Failing {
      @JobHandler('fail', { enhancers })
      @UseFilters(...at('method'))
      fail(): void {
        throw lost();
      }
    }
    return [Failing, { provide: APP_FILTER, useClass: filter(() => 'global') }];
  };

  it.each([
    ['the method', levels('all', 'class', 'method'), 'method'],
    ['the class', levels('all', 'class'), 'class'],
    ['the application', levels('all'), 'global'],
    ['the class', levels('local', 'class'), 'class'],
  ])('the one of %s answers, as the nearest', async (_, providers, result) => {
    const app = await appOf(apps, providers);

    expect(await run(app, 'fail')).toBe(result);
  });

  it.each([
    ['no global one', levels('local')],
    ['none at all', levels('none', 'class', 'method')],
  ])('there may be %s', async (_, providers) => {
    const app = await appOf(apps, providers);

    expect(await runFailing(app, 'fail')).toMatchObject({ message: 'lost' });
  });
});

function throwing(error: unknown): never {
  throw error;
}
