import type { NameRetention } from '../../../lib/core/contracts/job-broker.js';
import type { JobRepository } from '../../../lib/core/contracts/job-repository.js';
import { Engine } from '../../../lib/core/engine.js';
import {
  ConnectionError,
  InvalidOptionError,
  UnsupportedOperationError,
} from '../../../lib/core/errors.js';
import { HandlerRegistry } from '../../../lib/core/handlers/handler-registry.js';
import { InMemoryNotificationChannel } from '../../../lib/core/notifications/in-memory-notification-channel.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { resolveEngineOptions } from '../../../lib/core/options/resolve-engine-options.js';
import { completeRetention, type RetentionOptions } from '../../../lib/core/options/retention.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, until } from './support.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const nothing = () => undefined;

afterEach(closeBenches);

describe('the option', () => {
  const DEFAULT: NameRetention = {
    completed: { ageMs: DAY, count: 10_000 },
    failed: { ageMs: 30 * DAY, count: 10_000 },
  };
  const NO_LIMIT = { ageMs: null, count: null };

  /** What a worker with a handler for `mail` stores. */
  function ruleOf(options: EngineOptions, own?: RetentionOptions | false) {
    const registry = new HandlerRegistry(resolveEngineOptions(options));
    registry.define('mail', nothing, own === undefined ? {} : { retention: own });
    return completeRetention(registry.planFor('mail').retention);
  }

  it('is a day and a month, and 10,000 of each, when left out', () => {
    expect(ruleOf({})).toEqual(DEFAULT);
    expect(ruleOf({ retention: {} }, { completed: {} })).toEqual(DEFAULT);
  });

  it('keeps everything when it is false', () => {
    expect(ruleOf({ retention: false })).toBeUndefined();
    expect(ruleOf({}, false)).toBeUndefined();
    expect(ruleOf({ handlers: { mail: { retention: false } } }, {})).toBeUndefined();
  });

  it('takes each member from the nearest that says it', () => {
    const rule = ruleOf(
      {
        retention: { completed: { age: '1h', count: 1 }, failed: { count: 1 } },
        defaults: { retention: { completed: { count: 2 } } },
        handlers: { mail: { retention: { failed: { count: 4 } } } },
      },
      { failed: { age: '2 days', count: 3 } },
    );

    expect(rule).toEqual({
      completed: { ageMs: HOUR, count: 2 },
      failed: { ageMs: 2 * DAY, count: 4 },
    });
  });

  it('switches one end, or one limit, off', () => {
    expect(ruleOf({}, { completed: false })).toEqual({ ...DEFAULT, completed: NO_LIMIT });
    expect(ruleOf({}, { failed: { age: false } })).toEqual({
      ...DEFAULT,
      failed: { ageMs: null, count: 10_000 },
    });
    expect(ruleOf({}, { completed: { count: false } })).toEqual({
      ...DEFAULT,
      completed: { ageMs: DAY, count: null },
    });
  });

  it('begins from nothing over a wider false', () => {
    expect(ruleOf({ retention: false }, { completed: { age: '1h' } })).toEqual({
      completed: { ageMs: HOUR, count: null },
      failed: NO_LIMIT,
    });
    expect(
      ruleOf({ retention: { completed: false } }, { completed: { count: 5 } })!.completed,
    ).toEqual({ ageMs: null, count: 5 });
  });

  it.each([
    [true, 'retention'],
    [5, 'retention'],
    [null, 'retention'],
    [{ complete: {} }, 'retention.complete'],
    [{ completed: true }, 'retention.completed'],
    [{ completed: { aeg: 1 } }, 'retention.completed.aeg'],
    [{ completed: { age: 0 } }, 'retention.completed.age'],
    [{ completed: { age: Infinity } }, 'retention.completed.age'],
    [{ failed: { age: 'soon' } }, 'retention.failed.age'],
    [{ failed: { count: -1 } }, 'retention.failed.count'],
    [{ failed: { count: 1.5 } }, 'retention.failed.count'],
    [{ failed: { count: '5' } }, 'retention.failed.count'],
  ])('refuses %p and names %s', (retention, path) => {
    for (const [options, option] of [
      [{ retention }, path],
      [{ defaults: { retention } }, `defaults.${path}`],
      [{ handlers: { mail: { retention } } }, `handlers.mail.${path}`],
    ] as const) {
      const resolve = () => resolveEngineOptions(options as EngineOptions);
      expect(resolve).toThrow(InvalidOptionError);
      expect(resolve).toThrow(`\`${option}\``);
    }
  });

  it('stands in the store when a worker has started, and when a handler comes later', async () => {
    const { engine, broker } = await makeBench({ retention: { completed: { age: '1h' } } });
    engine.handlers.define('mail', nothing, { maxRescues: 5 });
    engine.handlers.define('kept', nothing, { retention: false });

    await engine.workerHost.start();
    engine.handlers.define('late', nothing, { retention: { failed: false } });

    const completed = { ageMs: HOUR, count: 10_000 };
    expect(broker.argsOf('register').map(([settings]) => settings)).toEqual([
      [
        { name: 'mail', maxRescues: 5, retention: { ...DEFAULT, completed } },
        { name: 'kept', maxRescues: 2 },
      ],
      [{ name: 'late', maxRescues: 2, retention: { completed, failed: NO_LIMIT } }],
    ]);
  });
});

describe('of one job', () => {
  it.each([
    [{ completed: { age: '1h' } }, { completed: HOUR }],
    [
      { completed: false, failed: { age: 10 } },
      { completed: null, failed: 10 },
    ],
    [{ failed: { age: false } }, { failed: null }],
    [false, { completed: null, failed: null }],
  ] as const)('is stored with it: %p', async (retention, stored) => {
    const { engine, broker } = await makeBench();

    await engine.scheduler.now('mail', undefined, { retention });

    expect(broker.argsOf('enqueue')[0]![0][0]!.overrides).toEqual({ retention: stored });
  });

  it.each([{}, { completed: {} }])('is none when nothing is said: %p', async (retention) => {
    const { engine, broker } = await makeBench();

    await engine.scheduler.now('mail', undefined, { retention });

    expect(broker.argsOf('enqueue')[0]![0][0]).not.toHaveProperty('overrides');
  });

  it.each([
    [{ completed: { count: 5 } }, 'retention.completed.count'],
    [{ failed: { age: '1h', count: 5 } }, 'retention.failed.count'],
    [{ completed: { age: 0 } }, 'retention.completed.age'],
    [{ completed: 5 }, 'retention.completed'],
    [{ dead: {} }, 'retention.dead'],
    [true, 'retention'],
  ])('refuses %p and names %s', async (retention, option) => {
    const { engine, broker } = await makeBench();

    const adding = engine.scheduler.now('mail', undefined, { retention: retention as never });

    await expect(adding).rejects.toThrow(InvalidOptionError);
    await expect(adding).rejects.toMatchObject({ option });
    expect(broker.calls).toEqual([]);
  });

  it('says why a count is refused', async () => {
    const { engine } = await makeBench();
    const retention = { completed: { count: 5 } } as never;

    await expect(engine.scheduler.now('mail', undefined, { retention })).rejects.toThrow(
      /how many are kept is up to the options of its name/,
    );
  });
});

describe('a backend that keeps everything', () => {
  const foreign = () => {
    const { repository } = new MemoryBackend();
    return {
      name: 'Plain',
      repository: repository as JobRepository,
      connect: async () => undefined,
      disconnect: async () => undefined,
    };
  };

  it.each([
    [{ retention: { completed: { age: '1h' } } }, 'retention'],
    [{ defaults: { retention: { failed: { count: 1 } } } }, 'defaults.retention'],
    [{ handlers: { mail: { retention: { failed: { count: 1 } } } } }, 'handlers.mail.retention'],
  ])('refuses %p', (options: EngineOptions, option) => {
    const make = () => new Engine(foreign(), options);

    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(new RegExp(`\`${option}\`.*the Plain backend keeps every job`));
    expect(make).toThrow(/got .*(age: '1h'|count: 1)/);
  });

  it('refuses a handler that asks for it, and a job', async () => {
    const engine = new Engine(foreign());

    const retention = { completed: { age: '1h' } };
    expect(() => engine.handlers.define('mail', nothing, { retention })).toThrow(
      expect.objectContaining({ option: 'mail.retention', value: retention }),
    );
    expect(engine.handlers.names()).toEqual([]);
    await expect(
      engine.scheduler.now('other', undefined, { retention: { completed: { age: '1h' } } }),
    ).rejects.toThrow(UnsupportedOperationError);
    await engine.close();
  });

  it('works without one, and with what asks for nothing', async () => {
    const errors: Error[] = [];
    const engine = new Engine(
      foreign(),
      { retention: false, defaults: { retention: { completed: false } } },
      { onUnheardError: (error) => errors.push(error), pruneEveryMs: 1 },
    );
    engine.handlers.define('mail', nothing, { retention: {} });
    await engine.workerHost.start();
    const completed = nextEvent(engine, 'completed');
    await engine.scheduler.now('mail');

    await completed;

    await engine.close();
    expect(errors).toEqual([]);
  });
});

describe('the janitor', () => {
  const EVERY = { pruneEveryMs: 5 };
  const cursors = (calls: (readonly unknown[])[]) => calls.map(([cursor]) => cursor);

  it('shrinks what has ended on its timer, without any traffic', async () => {
    const { engine } = await makeBench(
      { retention: { completed: { age: 1 } }, processEvery: '1 hour' },
      undefined,
      EVERY,
    );
    engine.handlers.define('mail', nothing);
    await engine.workerHost.start();
    const completed = nextEvent(engine, 'completed');
    const { id } = await engine.scheduler.now('mail');
    await completed;

    while (await engine.scheduler.get(id)) await new Promise((resolve) => setTimeout(resolve, 1));

    expect((await engine.scheduler.counts('mail')).total).toBe(0);
  });

  it('goes on from page to page until a pass is over', async () => {
    const { engine, broker } = await makeBench({}, undefined, EVERY);
    broker.answerNext('prune', async () => {
      broker.answerNext('prune', async () => ({ removed: 3, next: 'third' }));
      return { removed: 200, next: 'second' };
    });
    await engine.workerHost.start();

    await until(() => broker.argsOf('prune').length === 4);

    expect(cursors(broker.argsOf('prune'))).toEqual(['', 'second', 'third', '']);
  });

  it('makes no second pass while one is under way', async () => {
    const { engine, broker } = await makeBench({ lease: 100 }, undefined, { pruneEveryMs: 1 });
    const goOn = broker.hold('prune');
    await engine.workerHost.start();
    await until(() => broker.argsOf('prune').length === 1);
    await until(() => broker.argsOf('rescue').length >= 2);

    expect(broker.argsOf('prune')).toHaveLength(1);

    goOn();
    await until(() => broker.argsOf('prune').length === 3);
  });

  it('tells once of a store that is away, and begins a new pass when it is back', async () => {
    const { engine, broker, errors } = await makeBench({ lease: '1 hour' }, undefined, EVERY);
    broker.answerNext('prune', async () => ({ removed: 200, next: 'second' }));
    broker.failNext('prune', undefined as never, 'lost request', 'lost reply');
    await engine.workerHost.start();

    await until(() => broker.argsOf('prune').length === 4);

    expect(errors).toHaveLength(1);
    expect(cursors(broker.argsOf('prune')).slice(0, 4)).toEqual(['', 'second', '', '']);
    await until(() => !engine.workerHost.status().storeIsAway);
  });

  describe('where a page fails for a reason of its own', () => {
    /** Each pass has two pages, of which the second one fails as long as `isBroken`. */
    async function brokenPasses() {
      const bench = await makeBench({ processEvery: 10 }, undefined, EVERY);
      const { broker, engine } = bench;
      const passes = { isBroken: true };
      const second = async () => {
        broker.answerNext('prune', first);
        if (passes.isBroken) throw new Error('WRONGTYPE');
        return { removed: 1, next: null };
      };
      const first = async () => {
        broker.answerNext('prune', second);
        return { removed: 200, next: 'second' };
      };
      broker.answerNext('prune', first);
      engine.handlers.define('mail', () => undefined);
      await engine.workerHost.start();
      const pages = async (count: number) => {
        const before = broker.argsOf('prune').length;
        await until(() => broker.argsOf('prune').length >= before + count);
      };
      await pages(5);
      return { ...bench, passes, pages };
    }

    it('tells of it once until a whole pass has succeeded', async () => {
      const { errors, passes, pages } = await brokenPasses();
      expect(errors).toEqual([new Error('WRONGTYPE')]);

      passes.isBroken = false;
      await pages(5);
      passes.isBroken = true;
      await pages(5);

      expect(errors).toEqual([new Error('WRONGTYPE'), new Error('WRONGTYPE')]);
    });

    it('the host is ready all the same, until the store cannot be reached', async () => {
      const { engine, broker, errors } = await brokenPasses();
      const status = () => engine.workerHost.status();
      expect(status()).toMatchObject({ ready: true, storeIsAway: false });

      const comeBack = broker.failAll('lost request', 'settleAndClaim');
      await until(() => status().storeIsAway);
      expect(errors).toEqual([new Error('WRONGTYPE'), expect.any(ConnectionError)]);
      comeBack();

      await until(() => status().ready);
    });
  });

  it('stops in the first phase of a shutdown', async () => {
    const { engine, broker } = await makeBench({ lease: 100 }, undefined, { pruneEveryMs: 1 });
    const end = gate();
    engine.handlers.define('mail', () => end.opened);
    await engine.workerHost.start();
    const started = nextEvent(engine, 'started');
    await engine.scheduler.now('mail');
    await started;
    await until(() => broker.argsOf('prune').length > 0);

    const stopped = engine.workerHost.stop();
    const before = broker.argsOf('prune').length;
    const renewals = broker.argsOf('renew').length;
    await until(() => broker.argsOf('renew').length > renewals);

    expect(broker.argsOf('prune')).toHaveLength(before);
    end.open();
    await stopped;
    expect(broker.argsOf('prune')).toHaveLength(before);
  });

  it('is there, too, where news goes over another channel', async () => {
    const notificationChannel = new InMemoryNotificationChannel();
    const { engine, broker } = await makeBench({}, undefined, { ...EVERY, notificationChannel });

    await engine.workerHost.start();

    await until(() => broker.argsOf('prune').length === 2);
    expect(cursors(broker.argsOf('prune'))).toEqual(['', '']);
  });

  it('is not there in a process that only adds jobs', async () => {
    const { engine, broker } = await makeBench({ worker: false }, undefined, { pruneEveryMs: 1 });
    await engine.workerHost.start();
    await engine.scheduler.now('mail');

    expect(broker.argsOf('prune')).toEqual([]);
    expect(engine.workerHost.status().state).toBe('stopped');
  });
});
