import { JobTimeoutError } from '../../../lib/core/errors.js';
import type { Done, JobFunction } from '../../../lib/core/handlers/job-function.js';
import type { Job } from '../../../lib/core/job/job.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

/** How a job of this handler ends: what is kept of its result, or the message of its failure. */
async function endOf(handler: JobFunction, options = {}): Promise<unknown> {
  const { engine } = await makeBench();
  engine.handlers.define('mail', handler, options);
  const completed = nextEvent(engine, 'completed').then(() => 'completed');
  const failed = nextEvent(engine, 'failed').then(({ error }) => error.message);
  await engine.workerHost.start();
  await engine.scheduler.now('mail');
  return Promise.race([completed, failed]);
}

const throwing = (thrown: unknown): never => {
  throw thrown;
};

describe('a handler of two parameters', () => {
  it.each<[string, (job: Job, done: Done) => unknown, unknown]>([
    ['calls done', (_job, done) => done(), 'completed'],
    ['calls done later', (_job, done) => void setTimeout(done, 5), 'completed'],
    ['calls done with an error', (_job, done) => done(new Error('no')), 'no'],
    ['calls done with a text', (_job, done) => done('no luck'), 'no luck'],
    ['calls done with null', (_job, done) => done(null), 'completed'],
    ['throws', (_job, _done) => throwing(new Error('at once')), 'at once'],
    ['throws undefined', (_job, _done) => throwing(undefined), 'The handler threw undefined'],
    ['rejects', (_job, _done) => Promise.reject(new Error('later')), 'later'],
    [
      'is async and calls done',
      async (_job, done) => {
        await Promise.resolve();
        done();
      },
      'completed',
    ],
  ])('that %s ends so', async (_what, handler, end) => {
    expect(await endOf(handler)).toBe(end);
  });

  it.each<[string, (job: Job, done: Done) => unknown, unknown]>([
    [
      'done, then done with an error',
      (_job, done) => {
        done();
        done(new Error('too late'));
      },
      'completed',
    ],
    [
      'done, then a throw',
      (_job, done) => {
        done();
        throw new Error('too late');
      },
      'completed',
    ],
    [
      'done with an error, then a rejection',
      async (_job, done) => {
        done(new Error('first'));
        throw new Error('second');
      },
      'first',
    ],
    [
      'a rejection, then done',
      (_job, done) => {
        setTimeout(done, 5);
        return Promise.reject(new Error('first'));
      },
      'first',
    ],
  ])('ends with its first outcome: %s', async (_what, handler, end) => {
    expect(await endOf(handler)).toBe(end);
  });

  it('has not ended when its promise resolves, but when it calls done', async () => {
    const handler = async (job: Job, _done: Done) => {
      await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    };

    const { engine } = await makeBench();
    engine.handlers.define('mail', handler, { timeout: 5 });
    const stuck = nextEvent(engine, 'started');
    await engine.workerHost.start();
    await engine.scheduler.now('mail');
    const { job } = await stuck;
    await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    await new Promise((resolve) => setImmediate(resolve));

    expect(job.signal.reason).toBeInstanceOf(JobTimeoutError);
    expect(engine.workerHost.status().running).toBe(1);
  });
});

it.each<[string, JobFunction]>([
  ['none', () => 'ignored'],
  ['one', (_job) => undefined],
  ['one and a rest', (_job, ..._others) => undefined],
  ['three', (...[_job, _done, _more]: unknown[]) => undefined],
])('a handler that declares %s ends by returning', async (_count, handler) => {
  expect(await endOf(handler)).toBe('completed');
});
