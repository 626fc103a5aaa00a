import { randomBytes } from 'node:crypto';
import type { AgendaBackend } from '../../lib/core/contracts/agenda-backend.js';
import type { JobStateNotification } from '../../lib/core/contracts/notification-channel.js';
import { Engine } from '../../lib/core/engine.js';
import type { RetryDetails } from '../../lib/core/events/agenda-event.js';
import type { EngineOptions } from '../../lib/core/options/engine-options.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { storeOptions } from '../support/redis-endpoint.js';

/** Each gives backends of instances that share their jobs. */
const stores: Record<string, () => () => AgendaBackend> = {
  memory: () => {
    const backend = new MemoryBackend();
    return () => backend;
  },
  redis: () => {
    const keyPrefix = `test:${randomBytes(6).toString('hex')}:`;
    return () => new RedisBackend({ ...storeOptions, keyPrefix });
  },
};

const EVENTS = ['start', 'progress', 'success', 'fail', 'retry', 'complete'] as const;
type Heard = [event: string, ...facts: unknown[]];

const until = async (fact: () => boolean): Promise<void> => {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const namesOf = (heard: readonly Heard[]): string[] => heard.map(([event]) => event);

describe.each(Object.entries(stores))('instances on one store (%s)', (_, open) => {
  let backendOf: () => AgendaBackend;
  const engines: Engine[] = [];
  const troubles: Error[] = [];
  beforeEach(() => (backendOf = open()));
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
    const [trouble] = troubles.splice(0);
    if (trouble) throw trouble;
  });

  function newEngine(options: EngineOptions = {}): Engine {
    const onUnheardError = (error: Error): void => void troubles.push(error);
    const engine = new Engine(backendOf(), options, { onUnheardError });
    engines.push(engine);
    return engine;
  }

  /** One that runs jobs of a name. */
  async function newWorker(
    name: string,
    run: Parameters<Engine['handlers']['define']>[1],
    more = {},
  ) {
    const engine = newEngine();
    engine.handlers.define(name, run, more);
    await engine.connect();
    await engine.workerHost.start();
    return engine;
  }

  /** One that only listens, and what it has heard. */
  async function newListener(suffix = ''): Promise<{ engine: Engine; heard: Heard[] }> {
    const engine = newEngine({ worker: false });
    const heard = listen(engine, suffix);
    await engine.connect();
    return { engine, heard };
  }

  function listen(engine: Engine, suffix = ''): Heard[] {
    const heard: Heard[] = [];
    for (const event of EVENTS) {
      engine.scheduler.on(`${event}${suffix}` as 'start', (...facts: unknown[]) =>
        heard.push([event, ...facts]),
      );
    }
    return heard;
  }

  it('hear of the runs of others, in order, each once, with `true` as the last argument', async () => {
    const { engine, heard } = await newListener();
    await newWorker('mail', (job) => job.touch(40));
    const { id } = await engine.scheduler.now('mail');
    await until(() => namesOf(heard).includes('complete'));

    expect(namesOf(heard)).toEqual(['start', 'progress', 'success', 'complete']);
    for (const [type, ...facts] of heard) {
      expect(facts).toEqual([expect.objectContaining({ type, jobId: id, jobName: 'mail' }), true]);
      const [{ timestamp, source }] = facts as [JobStateNotification];
      expect([timestamp, source]).toEqual([expect.any(Date), expect.any(String)]);
    }
    expect(heard[0]![1]).toMatchObject({ lastRunAt: expect.any(Date) });
    expect(heard[1]![1]).toMatchObject({ progress: 40 });
    const ended = { duration: expect.any(Number), lastFinishedAt: expect.any(Date) };
    expect(heard[2]![1]).toMatchObject(ended);
    expect(heard[3]![1]).toMatchObject(ended);
  });

  it('hear of the failures and retries of others', async () => {
    const { engine, heard } = await newListener();
    await newWorker('mail', () => Promise.reject(new Error('boom')), {
      attempts: 2,
      backoff: { type: 'fixed', delay: 5 },
    });
    await engine.scheduler.now('mail');
    await until(() => namesOf(heard).filter((event) => event === 'complete').length === 2);

    expect(namesOf(heard)).toEqual([
      ...['start', 'fail', 'retry', 'complete'],
      ...['start', 'fail', 'complete'],
    ]);
    const failed = expect.objectContaining({ type: 'fail', error: 'boom', failCount: 1 });
    expect(heard[1]!.slice(1)).toEqual(['boom', failed, true]);
    const [notification, details, remote] = heard[2]!.slice(1) as [
      JobStateNotification,
      RetryDetails,
      boolean,
    ];
    expect([notification.retryAttempt, notification.error, remote]).toEqual([1, 'boom', true]);
    expect(details).toEqual({
      attempt: 1,
      delay: 0,
      nextRunAt: notification.retryAt,
      error: expect.any(Error),
    });
    expect(details.error.message).toBe('boom');
  });

  it('without names hear of each other, and of themselves only once', async () => {
    const [one, other] = [newEngine(), newEngine()];
    const [heardByOne, heardByOther] = [listen(one), listen(other)];
    one.handlers.define('mail', () => 'sent');
    other.handlers.define('report', () => 'written');
    for (const engine of [one, other]) {
      await engine.connect();
      await engine.workerHost.start();
    }
    const all = [heardByOne, heardByOther];
    // What came back to its sender would come before what the sender tells next.
    for (const round of [1, 2]) {
      await one.scheduler.now('mail');
      await other.scheduler.now('report');
      await until(() => all.every((heard) => heard.length >= 6 * round));
    }

    for (const heard of all) {
      const [ours, theirs] = [false, true].map((remote) =>
        namesOf(heard.filter((facts) => (facts.at(-1) === true) === remote)),
      );
      const twice = ['start', 'success', 'complete', 'start', 'success', 'complete'];
      expect([ours, theirs]).toEqual([twice, twice]);
    }
  });

  it('hear of the jobs of one name', async () => {
    const { engine, heard } = await newListener(':mail');
    const worker = await newWorker('mail', () => 'sent');
    worker.handlers.define('report', () => 'written');
    await engine.scheduler.now('report');
    await engine.scheduler.now('mail');
    await until(() => namesOf(heard).includes('complete'));

    expect(namesOf(heard)).toEqual(['start', 'success', 'complete']);
    expect(heard[0]![1]).toMatchObject({ jobName: 'mail' });
  });

  it('are not harmed by listeners that throw or reject', async () => {
    const { engine, heard } = await newListener();
    engine.scheduler.on('start', () => {
      throw new Error('thrown');
    });
    engine.scheduler.on('success', () => Promise.reject(new Error('rejected')));
    await newWorker('mail', () => 'sent');
    await engine.scheduler.now('mail');
    await until(() => namesOf(heard).includes('complete') && troubles.length === 2);

    expect(namesOf(heard)).toEqual(['start', 'success', 'complete']);
    expect(troubles.splice(0).map(({ message }) => message)).toEqual([
      'A listener of "start" failed: thrown',
      'A listener of "success" failed: rejected',
    ]);
  });

  it('stop to listen with their last listener, and begin again with the next', async () => {
    const engine = newEngine({ worker: false });
    const heard: unknown[] = [];
    const listener = (...facts: unknown[]): void => void heard.push(facts.length);
    engine.scheduler.on('complete', listener);
    await engine.connect();
    engine.scheduler.off('complete', listener);
    await newWorker('mail', () => 'sent');
    await engine.scheduler.now('mail');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toEqual([]);

    engine.scheduler.once('complete', listener);
    while (heard.length === 0) {
      await engine.scheduler.now('mail');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(heard).toEqual([2]);
  });

  it('tell what happened to the last job before they close', async () => {
    const { engine, heard } = await newListener();
    const worker = await newWorker('mail', () => 'sent');
    const completed = new Promise((resolve) => worker.scheduler.on('completed', resolve));
    await engine.scheduler.now('mail');
    await completed;
    await worker.close();
    await until(() => namesOf(heard).includes('complete'));

    expect(namesOf(heard)).toEqual(['start', 'success', 'complete']);
  });
});
