import {
  DuplicateHandlerError,
  InvalidJobError,
  InvalidOptionError,
} from '../../../lib/core/errors.js';
import { Engine } from '../../../lib/core/engine.js';
import { HandlerRegistry } from '../../../lib/core/handlers/handler-registry.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { checkKnownKeys } from '../../../lib/core/options/known-keys.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { resolveEngineOptions } from '../../../lib/core/options/resolve-engine-options.js';

const registryWith = (options: EngineOptions) => new HandlerRegistry(resolveEngineOptions(options));
const nothing = () => undefined;

it('completes what is left out', () => {
  expect(resolveEngineOptions()).toMatchObject({
    name: '',
    processEveryMs: 5_000,
    maxConcurrency: 20,
    lockLimit: Infinity,
    leaseMs: 30_000,
    maxDataBytes: 262_144,
    idempotencyWindowMs: 86_400_000,
    shutdown: { timeoutMs: 10_000, graceMs: 1_000, flushMs: 2_000 },
  });
  expect(registryWith({}).planFor('any')).toMatchObject({
    concurrency: 5,
    lockLimit: Infinity,
    attempts: undefined,
    lockLifetimeMs: undefined,
    priority: 0,
    removeOnComplete: false,
    maxRescues: 2,
  });
});

it('reads durations in any spelling', () => {
  const options = resolveEngineOptions({
    processEvery: '1 second',
    lease: 'PT10S',
    shutdown: { timeout: 0, grace: '2s', flush: '1 minute' },
  });

  expect(options).toMatchObject({
    processEveryMs: 1_000,
    leaseMs: 10_000,
    shutdown: { timeoutMs: 0, graceMs: 2_000, flushMs: 60_000 },
  });
});

const wrong: [string, unknown, string][] = [
  ['processEvery', 0, 'processEvery'],
  ['processEvery', 'soon', 'processEvery'],
  ['maxConcurrency', 0, 'maxConcurrency'],
  ['maxConcurrency', '20', 'maxConcurrency'],
  ['defaultConcurrency', 1.5, 'defaultConcurrency'],
  ['lockLimit', -1, 'lockLimit'],
  ['lockLimit', 1.5, 'lockLimit'],
  ['defaultLockLimit', -1, 'defaultLockLimit'],
  ['defaultLockLifetime', 0, 'defaultLockLifetime'],
  ['defaultLockLifetime', 'a while', 'defaultLockLifetime'],
  ['lease', Number.NaN, 'lease'],
  ['idempotencyWindow', 999, 'idempotencyWindow'],
  ['idempotencyWindow', Infinity, 'idempotencyWindow'],
  ['name', 5, 'name'],
  ['worker', 'yes', 'worker'],
  ['worker', { only: ['a'], except: ['b'] }, 'worker'],
  ['worker', { only: 'a' }, 'worker.only'],
  ['defaults', { attempts: 0 }, 'defaults.attempts'],
  ['defaults', { priority: 'urgent' }, 'defaults.priority'],
  ['defaults', { lockLifetime: -1 }, 'defaults.lockLifetime'],
  ['forkHelper', { path: 'x' }, 'forkHelper'],
  ['forkedWorker', true, 'forkedWorker'],
  ['defaults', { backoff: { type: 'quadratic', delay: 1 } }, 'defaults.backoff.type'],
  ['handlers', { mail: { timeout: -1 } }, 'handlers.mail.timeout'],
  ['handlers', [], 'handlers'],
  ['shutdown', { timout: 1 }, 'shutdown.timout'],
  ['shutdown', { flush: -1 }, 'shutdown.flush'],
  ['removeOnComplete', 'no', 'removeOnComplete'],
];

it.each(wrong)('refuses `%s: %p` and names %s', (key, value, path) => {
  let error: unknown;
  try {
    resolveEngineOptions({ [key]: value });
  } catch (thrown) {
    error = thrown;
  }

  expect(error).toBeInstanceOf(InvalidOptionError);
  expect(error).toMatchObject({ option: path });
});

it.each([undefined, null, {}, { connect: () => undefined }])(
  'refuses %j for a backend, before anything else',
  (backend) => {
    const make = () => new Engine(backend as never, { processEvery: -1 });

    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(/`backend`/);
  },
);

it('refuses parts that an engine does not have', () => {
  const make = () => new Engine(new MemoryBackend(), {}, { logger: {} } as never);

  expect(make).toThrow(/parts.logger/);
});

it('names the nearest key when one is unknown, and not the value it was given', () => {
  const misspelt = () =>
    checkKnownKeys('', { conectionString: 'redis://:secret@host' }, ['connectionString', 'name']);

  expect(misspelt).toThrow(InvalidOptionError);
  expect(misspelt).toThrow(/did you mean `connectionString`/);
  expect(misspelt).not.toThrow(/secret/);
  expect(() => checkKnownKeys('retention', { xyz: 1 }, ['age'])).toThrow(
    /`retention.xyz`.*known are age/,
  );
});

describe('the options of a handler', () => {
  it('are taken from configuration first, then from the code, then from the defaults', () => {
    const registry = registryWith({
      defaultConcurrency: 1,
      defaultLockLifetime: '1 minute',
      defaults: { concurrency: 2, attempts: 2, priority: 'low', timeout: '1s' },
      handlers: { mail: { concurrency: 4 } },
    });
    registry.define('mail', nothing, { concurrency: 3, attempts: 3 });

    expect(registry.get('mail')?.plan).toMatchObject({
      concurrency: 4,
      attempts: 3,
      priority: -10,
      timeoutMs: 1_000,
      lockLifetimeMs: 60_000,
    });
  });

  it('merge the members of a backoff, unless the nearer one is of another type', () => {
    const registry = registryWith({
      defaults: { backoff: { type: 'exponential', delay: '1s', factor: 3, max: '1m' } },
    });
    registry.define('longer', nothing, { backoff: { delay: '5s' } });
    registry.define('flat', nothing, { backoff: { type: 'fixed' } });
    registry.define('other', nothing, { backoff: '2s' });

    expect(registry.planFor('longer').backoffChoice).toEqual({
      type: 'exponential',
      delay: '5s',
      factor: 3,
      max: '1m',
    });
    expect(registry.planFor('flat').backoffChoice).toEqual({
      type: 'fixed',
      delay: '1s',
      max: '1m',
    });
    expect(registry.planFor('other').backoffChoice).toBe('2s');
  });

  it('refuse a backoff that no layer completes', () => {
    const define = () => registryWith({}).define('mail', nothing, { backoff: { type: 'linear' } });

    expect(define).toThrow(InvalidOptionError);
    expect(define).toThrow(/mail.backoff.delay/);
  });
});

describe('the registry of handlers', () => {
  it('refuses a second handler for a name, and names both origins', () => {
    const registry = registryWith({});
    registry.define('mail', nothing, {}, 'MailJobs.welcome');

    const again = () => registry.define('mail', nothing, {}, 'SignupJobs.mail');

    expect(again).toThrow(DuplicateHandlerError);
    expect(again).toThrow(/MailJobs.welcome and SignupJobs.mail/);
  });

  it.each(['', 'a\nb', 'x'.repeat(257), 5])('refuses the name %p', (name) => {
    expect(() => registryWith({}).define(name as string, nothing)).toThrow(InvalidJobError);
  });

  it('takes names that objects have anyway', () => {
    const registry = registryWith({ handlers: { constructor: { attempts: 2 } } });
    registry.define('__proto__', nothing);
    registry.define('constructor', nothing);

    expect(registry.names()).toEqual(['__proto__', 'constructor']);
    expect(registry.planFor('constructor').attempts).toBe(2);
    expect(registry.planFor('toString').attempts).toBeUndefined();
  });

  it('tells of handler options for names that nobody handles here', () => {
    const handlers = { mail: {}, report: {}, elsewhere: {} };
    const registry = registryWith({ handlers, worker: { except: ['elsewhere'] } });
    registry.define('mail', nothing);

    expect(registry.unknownOverrides()).toEqual(['report']);
    expect(registryWith({ handlers, worker: false }).unknownOverrides()).toEqual([]);
  });

  it.each([
    [true, ['a', 'b']],
    [false, []],
    [{ only: ['b', 'c'] }, ['b']],
    [{ except: ['b'] }, ['a']],
    [{ only: [] }, []],
    [{ except: [] }, ['a', 'b']],
  ])('runs with `worker: %j` the names %j', (worker, names) => {
    const registry = registryWith({ worker });
    registry.define('a', nothing);
    registry.define('b', nothing);

    expect(registry.workedNames()).toEqual(names);
  });
});
