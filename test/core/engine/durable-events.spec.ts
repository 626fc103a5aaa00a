import {
  ConnectionError,
  EventsLostError,
  InvalidCursorError,
  InvalidOptionError,
  UnsupportedOperationError,
} from '../../../lib/core/errors.js';
import { Engine } from '../../../lib/core/engine.js';
import type { DurableEvent } from '../../../lib/core/events/durable-event.js';
import type { EventStreamOptions } from '../../../lib/core/events/durable-events.js';
import type { EventsOptions } from '../../../lib/core/options/events-option.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

const durable = { events: { durable: true } } as const;

/** The next so many events. */
async function take(events: AsyncIterable<DurableEvent>, count: number): Promise<DurableEvent[]> {
  const seen: DurableEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length === count) break;
  }
  return seen;
}

const kindsOf = (events: readonly DurableEvent[]): string[] => events.map(({ kind }) => kind);

it('gives the events of all processes, with Dates and without what does not apply', async () => {
  const backend = new MemoryBackend();
  const { engine: reader } = await makeBench(durable, backend);
  const { engine } = await makeBench({}, backend);
  engine.handlers.define('mail', () => 'sent');
  const job = await engine.scheduler.now('mail');
  await engine.workerHost.start();

  const events = await take(reader.scheduler.events({ from: 'start' }), 3);

  expect(kindsOf(events)).toEqual(['enqueued', 'started', 'completed']);
  expect(events[0]).toEqual({
    kind: 'enqueued',
    id: job.id,
    name: 'mail',
    at: expect.any(Date) as Date,
    nextRunAt: job.nextRunAt,
    cursor: expect.any(String) as string,
  });
  expect(events[2]).toMatchObject({ attempt: 1, host: engine.workerHost.status().host });
});

it('waits for what comes next, and hears of it by news', async () => {
  const { engine } = await makeBench(durable);
  await engine.scheduler.now('before');
  const events = engine.scheduler.events();
  const next = events.next();

  await engine.scheduler.now('after');

  expect((await next).value).toMatchObject({ kind: 'enqueued', name: 'after' });
  await events.return();
});

it('goes on behind an event, also in another process', async () => {
  const backend = new MemoryBackend();
  const { engine } = await makeBench(durable, backend);
  for (const name of ['one', 'two', 'three']) await engine.scheduler.now(name);
  const [first] = await take(engine.scheduler.events({ from: 'start' }), 1);
  await engine.close();

  const { engine: later } = await makeBench({}, backend);
  const rest = await take(later.scheduler.events({ from: first!.cursor }), 2);

  expect(rest.map(({ name }) => name)).toEqual(['two', 'three']);
});

it('gives only the names and kinds that were asked for, and what is of all names', async () => {
  const { engine } = await makeBench(durable);
  const { scheduler } = engine;
  await scheduler.now('mail');
  await scheduler.now('report');
  await scheduler.cancel({ name: 'mail' });

  const ofMail = scheduler.events({ from: 'start', names: ['mail'] });
  const cancelled = scheduler.events({ from: 'start', kinds: ['cancelled', 'completed'] });

  expect(kindsOf(await take(ofMail, 2))).toEqual(['enqueued', 'cancelled']);
  expect(kindsOf(await take(cancelled, 1))).toEqual(['cancelled']);
});

describe('an iteration', () => {
  it.each([
    ['a signal', async (_: Engine, abort: AbortController) => abort.abort()],
    ['the end of its engine', (engine: Engine) => engine.close()],
  ])('is ended by %s, also while it waits', async (_, end) => {
    const { engine, errors } = await makeBench(durable);
    const abort = new AbortController();
    const events = engine.scheduler.events({ signal: abort.signal });
    const next = events.next();

    await end(engine, abort);

    expect(await next).toEqual({ done: true, value: undefined });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(errors).toEqual([]);
  });

  it('does not begin when its signal has fired before', async () => {
    const { engine } = await makeBench(durable);
    await engine.scheduler.now('mail');
    const events = engine.scheduler.events({ from: 'start', signal: AbortSignal.abort() });

    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('gives no more of a page once it is ended', async () => {
    const { engine } = await makeBench(durable);
    for (const name of ['one', 'two']) await engine.scheduler.now(name);
    const abort = new AbortController();
    const seen: unknown[] = [];

    for await (const event of engine.scheduler.events({ from: 'start', signal: abort.signal })) {
      seen.push(event.name);
      abort.abort();
    }

    expect(seen).toEqual(['one']);
  });

  it('outlasts a store that is away, which is reported once', async () => {
    const { engine, backend, errors } = await makeBench(durable);
    const manager = backend.manager!;
    const readEvents = manager.readEvents.bind(manager);
    const lost = new ConnectionError('lost', true);
    let failures = 2;
    manager.readEvents = (request) => (failures-- > 0 ? Promise.reject(lost) : readEvents(request));
    await engine.scheduler.now('mail');
    const events = engine.scheduler.events({ from: 'start' });
    const next = events.next();
    await engine.scheduler.now('mail');

    expect((await next).value).toMatchObject({ kind: 'enqueued' });
    expect(errors).toEqual([lost]);
    await events.return();
  });

  it('ends with an error where events are lost, and never skips them in silence', async () => {
    const { engine, backend } = await makeBench(durable);
    await engine.scheduler.now('mail');
    const [event] = await take(engine.scheduler.events({ from: 'start' }), 1);
    await backend.manager!.keepEvents(null);
    await backend.manager!.keepEvents({ maxCount: 1_000, maxAgeMs: 60_000, maxBytes: 1_048_576 });

    const events = engine.scheduler.events({ from: event!.cursor });

    await expect(events.next()).rejects.toThrow(EventsLostError);
    await expect(engine.scheduler.events({ from: 'nonsense' }).next()).rejects.toThrow(
      InvalidCursorError,
    );
  });

  it('of a store that keeps no events is an error, instead of a wait for ever', async () => {
    const { engine } = await makeBench();

    await expect(engine.scheduler.events().next()).rejects.toThrow(InvalidOptionError);
  });

  it.each([
    { from: 1 },
    { kinds: ['enqueud'] },
    { names: 'mail' },
    { signal: {} },
    { form: 'end' },
  ])('is refused at once with %p', async (options) => {
    const { engine } = await makeBench(durable);

    expect(() => engine.scheduler.events(options as EventStreamOptions)).toThrow(
      InvalidOptionError,
    );
  });
});

describe('the option', () => {
  it('leaves the stream as it is when it is left out, and drops it when it is off', async () => {
    const backend = new MemoryBackend();
    const { engine } = await makeBench(durable, backend);
    await engine.scheduler.now('mail');
    await makeBench({}, backend);
    expect(kindsOf(await take(engine.scheduler.events({ from: 'start' }), 1))).toEqual([
      'enqueued',
    ]);

    await makeBench({ events: { durable: false } }, backend);

    await expect(engine.scheduler.events({ from: 'start' }).next()).rejects.toThrow(
      InvalidOptionError,
    );
  });

  it.each<[string, unknown]>([
    ['events.durable', { durable: 1 }],
    ['events.durble', { durble: true }],
    ['events.durable.maxCount', { durable: { maxCount: 999 } }],
    ['events.durable.maxAge', { durable: { maxAge: '59s' } }],
    ['events.durable.maxBytes', { durable: { maxBytes: 1_000_000 } }],
    ['events.durable.count', { durable: { count: 1_000 } }],
  ])('names what is wrong with it: %s', (option, events) => {
    const make = () => new Engine(new MemoryBackend(), { events: events as EventsOptions });

    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(option);
  });

  it('is refused for a backend that keeps no events, and so are its readers', async () => {
    const { repository } = new MemoryBackend();
    const foreign = {
      name: 'Files',
      repository,
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
    };

    expect(() => new Engine(foreign, durable)).toThrow(InvalidOptionError);
    const { engine } = await makeBench({ events: { durable: false } }, foreign);
    expect(() => engine.scheduler.events()).toThrow(UnsupportedOperationError);
  });

  it('is carried out again when news was cut off, since the store may have lost its memory', async () => {
    const { engine, backend } = await makeBench(durable);
    await backend.manager!.keepEvents(null);
    const back = nextEvent(engine, 'reconnected');
    const channel = backend.notificationChannel as unknown as { enter(state: string): void };
    channel.enter('reconnecting');
    channel.enter('connected');
    await back;

    await engine.scheduler.now('mail');

    expect(kindsOf(await take(engine.scheduler.events({ from: 'start' }), 1))).toEqual([
      'enqueued',
    ]);
  });
});
