import { NonRetryableError } from '../../../lib/core/errors.js';
import type { RetryDetails } from '../../../lib/core/events/agenda-event.js';
import type { JobEventName } from '../../../lib/core/events/job-event.js';
import type { Engine } from '../../../lib/core/engine.js';
import { Job } from '../../../lib/core/job/job.js';
import { closeBenches, makeBench, nextEvent, nextEvents } from './support.js';

afterEach(closeBenches);

const OF_RUNS = [
  'start',
  'progress',
  'success',
  'fail',
  'retry',
  'retry exhausted',
  'complete',
] as const satisfies JobEventName[];

type Heard = [event: string, ...facts: unknown[]];

/** What is told of the jobs of one name from now on. */
function listen(engine: Engine, jobName?: string): Heard[] {
  const heard: Heard[] = [];
  for (const event of OF_RUNS) {
    const key = jobName === undefined ? event : (`${event}:${jobName}` as const);
    engine.scheduler.on(key, (...facts: unknown[]) => heard.push([event, ...facts]));
  }
  return heard;
}

const namesOf = (heard: readonly Heard[]): string[] => heard.map(([event]) => event);

it('tells a run that succeeds in order, each time with the job and nothing else', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', async (job) => {
    await job.touch(50);
    await job.touch();
    return 'sent';
  });
  const heard = listen(engine);
  const complete = nextEvent(engine, 'complete');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('mail', { to: 'ann' });
  await complete;

  expect(namesOf(heard)).toEqual(['start', 'progress', 'success', 'complete']);
  for (const [, ...facts] of heard) expect(facts).toEqual([expect.any(Job)]);
  expect((heard[0]![1] as Job).id).toBe(id);
});

it('tells of the end when it is stored', async () => {
  const { engine, broker } = await makeBench();
  engine.handlers.define('mail', () => 'sent');
  const heard = listen(engine);
  await engine.workerHost.start();
  const complete = nextEvent(engine, 'complete');
  let release = () => {};
  engine.scheduler.on('start', () => (release = broker.hold('settleAndClaim')));
  await engine.scheduler.now('mail');
  await nextEvent(engine, 'start');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(namesOf(heard)).toEqual(['start']);

  release();
  await complete;
  expect(namesOf(heard)).toEqual(['start', 'success', 'complete']);
});

it('tells a run that fails with its error, when it is tried again, and when no retry is left', async () => {
  const { engine } = await makeBench();
  const boom = new Error('boom');
  engine.handlers.define(
    'mail',
    () => {
      throw boom;
    },
    { attempts: 2, backoff: { type: 'fixed', delay: 5 } },
  );
  const heard = listen(engine);
  const bothRuns = nextEvents(engine, 'complete', 2);
  await engine.workerHost.start();
  await engine.scheduler.now('mail');
  await bothRuns;

  expect(namesOf(heard)).toEqual([
    ...['start', 'fail', 'retry', 'complete'],
    ...['start', 'fail', 'retry exhausted', 'complete'],
  ]);
  const [, fail, retry] = heard;
  expect(fail!.slice(1)).toEqual([boom, expect.any(Job)]);
  const [job, details] = retry!.slice(1) as [Job, RetryDetails];
  expect(details).toEqual({ attempt: 1, delay: 5, nextRunAt: expect.any(Date), error: boom });
  expect(job).toMatchObject({ name: 'mail', failCount: 1, failReason: 'boom' });
  expect(heard[6]!.slice(1)).toEqual([boom, expect.any(Job)]);
});

it('shows listeners the job as it is after the failure', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', () => Promise.reject(new Error('boom')));
  const failed = new Promise<Job>((resolve) =>
    engine.scheduler.on('fail', (...[, job]) => resolve(job as Job)),
  );
  await engine.workerHost.start();
  await engine.scheduler.now('mail');

  expect(await failed).toMatchObject({
    failCount: 1,
    failReason: 'boom',
    failedAt: expect.any(Date),
    nextRunAt: null,
    state: 'failed',
    attempt: 1,
  });
});

describe('an exhausted retry', () => {
  const failing = async (options: object, error: Error, every?: number): Promise<string[]> => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => Promise.reject(error), options);
    const heard = listen(engine);
    let runs = 0;
    const settled = new Promise<void>((resolve) =>
      engine.scheduler.on('complete', () => (++runs === 2 || !every) && resolve()),
    );
    if (every) await engine.scheduler.every(every, 'mail');
    else await engine.scheduler.now('mail');
    await engine.workerHost.start();
    await settled;
    return namesOf(heard);
  };

  it('is not told of a job that was never to be tried again', async () => {
    expect(await failing({}, new Error('boom'))).toEqual(['start', 'fail', 'complete']);
    expect(await failing({ attempts: 1 }, new Error('boom'))).not.toContain('retry exhausted');
  });

  it('is told of a backoff that allows none', async () => {
    expect(await failing({ backoff: () => null }, new Error('boom'))).toEqual([
      'start',
      'fail',
      'retry exhausted',
      'complete',
    ]);
  });

  it('is not told when retrying was pointless from the beginning', async () => {
    const heard = await failing({ attempts: 3 }, new NonRetryableError('no such user'));

    expect(heard).toEqual(['start', 'fail', 'complete']);
  });

  it('is told of each occurrence of a recurring job', async () => {
    const heard = await failing({ attempts: 1, backoff: () => null }, new Error('boom'), 20);

    expect(heard.filter((event) => event !== 'start').slice(0, 6)).toEqual([
      ...['fail', 'retry exhausted', 'complete'],
      ...['fail', 'retry exhausted', 'complete'],
    ]);
  });
});

it('tells the jobs of one name apart', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', () => Promise.reject(new Error('boom')), { attempts: 2 });
  engine.handlers.define('other', () => 'fine');
  const heard = listen(engine, 'mail');
  const others = listen(engine, 'other');
  const exhausted = nextEvent(engine, 'retry exhausted:mail');
  const complete = nextEvent(engine, 'complete:other');
  await engine.workerHost.start();
  await engine.scheduler.now('other');
  await engine.scheduler.now('mail');
  await Promise.all([exhausted, complete]);

  expect(namesOf(others)).toEqual(['start', 'success', 'complete']);
  expect(namesOf(heard)).toEqual(
    expect.arrayContaining(['start', 'fail', 'retry', 'retry exhausted']),
  );
});

it('tells no end of a run that was handed back', async () => {
  const { engine } = await makeBench({ shutdown: { timeout: 0, grace: 0 } });
  engine.handlers.define('mail', () => new Promise(() => {}));
  const heard = listen(engine);
  const started = nextEvent(engine, 'start');
  await engine.workerHost.start();
  await engine.scheduler.now('mail');
  await started;
  await engine.workerHost.stop();

  expect(namesOf(heard)).toEqual(['start']);
});

it('tells its own words and those of Agenda side by side', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', (job) => job.touch(10));
  const heard: string[] = [];
  for (const event of ['started', 'progressed', 'completed', ...OF_RUNS] as const) {
    engine.scheduler.on(event, () => heard.push(event));
  }
  const complete = nextEvent(engine, 'complete');
  await engine.workerHost.start();
  await engine.scheduler.now('mail');
  await complete;

  expect(heard).toEqual([
    ...['started', 'start', 'progressed', 'progress'],
    ...['completed', 'success', 'complete'],
  ]);
});

it('tells the progress to listeners of `progressed`', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', (job) => job.touch(10));
  const progressed = nextEvent(engine, 'progressed');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('mail');

  const { job, progress } = await progressed;
  expect([job.id, progress]).toEqual([id, 10]);
});

it('is ready when it is connected, each time', async () => {
  const { engine } = await makeBench();
  const heard: unknown[][] = [];
  engine.scheduler.on('ready', (...facts: unknown[]) => heard.push(facts));
  await engine.close();
  await engine.connect();

  expect(heard).toEqual([[]]);
});

it('tells an error as it is', async () => {
  const { engine, errors } = await makeBench();
  const heard = nextEvent(engine, 'error');
  const error = new Error('nobody was there to be told');
  engine.events.reportError(error);

  expect(await heard).toBe(error);
  expect(errors).toEqual([]);
});
