import { toJobId } from '../../../lib/core/job/job-id.js';
import { ConnectionError } from '../../../lib/core/errors.js';
import type { Handler } from '../../../lib/core/handlers/handler-registry.js';
import { planOf } from '../../../lib/core/handlers/handler-plan.js';
import { Slots } from '../../../lib/core/worker/slots.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from './support.js';

afterEach(closeBenches);

const NEVER_LOOK = { processEvery: '1h' } as const;

describe('where there is plenty of work', () => {
  it('a second call goes out beside the first, and each job runs once', async () => {
    const { engine, broker } = await makeBench({ ...NEVER_LOOK, maxConcurrency: 32 });
    const runs = new Map<unknown, number>();
    const run = (job: { data: unknown }) => {
      runs.set(job.data, (runs.get(job.data) ?? 0) + 1);
    };
    engine.handlers.define('mail', run, { concurrency: 32 });
    const items = Array.from({ length: 400 }, (_, i) => ({ name: 'mail', data: i }));
    await engine.scheduler.enqueueMany(items);
    const completed = nextEvents(engine, 'completed', 400);

    await engine.workerHost.start();
    await completed;

    const claims = broker.argsOf('settleAndClaim').map(([, claim]) => claim);
    expect(new Set(claims.map(({ track }) => track))).toEqual(new Set([0, 1]));
    expect(Math.max(...claims.map(({ slots }) => slots))).toBe(16);
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    expect(runs.size).toBe(400);
  });
});

describe('the loop', () => {
  it('settles attempts that end together in one call, and claims along', async () => {
    const { engine, broker } = await makeBench({ ...NEVER_LOOK, defaultConcurrency: 10 });
    engine.handlers.define('mail', async () => undefined);
    const completed = nextEvents(engine, 'completed', 10);
    await engine.scheduler.enqueueMany(Array.from({ length: 10 }, () => ({ name: 'mail' })));

    await engine.workerHost.start();
    await completed;

    const calls = broker.argsOf('settleAndClaim');
    expect(calls.map(([settlements]) => settlements.length)).toEqual([0, 10]);
    expect(calls[1]![1].slots).toBeGreaterThan(0);
  });

  it('hears of new jobs at once, of delayed ones in time, and needs no polling', async () => {
    const { engine } = await makeBench(NEVER_LOOK);
    engine.handlers.define('mail', (job) => job.data);
    await engine.workerHost.start();
    const completed = nextEvents(engine, 'completed', 2);

    await engine.scheduler.now('mail', 'later', { delay: 20 });
    await engine.scheduler.now('mail', 'now');

    expect((await completed).map(({ result }) => result)).toEqual(['now', 'later']);
  });

  it('keeps to a due time that it heard of while a claim was under way which did not know it', async () => {
    const { engine, broker, backend } = await makeBench(NEVER_LOOK);
    engine.handlers.define('mail', () => undefined);
    await engine.workerHost.start();
    await until(() => broker.argsOf('settleAndClaim').length === 1);
    const completed = nextEvent(engine, 'completed');
    const answer = { now: 0, answers: [], jobs: [], dueInMs: null, earliestExpiry: null };
    broker.answerNext('settleAndClaim', async () => {
      await engine.scheduler.now('mail', undefined, { delay: 10 });
      await new Promise((resolve) => setImmediate(resolve));
      return answer;
    });

    const news = { jobId: toJobId(''), jobName: 'mail', nextRunAt: new Date(0), priority: 0 };
    await backend.notificationChannel!.publish({ ...news, timestamp: new Date() });

    expect((await completed).job.name).toBe('mail');
  });

  it('finds what the news did not tell, by looking', async () => {
    const memory = new MemoryBackend();
    const deaf = {
      name: 'deaf',
      repository: memory.repository,
      broker: memory.broker,
      manager: memory.manager,
      connect: () => memory.connect(),
      disconnect: () => memory.disconnect(),
    };
    const { engine } = await makeBench({ processEvery: 15 }, deaf);
    engine.handlers.define('mail', () => undefined);
    await engine.workerHost.start();
    const completed = nextEvent(engine, 'completed');

    const { id } = await engine.scheduler.now('mail');

    expect((await completed).job.id).toBe(id);
  });

  it('sleeps over a due time that no timer can hold', async () => {
    const clock = new ManualClock();
    const { engine, broker } = await makeBench(
      { processEvery: '60 days' },
      new MemoryBackend({ clock }),
    );
    engine.handlers.define('mail', () => undefined);
    await engine.scheduler.now('mail', undefined, { delay: '50 days' });
    await engine.workerHost.start();
    await until(() => broker.argsOf('settleAndClaim').length === 1);
    await new Promise((resolve) => setTimeout(resolve, 10));

    expect(broker.argsOf('settleAndClaim')).toHaveLength(1);
  });

  it('takes up handlers that are defined after the start', async () => {
    const { engine, broker } = await makeBench(NEVER_LOOK);
    await engine.workerHost.start();
    await engine.scheduler.now('late');
    const completed = nextEvent(engine, 'completed');

    engine.handlers.define('late', () => undefined, { maxRescues: 7 });

    await completed;
    const registered = broker.calls.filter(({ call }) => call === 'register');
    expect(registered.at(-1)?.args).toMatchObject([[{ name: 'late', maxRescues: 7 }]]);
  });

  it('tells the store of a handler that was defined after the start, also when that fails at first', async () => {
    const { engine, broker, errors } = await makeBench({ lease: '300 ms' });
    await engine.workerHost.start();
    const before = broker.argsOf('register').length;
    broker.failNext('register', 'lost request', new Error('odd'), new Error('odd'));

    engine.handlers.define('late', () => undefined, { maxRescues: 7 });
    await until(() => broker.argsOf('register').length === before + 4);
    const rescues = broker.argsOf('rescue').length;
    await until(() => broker.argsOf('rescue').length > rescues + 1);

    expect(broker.argsOf('register').slice(before)).toEqual(
      Array(4).fill([[expect.objectContaining({ name: 'late', maxRescues: 7 })]]),
    );
    expect(errors).toEqual([expect.any(ConnectionError), new Error('odd')]);
    expect(engine.workerHost.status().ready).toBe(true);
  });

  it('leaves alone what is not its to run', async () => {
    const { engine } = await makeBench({ worker: { only: ['mine'] } });
    const ran: string[] = [];
    for (const name of ['mine', 'theirs']) engine.handlers.define(name, () => ran.push(name));
    await engine.workerHost.start();
    const completed = nextEvent(engine, 'completed');

    await engine.scheduler.now('theirs');
    await engine.scheduler.now('nobodys');
    await engine.scheduler.now('mine');
    await completed;

    expect(ran).toEqual(['mine']);
    expect(await engine.scheduler.counts('theirs')).toMatchObject({ queued: 1 });
  });
});

describe('a lost reply', () => {
  it('is answered by the same call again, and its jobs run once', async () => {
    const { engine, broker, errors } = await makeBench();
    let runs = 0;
    engine.handlers.define('mail', () => (runs += 1));
    const completed = nextEvent(engine, 'completed');
    await engine.scheduler.now('mail');
    broker.failNext('settleAndClaim', 'lost reply');

    await engine.workerHost.start();
    await completed;

    const [first, second] = broker.argsOf('settleAndClaim');
    expect(second).toEqual(first);
    expect(runs).toBe(1);
    expect(errors.map((error) => error.constructor)).toEqual([ConnectionError]);
  });

  it('of a settlement is answered so too, and it counts once', async () => {
    const { engine, broker } = await makeBench();
    engine.handlers.define('mail', () => {
      broker.failNext('settleAndClaim', 'lost reply', 'lost reply', 'lost request');
      return 'sent';
    });
    const completed = nextEvents(engine, 'completed', 1);
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');

    await completed;

    const sent = broker.argsOf('settleAndClaim').filter(([settlements]) => settlements.length > 0);
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(([, claim]) => claim.claimId)).size).toBe(1);
    for (const [settlements] of sent) expect(settlements).toEqual(sent[0]![0]);
    expect(await engine.scheduler.get(id)).toMatchObject({ state: 'completed', attempt: 1 });
  });

  it('is reported once for an outage, and again for the next', async () => {
    const { engine, broker, errors } = await makeBench();
    engine.handlers.define('mail', () => undefined);
    broker.failNext('settleAndClaim', 'lost request', 'lost request');
    await engine.workerHost.start();
    await until(() => broker.argsOf('settleAndClaim').length === 3);
    expect(errors).toHaveLength(1);

    broker.failNext('settleAndClaim', 'lost request');
    const completed = nextEvent(engine, 'completed');
    await engine.scheduler.now('mail');
    await completed;

    expect(errors).toHaveLength(2);
    expect(engine.workerHost.status().storeIsAway).toBe(false);
  });

  it('that does not come for longer than a lease gives the claim up, and keeps the settlements', async () => {
    const { engine, broker } = await makeBench({ lease: 100 });
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened);
    const started = nextEvent(engine, 'started');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');
    await started;
    await until(() => engine.workerHost.status().running === 1);
    const comeBack = broker.failAll('lost request', 'settleAndClaim', 'renew', 'rescue');
    const before = broker.argsOf('settleAndClaim').length;
    ends.open();

    const claimIds = () =>
      new Set(
        broker
          .argsOf('settleAndClaim')
          .slice(before)
          .map(([, { claimId }]) => claimId),
      );
    await until(() => claimIds().size === 2);
    const completed = nextEvent(engine, 'completed');
    comeBack();

    expect((await completed).job.id).toBe(id);
  });
});

describe('a refused settlement', () => {
  it('is told as lost and not sent again', async () => {
    const { engine, broker, backend } = await makeBench();
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened);
    const started = nextEvent(engine, 'started');
    const lost = nextEvent(engine, 'lost');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');
    await started;
    const letGo = broker.hold('renew');

    await backend.manager!.cancel([id], '');
    ends.open();

    expect(await lost).toMatchObject({ refusal: 'not-found', repeated: false });
    letGo();
    await until(() => engine.workerHost.status().unsettled === 0);
  });
});

describe('pause', () => {
  it('of a name keeps its jobs waiting until it is resumed; others go on', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => undefined);
    engine.handlers.define('other', () => undefined);
    engine.workerHost.pause('mail');
    await engine.workerHost.start();
    const other = nextEvent(engine, 'completed');

    await engine.scheduler.now('mail');
    await engine.scheduler.now('other');

    expect((await other).job.name).toBe('other');
    expect(await engine.scheduler.counts('mail')).toMatchObject({ queued: 1 });
    const mail = nextEvent(engine, 'completed');
    engine.workerHost.resume('mail');
    expect((await mail).job.name).toBe('mail');
  });

  it('of everything is taken back by a resume of everything', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => undefined);
    await engine.workerHost.start();
    engine.workerHost.pause();
    engine.workerHost.pause('mail');
    await engine.scheduler.now('mail');
    expect(engine.workerHost.status()).toMatchObject({
      paused: true,
      names: [{ name: 'mail', paused: true }],
    });
    const completed = nextEvent(engine, 'completed');

    engine.workerHost.resume();

    expect((await completed).job.name).toBe('mail');
  });
});

describe('slots', () => {
  const handler = (name: string, concurrency: number, lockLimit = Infinity): Handler => ({
    name,
    run: () => undefined,
    origin: '',
    plan: planOf(name, [{ concurrency, lockLimit }]),
  });

  it('asks for the names in turns, one further with each claim', () => {
    const slots = new Slots({ maxConcurrency: 10, lockLimit: Infinity });
    for (const name of ['a', 'b', 'c']) slots.open(handler(name, 1));

    const orders = [1, 2, 3, 4].map(() =>
      slots
        .room(100)!
        .names.map(({ name }) => name)
        .join(''),
    );

    expect(orders).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('begin with the name whose turn it is said to be, so that hosts need not go the same way', () => {
    const slots = new Slots({ maxConcurrency: 10, lockLimit: Infinity }, 1_000_001);
    for (const name of ['a', 'b', 'c']) slots.open(handler(name, 1));

    expect(slots.room(100)!.names.map(({ name }) => name)).toEqual(['c', 'a', 'b']);
    expect(slots.room(100)!.names.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('keeps every limit, the tightest of all', () => {
    const slots = new Slots({ maxConcurrency: 5, lockLimit: 4 });
    slots.open(handler('a', 3, 2));
    slots.open(handler('b', 9));

    expect(slots.room(100)).toEqual({
      slots: 4,
      names: [
        { name: 'a', slots: 2 },
        { name: 'b', slots: 4 },
      ],
      group: expect.any(String),
      lastStarts: 1,
    });
    slots.take('a');
    slots.take('a');
    slots.take('b');
    expect(slots.room(100)).toMatchObject({ slots: 1, names: [{ name: 'b', slots: 1 }] });
    expect(slots.hasRoomFor('a')).toBe(false);
    slots.take('b');
    expect(slots.room(100)).toBeUndefined();
    slots.giveBack('a');
    expect(slots.hasRoomFor('a')).toBe(true);
  });

  it('keep what a claim under way has asked for free for it, and no more than they are asked', () => {
    const slots = new Slots({ maxConcurrency: 6, lockLimit: Infinity });
    slots.open(handler('a', 5));
    slots.open(handler('b', 2));
    const first = slots.room(3)!;
    slots.promise(first);

    expect(first.slots).toBe(3);
    expect(slots.room(100)).toMatchObject({ slots: 3, names: [{ name: 'a', slots: 2 }] });
    // The name can still be claimed once the call is back: news of it must not be missed.
    expect(slots.hasRoomFor('b')).toBe(true);

    slots.redeem(first);
    expect(slots.room(100)).toMatchObject({ slots: 6 });
  });

  it('never run more handlers than allowed, and use all that is allowed', async () => {
    const { engine } = await makeBench({ maxConcurrency: 7, defaultConcurrency: 3 });
    const running: Record<string, number> = {};
    let most = 0;
    let mostOfOne = 0;
    for (const name of ['a', 'b', 'c']) {
      engine.handlers.define(name, async () => {
        running[name] = (running[name] ?? 0) + 1;
        most = Math.max(
          most,
          Object.values(running).reduce((sum, count) => sum + count),
        );
        mostOfOne = Math.max(mostOfOne, running[name]);
        await new Promise((resolve) => setImmediate(resolve));
        running[name] -= 1;
      });
    }
    const completed = nextEvents(engine, 'completed', 60);
    const names = Array.from({ length: 60 }, (_, index) => ({ name: 'abc'[index % 3]! }));
    await engine.scheduler.enqueueMany(names);

    await engine.workerHost.start();
    await completed;

    expect([most, mostOfOne]).toEqual([7, 3]);
  });

  it('lets a flood of one name not hold up another', async () => {
    const { engine } = await makeBench({ maxConcurrency: 2, defaultConcurrency: 2 });
    const order: string[] = [];
    for (const name of ['flood', 'drop'])
      engine.handlers.define(name, async () => order.push(name));
    await engine.scheduler.enqueueMany(Array.from({ length: 50 }, () => ({ name: 'flood' })));
    await engine.scheduler.now('drop');
    const completed = nextEvents(engine, 'completed', 51);

    await engine.workerHost.start();
    await completed;

    expect(order.indexOf('drop')).toBeLessThan(5);
  });

  it('claim more than one call can carry', async () => {
    const { engine } = await makeBench({ maxConcurrency: 250, defaultConcurrency: 250 });
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened);
    const jobs = Array.from({ length: 250 }, () => ({ name: 'mail' }));
    await engine.scheduler.enqueueMany(jobs);
    const completed = nextEvents(engine, 'completed', 250);

    await engine.workerHost.start();
    await until(() => engine.workerHost.status().running === 250);
    ends.open();

    expect(await completed).toHaveLength(250);
  });
});
