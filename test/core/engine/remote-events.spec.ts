import { toJobId } from '../../../lib/core/job/job-id.js';
import type { AgendaChannel } from '../../../lib/core/contracts/agenda-backend.js';
import type { JobStateNotification } from '../../../lib/core/contracts/notification-channel.js';
import { Engine } from '../../../lib/core/engine.js';
import { InMemoryNotificationChannel } from '../../../lib/core/notifications/in-memory-notification-channel.js';
import { StateNews } from '../../../lib/core/events/state-news.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, nextEvent, until } from './support.js';

afterEach(closeBenches);

/** What is published of running jobs, each time as it goes over the channel. */
function publishedOn(channel: InMemoryNotificationChannel): string[][] {
  const published: string[][] = [];
  const publishStates = channel.publishStates.bind(channel);
  channel.publishStates = (states) => {
    published.push(states.map(({ type }) => type));
    return publishStates(states);
  };
  return published;
}

it('tells nothing as long as nobody listens', async () => {
  const backend = new MemoryBackend();
  const published = publishedOn(backend.notificationChannel);
  const { engine } = await makeBench({}, backend);
  engine.handlers.define('mail', () => 'sent');
  engine.scheduler.on('retry exhausted', () => {});
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();
  await engine.scheduler.now('mail');
  await completed;
  await engine.close();

  expect(published).toEqual([]);
});

it('tells what happens as soon as somebody does', async () => {
  const backend = new MemoryBackend();
  const published = publishedOn(backend.notificationChannel);
  const { engine } = await makeBench({}, backend);
  engine.handlers.define('mail', () => 'sent');
  backend.notificationChannel.subscribeState(() => {});
  await engine.workerHost.start();
  await engine.scheduler.now('mail');
  await until(() => published.flat().length === 3);

  expect(published.flat()).toEqual(['start', 'success', 'complete']);
});

describe('what happens in a moment', () => {
  const stateOf = (jobId: string): JobStateNotification => {
    return { type: 'start', jobId: toJobId(jobId), jobName: 'mail', timestamp: new Date() };
  };

  it('goes together, at most a hundred at once', async () => {
    const channel = new InMemoryNotificationChannel();
    const published = publishedOn(channel);
    await channel.connect();
    const news = new StateNews('me', channel, () => {});
    for (let i = 0; i < 250; i++) news.tell(stateOf(String(i)));
    await news.flush();

    expect(published.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('goes one by one over a channel that takes no more', async () => {
    const told: string[] = [];
    const channel = new InMemoryNotificationChannel();
    channel.publishState = async ({ jobId }) => void told.push(jobId);
    (channel as { publishStates?: unknown }).publishStates = undefined;
    await channel.connect();
    const news = new StateNews('me', channel, () => {});
    for (const id of ['a', 'b']) news.tell(stateOf(id));
    await news.flush();

    expect(told).toEqual(['a', 'b']);
  });

  it('is forgotten when the channel is gone by then', async () => {
    const errors: Error[] = [];
    const channel = new InMemoryNotificationChannel();
    await channel.connect();
    const news = new StateNews('me', channel, (error) => errors.push(error));
    news.tell(stateOf('a'));
    await channel.disconnect();
    await news.flush();

    expect([news.isWanted, errors]).toEqual([false, []]);
  });
});

it('reports what cannot be published, and goes on', async () => {
  const backend = new MemoryBackend();
  backend.notificationChannel.publishStates = () => Promise.reject(new Error('no news today'));
  const { engine, errors } = await makeBench({}, backend);
  engine.handlers.define('mail', () => 'sent');
  backend.notificationChannel.subscribeState(() => {});
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('mail');
  await until(() => errors.length > 0);

  expect(errors.map(({ message }) => message)).toEqual(['no news today']);
  expect((await engine.scheduler.get(id))?.state).toBe('completed');
});

it('listens all the same when the store could not be told', async () => {
  const { engine, broker, backend, errors } = await makeBench();
  broker.failNext('watch', new Error('not now'));
  const heard: JobStateNotification[] = [];
  engine.scheduler.on('start', (told: JobStateNotification) => heard.push(told));
  await until(() => errors.length > 0);
  const state = {
    type: 'start',
    jobId: toJobId('a'),
    jobName: 'mail',
    timestamp: new Date(),
  } as const;
  await backend.notificationChannel!.publishState!({ ...state, source: 'elsewhere' });
  await until(() => heard.length > 0);

  expect(errors.map(({ message }) => message)).toEqual(['not now']);
  expect(heard).toEqual([{ ...state, source: 'elsewhere' }]);
});

it('declares itself to the store when somebody wants to hear of others, and not for less', async () => {
  const { engine, broker } = await makeBench();
  engine.scheduler.on('completed', () => {}).on('error', () => {});
  const listener = (): void => {};
  engine.scheduler.on('success:mail', listener);
  engine.scheduler.on('fail', listener).off('fail', listener).off('success:mail', listener);

  expect(broker.calls.map(({ call }) => call)).toEqual(['watch']);
});

it('begins with the connection, for listeners that were there before', async () => {
  const { engine, broker } = await makeBench();
  await engine.close();
  engine.scheduler.on('start', () => {});
  expect(broker.calls).toEqual([]);

  await engine.connect();
  expect(broker.calls.map(({ call }) => call)).toEqual(['watch']);
});

it('makes sense of what foreign instances tell, with as little as they say', async () => {
  const { engine, backend } = await makeBench();
  const heard: unknown[][] = [];
  engine.scheduler.on('fail', (...facts: unknown[]) => heard.push(facts));
  engine.scheduler.on('retry', (...facts: unknown[]) => heard.push(facts));
  const timestamp = new Date();
  const channel = backend.notificationChannel!;
  const told = { jobId: toJobId('a'), jobName: 'mail', timestamp };
  await channel.publishState!({ ...told, type: 'fail' });
  await channel.publishState!({ ...told, type: 'retry' });
  await channel.publishState!({ ...told, type: 'what' as 'retry' });
  await until(() => heard.length === 2);

  const details = { attempt: 1, delay: 0, nextRunAt: timestamp, error: new Error('unknown') };
  expect(heard).toEqual([
    ['unknown', { ...told, type: 'fail' }, true],
    [{ ...told, type: 'retry' }, details, true],
  ]);
});

it('goes over a channel that was given, beside the storage', async () => {
  const notificationChannel: AgendaChannel = new InMemoryNotificationChannel();
  const backend = new MemoryBackend();
  const newEngine = () => new Engine(backend, {}, { notificationChannel });
  const [worker, listener] = [newEngine(), newEngine()];
  const engines = [worker, listener];
  const started = nextEvent(listener, 'start');
  const completed = nextEvent(listener, 'complete');
  await Promise.all(engines.map((engine) => engine.connect()));
  worker.handlers.define('mail', () => 'sent');
  await worker.workerHost.start();
  await worker.scheduler.now('mail');

  expect([await started, await completed]).toMatchObject([{ type: 'start' }, { type: 'complete' }]);
  await Promise.all(engines.map((engine) => engine.close()));
});
