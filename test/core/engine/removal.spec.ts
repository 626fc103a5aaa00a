import type { NameSettings } from '../../../lib/core/contracts/job-broker.js';
import { InvalidOptionError } from '../../../lib/core/errors.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import type { JobOptions } from '../../../lib/core/scheduler/job-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DEFAULT = {
  completed: { ageMs: DAY, count: 10_000 },
  failed: { ageMs: 30 * DAY, count: 10_000 },
};
const fails = () => Promise.reject(new Error('no'));

afterEach(closeBenches);

/** What a worker with a handler for `mail` tells the store. */
async function settingsOf(own: HandlerOptions, options: EngineOptions = {}): Promise<NameSettings> {
  const { engine, broker } = await makeBench(options);
  engine.handlers.define('mail', () => undefined, own);
  await engine.workerHost.start();
  const [settings] = broker.argsOf('register')[0] as [NameSettings[]];
  return settings[0]!;
}

describe('`removeOnComplete` and `removeOnFail` of a name', () => {
  it.each<[HandlerOptions, object | undefined]>([
    [{}, DEFAULT],
    [{ removeOnComplete: true }, DEFAULT],
    [{ removeOnComplete: false, removeOnFail: false }, DEFAULT],
    [{ removeOnComplete: 100 }, { ...DEFAULT, completed: { ageMs: null, count: 100 } }],
    [{ removeOnFail: 5 }, { ...DEFAULT, failed: { ageMs: null, count: 5 } }],
    [
      { removeOnComplete: { age: '1 hour' } },
      { ...DEFAULT, completed: { ageMs: HOUR, count: null } },
    ],
    [{ removeOnFail: { age: HOUR, count: 7 } }, { ...DEFAULT, failed: { ageMs: HOUR, count: 7 } }],
    [
      { removeOnComplete: 100, retention: { failed: { count: 3 } } },
      { completed: { ageMs: null, count: 100 }, failed: { ageMs: 30 * DAY, count: 3 } },
    ],
    // What dies without a host of its name is taken by the janitor.
    [{ removeOnFail: true }, { ...DEFAULT, failed: { ageMs: null, count: 0 } }],
  ])('%j is a retention in other words', async (own, retention) => {
    expect((await settingsOf(own)).retention).toEqual(retention);
  });

  it.each<[HandlerOptions, string]>([
    [{ removeOnComplete: 1, retention: { completed: { count: 2 } } }, 'removeOnComplete'],
    [{ removeOnFail: { age: 1 }, retention: { failed: false } }, 'removeOnFail'],
    [{ removeOnFail: 3, retention: false }, 'removeOnFail'],
  ])('%j says it twice', async (own, option) => {
    const { engine } = await makeBench();
    const end = option === 'removeOnFail' ? 'failed' : 'completed';

    expect(() => engine.handlers.define('mail', fails, own)).toThrow(
      `\`mail.${option}\` to be left out where \`mail.retention.${end}\` says`,
    );
  });

  it.each([
    ['yes', 'removeOnComplete'],
    [-1, 'removeOnComplete'],
    [1.5, 'removeOnComplete'],
    [null, 'removeOnComplete'],
    [{ age: 'long' }, 'removeOnComplete.age'],
    [{ count: -1 }, 'removeOnComplete.count'],
    [{ limit: 1 }, 'removeOnComplete.limit'],
  ])('cannot be %j', async (value, option) => {
    await expect(makeBench({ removeOnComplete: value } as EngineOptions)).rejects.toMatchObject({
      name: 'InvalidOptionError',
      option,
    });
  });
});

describe('a job that is removed when it would become a dead letter', () => {
  const wishes: [string, EngineOptions, HandlerOptions, JobOptions][] = [
    ['by the module', { removeOnFail: true }, {}, {}],
    ['by the defaults', { defaults: { removeOnFail: true } }, {}, {}],
    ['by its handler', {}, { removeOnFail: true }, {}],
    ['by configuration', { handlers: { mail: { removeOnFail: true } } }, {}, {}],
    ['by its call', {}, {}, { removeOnFail: true }],
    ['by its call, whatever the handler says', {}, { removeOnFail: 10 }, { removeOnFail: true }],
  ];
  it.each(wishes)('is gone at once, and told as `dead`: %s', async (_, options, own, call) => {
    const { engine, broker } = await makeBench(options);
    engine.handlers.define('mail', fails, { attempts: 2, ...own });
    const job = await engine.scheduler.now('mail', 1, call);
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();

    expect(await dead).toMatchObject({ id: job.id, failure: { reason: 'exhausted' } });
    expect(await engine.scheduler.get(job.id)).toBeUndefined();
    const kinds = broker.argsOf('settleAndClaim').flatMap(([ends]) => ends.map(({ kind }) => kind));
    expect(kinds).toEqual(['retry', 'bury']);
  });

  it('stays where a nearer option says so, and where it is recurring', async () => {
    const { engine } = await makeBench({ removeOnFail: true });
    engine.handlers.define('mail', fails);
    const kept = await engine.scheduler.now('mail', 1, { removeOnFail: false });
    const every = await engine.scheduler.every('1 hour', 'mail');
    const gone = await engine.scheduler.now('mail', 2);
    const ended = new Set<string>();
    const allFailed = nextEvent(engine, 'failed', ({ job }) => ended.add(job.id).size === 3);
    await engine.workerHost.start();
    await allFailed;

    expect(await engine.scheduler.inspect(kept.id)).toMatchObject({ deadReason: 'exhausted' });
    expect((await engine.scheduler.get(every.id))!.nextRunAt).not.toBeNull();
    expect(await engine.scheduler.get(gone.id)).toBeUndefined();
  });

  it('is removed by the janitor where no host has settled it', async () => {
    const clock = new ManualClock(Date.UTC(2026, 2, 4));
    const parts = { pruneEveryMs: 5 };
    const { engine } = await makeBench({}, new MemoryBackend({ clock }), parts);
    const { scheduler } = engine;
    const job = await scheduler.now('report', 1, { expiresIn: 10, removeOnFail: true });
    engine.handlers.define('mail', fails);
    clock.advance(10);
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();
    await dead;

    while (await scheduler.get(job.id)) await new Promise(setImmediate);

    expect((await scheduler.counts('report')).total).toBe(0);
  });
});

describe('what one job says of its removal', () => {
  const overridesOf = async (options: JobOptions) => {
    const { engine, broker } = await makeBench();
    await engine.scheduler.now('mail', 1, options);
    return broker.argsOf('enqueue')[0]![0][0]!.overrides;
  };

  it.each<[JobOptions, object | undefined]>([
    [{}, undefined],
    [{ removeOnComplete: true }, { removeOnComplete: true }],
    [
      { removeOnComplete: { age: '1 hour' } },
      { removeOnComplete: false, retention: { completed: HOUR } },
    ],
    [{ removeOnFail: { age: false } }, { removeOnFail: false, retention: { failed: null } }],
    [
      { removeOnFail: { age: 1_000 }, retention: { completed: { age: 5 } } },
      { removeOnFail: false, retention: { completed: 5, failed: 1_000 } },
    ],
    [{ removeOnFail: true }, { removeOnFail: true, retention: { failed: 0 } }],
  ])('%j is kept with it', async (options, overrides) => {
    expect(await overridesOf(options)).toEqual(overrides);
  });

  it.each<[object, string, string]>([
    [{ removeOnComplete: 10 }, 'removeOnComplete', 'up to the options of its name'],
    [{ removeOnFail: { count: 10 } }, 'removeOnFail.count', 'up to the options of its name'],
    [
      { removeOnFail: { age: 1 }, retention: { failed: { age: 2 } } },
      'removeOnFail',
      'left out where `retention.failed` says',
    ],
  ])('cannot be %j', async (options, option, expected) => {
    const error = await overridesOf(options).catch((thrown: Error) => thrown);

    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option, expected: expect.stringContaining(expected) as string });
  });
});
