import type { JobEventArguments, JobEventName } from '../../../lib/core/events/job-event.js';
import type { Engine } from '../../../lib/core/engine.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

/** What is heard of these events from now on, in order. */
function heardBy<Name extends JobEventName>(engine: Engine, ...events: Name[]): [Name, unknown][] {
  const heard: [Name, unknown][] = [];
  for (const event of events) {
    const listener = (...facts: JobEventArguments<Name>) => void heard.push([event, facts[0]]);
    engine.events.on(event, listener as never);
  }
  return heard;
}

const namesOf = (heard: readonly [string, unknown][]): string[] => heard.map(([name]) => name);

it('tells the events of a run in order, its progress among them', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', async (job) => {
    await job.touch(50);
    return 'sent';
  });
  const heard = heardBy(engine, 'completed', 'progressed', 'started', 'enqueued');
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();

  await engine.scheduler.now('mail');
  await completed;

  expect(namesOf(heard)).toEqual(['enqueued', 'started', 'progressed', 'completed']);
});

describe('an add', () => {
  it('is told as enqueued, and as scheduled besides when its time is ahead', async () => {
    const { engine } = await makeBench();
    const heard = heardBy(engine, 'scheduled', 'enqueued');

    await engine.scheduler.now('mail');
    const job = await engine.scheduler.schedule('in 1 hour', 'mail');
    await engine.scheduler.every('0 0 1 1 *', 'report');

    expect(namesOf(heard)).toEqual(['enqueued', 'enqueued', 'scheduled', 'enqueued', 'scheduled']);
    expect(heard[2]![1]).toMatchObject({ job: { id: job.id }, nextRunAt: job.nextRunAt });
  });

  it('that adds nothing is told as a duplicate of the job in place', async () => {
    const { engine } = await makeBench();
    const heard = heardBy(engine, 'duplicate', 'enqueued');
    await engine.scheduler.now('mail', { to: 'ann' }, { id: 'welcome-1' });

    await engine.scheduler.now('mail', { to: 'bob' }, { id: 'welcome-1' });
    await engine.scheduler.enqueueMany([{ name: 'mail', options: { id: 'welcome-1' } }]);

    expect(namesOf(heard)).toEqual(['enqueued', 'duplicate', 'duplicate']);
    expect(heard[1]![1]).toMatchObject({
      job: { id: 'welcome-1', data: { to: 'ann' }, created: false },
      deduped: 'duplicate',
    });
  });
});

describe('a start', () => {
  async function startedAfter(ms: number): Promise<[string, unknown][]> {
    const clock = new ManualClock();
    const backend = new MemoryBackend({ clock });
    const { engine } = await makeBench({ processEvery: '10 seconds' }, backend);
    engine.handlers.define('mail', () => 'sent');
    const heard = heardBy(engine, 'started', 'late');
    await engine.scheduler.now('mail');
    clock.advance(ms);
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();
    await completed;
    return heard;
  }

  it('is late when polling alone would have been earlier', async () => {
    const heard = await startedAfter(10_001);

    expect(namesOf(heard)).toEqual(['started', 'late']);
    expect(heard[1]![1]).toMatchObject({ job: { name: 'mail' }, lateMs: 10_001 });
  });

  it('is in time up to then', async () => {
    expect(namesOf(await startedAfter(10_000))).toEqual(['started']);
  });
});

it('tells what its scheduler removed, and by which verb, if there was anything', async () => {
  const { engine } = await makeBench();
  const heard = heardBy(engine, 'removed');
  await engine.scheduler.now('mail');
  await engine.scheduler.now('mail');

  await engine.scheduler.cancel({ name: 'nobody' });
  await engine.scheduler.cancel({ name: 'mail' });
  await engine.scheduler.cancelAll();

  expect(heard).toEqual([['removed', { verb: 'cancel', count: 2 }]]);
});

describe('news of other processes', () => {
  it('is told to be back after it was cut off', async () => {
    const backend = new MemoryBackend({ clock: new ManualClock(1_000) });
    const { engine } = await makeBench({}, backend);
    const heard = heardBy(engine, 'reconnected');
    const channel = backend.notificationChannel as unknown as { enter(state: string): void };

    channel.enter('reconnecting');
    expect(heard).toEqual([]);
    channel.enter('connected');

    expect(heard).toEqual([['reconnected', { since: new Date(1_000) }]]);
  });

  it('is not back when it has come for the first time, or again after the engine was closed', async () => {
    const { engine } = await makeBench();
    const heard = heardBy(engine, 'reconnected');

    await engine.close();
    await engine.connect();

    expect(heard).toEqual([]);
  });
});

it('tells nothing of a job that a listener of its event is not for', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', () => 'sent');
  const heard: string[] = [];
  engine.scheduler.on('scheduled:report', ({ job }) => heard.push(job.name));
  const told = gate();
  engine.scheduler.on('scheduled:mail', () => told.open());

  await engine.scheduler.schedule('in 1 hour', 'mail');
  await told.opened;

  expect(heard).toEqual([]);
});
