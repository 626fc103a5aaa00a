import { Redis } from 'ioredis';
import { Engine } from '../../lib/core/engine.js';
import { EventsLostError } from '../../lib/core/errors.js';
import type { DurableEvent } from '../../lib/core/events/durable-event.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { claim, commandsOf, completed, job, makeStand, newPrefix, until } from './support.js';

const BOUNDS = { maxCount: 10_000, maxAgeMs: 3_600_000, maxBytes: 10_000_000 };
const { redis, cleanups, backendWith } = makeStand();

async function storeAt(keyPrefix = newPrefix(), url = process.env.TEST_REDIS_URL!) {
  const backend = backendWith({ connectionString: url, keyPrefix });
  await backend.connect();
  const { broker, manager } = backend;
  return { broker, manager, keyPrefix };
}

/** Adds jobs, claims and completes them. */
async function runSome({ broker }: Pick<RedisBackend, 'broker'>, count: number): Promise<void> {
  await broker.enqueue(Array.from({ length: count }, () => job()));
  const { jobs } = await broker.settleAndClaim([], claim(count));
  await broker.settleAndClaim(
    jobs.map(({ lease }) => completed(lease)),
    claim(0, { names: [] }),
  );
}

const written = (commands: readonly { args: string[] }[]): string[] =>
  commands.map(({ args }) => args[0]!.toLowerCase()).filter((name) => /^x[a-z]+$/.test(name));

it('writes and reads nothing as long as nobody asks for the stream', async () => {
  const store = await storeAt();

  const commands = await commandsOf({ redis, ...store }, async () => {
    await runSome(store, 20);
    await store.broker.prune('');
  });

  expect(written(commands)).toEqual([]);
  expect(await redis.exists(`${store.keyPrefix}events`)).toBe(0);
  expect(await redis.hmget(`${store.keyPrefix}meta`, 'stream', 'eventSeq')).toEqual([null, null]);
});

it('writes one entry a call, however many jobs it is about', async () => {
  const store = await storeAt();
  await store.manager.keepEvents(BOUNDS);

  const commands = await commandsOf({ redis, ...store }, () => runSome(store, 20));

  expect(written(commands)).toEqual(['xadd', 'xadd', 'xadd']);
  const { events } = await store.manager.readEvents({ from: 'start', limit: 1_000 });
  expect(events).toHaveLength(61);
});

it('never holds the stream or Redis up to drop what is over', async () => {
  const store = await storeAt();
  await store.manager.keepEvents(BOUNDS);
  for (let i = 0; i < 50; i++) await store.broker.enqueue([job()]);
  await store.manager.keepEvents({ ...BOUNDS, maxCount: 5 });

  await store.broker.enqueue([job()]);
  expect(await redis.xlen(`${store.keyPrefix}events`)).toBe(47);
  for (let i = 0; i < 20; i++) await store.broker.enqueue([job()]);

  expect(await redis.xlen(`${store.keyPrefix}events`)).toBe(5);
});

it('goes on settling, and tells it, while the memory is full', async () => {
  const server = await startPrivateRedis();
  cleanups.push(() => server.stop());
  const store = await storeAt(newPrefix(), server.url);
  await store.manager.keepEvents(BOUNDS);
  await store.broker.enqueue([job()]);
  const { jobs } = await store.broker.settleAndClaim([], claim());
  const control = new Redis(server.url);
  cleanups.push(() => control.disconnect());
  await control.config('SET', 'maxmemory', '1');

  const { answers } = await store.broker.settleAndClaim(
    [completed(jobs[0]!.lease)],
    claim(0, { names: [] }),
  );

  expect(answers).toEqual(['ok']);
  const { events } = await store.manager.readEvents({ from: 'start', limit: 100 });
  expect(events.map(({ kind }) => kind)).toEqual(['enqueued', 'started', 'completed', 'emptied']);
});

it('loses no work to a stranger in its place, and shows what it could not tell as a gap', async () => {
  const store = await storeAt();
  await store.manager.keepEvents(BOUNDS);
  await store.broker.enqueue([job({ id: 'before' })]);
  const [before] = (await store.manager.readEvents({ from: 'start', limit: 100 })).events;
  await redis.set(`${store.keyPrefix}events`, 'mine');

  const [added] = await store.broker.enqueue([job({ id: 'untold' })]);
  expect(added!.created).toBe(true);
  await redis.del(`${store.keyPrefix}events`);
  await store.broker.enqueue([job({ id: 'after' })]);

  const lost = await store.manager
    .readEvents({ from: before!.cursor, limit: 100 })
    .catch((error: unknown) => error);
  expect(lost).toBeInstanceOf(EventsLostError);
  const { resumeFrom } = lost as EventsLostError;
  const { events } = await store.manager.readEvents({ from: resumeFrom, limit: 100 });
  expect(events.map(({ id }) => id)).toEqual(['after']);
});

it('shows a store that was emptied to those who had read it', async () => {
  const server = await startPrivateRedis();
  cleanups.push(() => server.stop());
  const store = await storeAt(newPrefix(), server.url);
  await store.manager.keepEvents(BOUNDS);
  await runSome(store, 3);
  const { cursor } = await store.manager.readEvents({ from: 'start', limit: 1_000 });
  const control = new Redis(server.url);
  cleanups.push(() => control.disconnect());
  await control.flushall();
  await store.manager.keepEvents(BOUNDS);
  await runSome(store, 10);

  await expect(store.manager.readEvents({ from: cursor, limit: 1_000 })).rejects.toThrow(
    EventsLostError,
  );
});

describe('a reader', () => {
  const durable = { events: { durable: true } } as const;

  async function engineAt(url: string, keyPrefix: string): Promise<Engine> {
    const engine = new Engine(
      new RedisBackend({ connectionString: url, keyPrefix, retryFor: '200 ms' }),
      durable,
      { onUnheardError: () => undefined },
    );
    cleanups.push(() => engine.close());
    engine.handlers.define('mail', () => 'sent');
    await engine.connect();
    return engine;
  }

  it('goes on where it was after a restart of Redis and of itself, and misses nothing', async () => {
    const server = await startPrivateRedis({ appendonly: true, appendfsync: 'always' });
    cleanups.push(() => server.stop());
    const keyPrefix = newPrefix();
    const engine = await engineAt(server.url, keyPrefix);
    const ids = async (from: Engine, count: number): Promise<string[]> => {
      const added = Array.from({ length: count }, () => from.scheduler.now('report'));
      return (await Promise.all(added)).map(({ id }) => id);
    };
    const expected = await ids(engine, 5);
    const seen: DurableEvent[] = [];
    const abort = new AbortController();
    const reading = (async () => {
      const events = engine.scheduler.events({ from: 'start', signal: abort.signal });
      for await (const event of events) seen.push(event);
    })();
    await until(() => seen.length === 5);

    await server.kill();
    await server.restart();
    const other = await engineAt(server.url, keyPrefix);
    expected.push(...(await ids(other, 5)));
    await until(() => seen.length === 10);
    abort.abort();
    await reading;
    await engine.close();
    expected.push(...(await ids(other, 5)));
    const later = await engineAt(server.url, keyPrefix);
    for await (const event of later.scheduler.events({ from: seen.at(-1)!.cursor })) {
      seen.push(event);
      if (seen.length === 15) break;
    }

    expect(seen.map(({ id }) => id)).toEqual(expected);
  }, 30_000);

  it('leaves no timer and no listener behind', async () => {
    const engine = await engineAt(process.env.TEST_REDIS_URL!, newPrefix());
    const events = engine.scheduler.events();
    const next = events.next();
    await engine.close();

    expect((await next).done).toBe(true);
    await engine.connect();
    const again = engine.scheduler.events({ from: 'end' });
    const first = again.next();
    await engine.scheduler.now('report');
    expect((await first).value).toMatchObject({ kind: 'enqueued' });
    await again.return();
  });
});
