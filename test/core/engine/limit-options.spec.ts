import type { NameSettings } from '../../../lib/core/contracts/job-broker.js';
import type { JobRepository } from '../../../lib/core/contracts/job-repository.js';
import { Engine } from '../../../lib/core/engine.js';
import { InvalidOptionError, UnsupportedOperationError } from '../../../lib/core/errors.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench } from './support.js';

afterEach(closeBenches);

const nothing = () => undefined;

/** What the store is told of a name. */
async function registered(own: HandlerOptions, options: EngineOptions = {}): Promise<unknown> {
  const { engine, broker } = await makeBench(options);
  engine.handlers.define('mail', nothing, own);
  await engine.workerHost.start();
  const [settings] = broker.argsOf('register')[0] as [readonly NameSettings[]];
  return settings[0]!.limits;
}

describe('limits of a name over all processes', () => {
  it('stand in the store when a worker has started', async () => {
    const limits = await registered({
      globalConcurrency: 3,
      rateLimit: { max: 10, per: '1 second', spread: true },
      key: ({ host }) => host,
      keyConcurrency: 2,
      keyRateLimit: { max: 1, per: 500 },
      maxQueued: 1_000,
    });

    expect(limits).toEqual({
      concurrency: 3,
      rate: { max: 10, perMs: 1_000, spread: true },
      key: { concurrency: 2, rate: { max: 1, perMs: 500 } },
      maxQueued: 1_000,
    });
  });

  it('are not spoken of where there are none', async () => {
    expect(await registered({ key: () => 'k' })).toBeUndefined();
  });

  it('come from the nearest layer, member by member', async () => {
    const limits = await registered(
      { globalConcurrency: 2, rateLimit: { max: 10, per: '1s', spread: true } },
      {
        defaults: { globalConcurrency: 1, maxQueued: 7, keyOrder: 'fifo' },
        handlers: { mail: { rateLimit: { max: 5 } } },
      },
    );

    expect(limits).toEqual({
      concurrency: 2,
      rate: { max: 5, perMs: 1_000, spread: true },
      key: { order: 'fifo' },
      maxQueued: 7,
    });
  });

  it('may be spread down to a millisecond', async () => {
    const rateLimit = { max: 1_000, per: '1 second', spread: true };

    expect(await registered({ rateLimit })).toEqual({
      rate: { max: 1_000, perMs: 1_000, spread: true },
    });
  });

  it.each<[object, string]>([
    [{ globalConcurrency: 0 }, 'globalConcurrency'],
    [{ globalConcurrency: 1.5 }, 'globalConcurrency'],
    [{ keyConcurrency: 0 }, 'keyConcurrency'],
    [{ keyOrder: 'lifo' }, 'keyOrder'],
    [{ maxQueued: 0 }, 'maxQueued'],
    [{ key: 'host' }, 'key'],
    [{ rateLimit: 10 }, 'rateLimit'],
    [{ rateLimit: { max: 0, per: '1s' } }, 'rateLimit.max'],
    [{ rateLimit: { max: 1, per: 0 } }, 'rateLimit.per'],
    [{ rateLimit: { max: 1, per: '1s', spread: 1 } }, 'rateLimit.spread'],
    [{ rateLimit: { max: 1, duration: '1s' } }, 'rateLimit.duration'],
    [{ keyRateLimit: { max: 1, per: 'soon' } }, 'keyRateLimit.per'],
  ])('refuse %p in every layer, and name %s', async (options, option) => {
    const { engine } = await makeBench();

    for (const [make, path] of [
      [() => engine.handlers.define('mail', nothing, options), `mail.${option}`],
      [() => new Engine(new MemoryBackend(), { defaults: options }), `defaults.${option}`],
      [
        () => new Engine(new MemoryBackend(), { handlers: { mail: options } }),
        `handlers.mail.${option}`,
      ],
    ] as const) {
      expect(make).toThrow(InvalidOptionError);
      expect(make).toThrow(expect.objectContaining({ option: path }));
    }
  });

  it.each<[HandlerOptions, string]>([
    [{ rateLimit: { per: '1s' } }, 'mail.rateLimit.max'],
    [{ rateLimit: { max: 1 } }, 'mail.rateLimit.per'],
    [{ keyRateLimit: { max: 1 } }, 'mail.keyRateLimit.per'],
    [{ rateLimit: { max: 1_001, per: '1s', spread: true } }, 'mail.rateLimit.spread'],
    [{ keyOrder: 'fifo', keyConcurrency: 2 }, 'mail.keyConcurrency'],
  ])('refuse what cannot be meant together: %p', async (options, option) => {
    const { engine } = await makeBench();

    expect(() => engine.handlers.define('mail', nothing, options)).toThrow(
      expect.objectContaining({ constructor: InvalidOptionError, option }),
    );
    expect(engine.handlers.names()).toEqual([]);
  });

  it('may be half known where jobs are added and not run', async () => {
    const { engine } = await makeBench({
      worker: false,
      handlers: { mail: { rateLimit: { max: 5 } } },
    });

    await expect(engine.scheduler.now('mail')).resolves.toMatchObject({ created: true });
  });
});

describe('a backend without limits', () => {
  const foreign = () => ({
    name: 'Plain',
    repository: new MemoryBackend().repository as JobRepository,
    connect: async () => undefined,
    disconnect: async () => undefined,
  });

  it.each<[EngineOptions, string]>([
    [{ defaults: { globalConcurrency: 1 } }, 'defaults.globalConcurrency'],
    [{ handlers: { mail: { maxQueued: 1 } } }, 'handlers.mail.maxQueued'],
    [{ defaults: { key: () => 'k' } }, 'defaults.key'],
  ])('refuses %p', (options, option) => {
    const make = () => new Engine(foreign(), options);

    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(new RegExp(`\`${option}\`.*the Plain backend has no limits`));
  });

  it('refuses a handler that asks for one', () => {
    const engine = new Engine(foreign());
    const define = () => engine.handlers.define('mail', nothing, { keyOrder: 'fifo' });

    expect(define).toThrow(expect.objectContaining({ option: 'mail.keyOrder' }));
    expect(engine.handlers.names()).toEqual([]);
  });

  it('has no pauses and limits to change either', async () => {
    const { scheduler } = new Engine(foreign());

    for (const ask of [
      () => scheduler.pause('mail'),
      () => scheduler.resume('mail'),
      () => scheduler.isPaused(),
      () => scheduler.pauses(),
      async () => scheduler.limits('mail'),
      () => scheduler.listLimits(),
    ]) {
      await expect(ask()).rejects.toThrow(UnsupportedOperationError);
      await expect(ask()).rejects.toThrow(/Plain/);
    }
  });
});
