import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import { HandlerRegistry } from '../../../lib/core/handlers/handler-registry.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { resolveEngineOptions } from '../../../lib/core/options/resolve-engine-options.js';
import { closeBenches, makeBench } from './support.js';

afterEach(closeBenches);

/** The same option at every place where it can be said, the farthest first. */
interface Said {
  readonly module?: EngineOptions;
  readonly defaults?: HandlerOptions;
  readonly code?: HandlerOptions;
  readonly configuration?: HandlerOptions;
}

function planOf({ module, defaults, code, configuration }: Said) {
  const options: EngineOptions = {
    ...module,
    ...(defaults && { defaults }),
    ...(configuration && { handlers: { mail: configuration } }),
  };
  const handlers = new HandlerRegistry(resolveEngineOptions(options));
  handlers.define('mail', () => undefined, code ?? {});
  return handlers.planFor('mail');
}

const key = (n: number) => () => `${n}`;
const [key1, key2, key3] = [key(1), key(2), key(3)];

/** What each layer says, and what it comes to when the nearer ones are left out, the farthest alone last. */
const layers: [string, Said, (plan: ReturnType<typeof planOf>) => unknown, unknown[]][] = [
  [
    'concurrency',
    {
      module: { defaultConcurrency: 1 },
      defaults: { concurrency: 2 },
      code: { concurrency: 3 },
      configuration: { concurrency: 4 },
    },
    (plan) => plan.concurrency,
    [4, 3, 2, 1],
  ],
  [
    'removeOnComplete',
    {
      module: { removeOnComplete: true },
      defaults: { removeOnComplete: false },
      code: { removeOnComplete: true },
      configuration: { removeOnComplete: false },
    },
    (plan) => plan.removeOnComplete,
    [false, true, false, true],
  ],
  [
    'removeOnFail',
    {
      module: { removeOnFail: true },
      defaults: { removeOnFail: 5 },
      code: { removeOnFail: true },
      configuration: { removeOnFail: { age: 9 } },
    },
    (plan) => plan.removeOnFail,
    [false, true, false, true],
  ],
  [
    'maxRescues',
    {
      module: { maxRescues: 1 },
      defaults: { maxRescues: 2 },
      code: { maxRescues: 3 },
      configuration: { maxRescues: 0 },
    },
    (plan) => plan.maxRescues,
    [0, 3, 2, 1],
  ],
  [
    'attempts',
    { defaults: { attempts: 2 }, code: { attempts: 3 }, configuration: { attempts: 4 } },
    (plan) => plan.attempts,
    [4, 3, 2],
  ],
  [
    'priority',
    { defaults: { priority: 'low' }, code: { priority: 3 }, configuration: { priority: 'high' } },
    (plan) => plan.priority,
    [10, 3, -10],
  ],
  [
    'timeout',
    { defaults: { timeout: 1 }, code: { timeout: '1s' }, configuration: { timeout: 2 } },
    (plan) => plan.timeoutMs,
    [2, 1_000, 1],
  ],
  [
    'key',
    { defaults: { key: key1 }, code: { key: key2 }, configuration: { key: key3 } },
    (plan) => plan.key,
    [key3, key2, key1],
  ],
  [
    'a backoff, member by member',
    {
      defaults: { backoff: { type: 'exponential', delay: 1, max: 100 } },
      code: { backoff: { delay: 2, jitter: 0.5 } },
      configuration: { backoff: { max: 50 } },
    },
    (plan) => plan.backoffChoice,
    [
      { type: 'exponential', delay: 2, max: 50, jitter: 0.5 },
      { type: 'exponential', delay: 2, max: 100, jitter: 0.5 },
      { type: 'exponential', delay: 1, max: 100 },
    ],
  ],
  [
    'a retention, member by member, in whatever words',
    {
      module: { retention: { completed: { age: 1, count: 1 } } },
      defaults: { retention: { completed: { count: 2 } } },
      code: { removeOnFail: { count: 3 } },
      configuration: { retention: { failed: { age: 4 } } },
    },
    (plan) => plan.retention,
    [
      { completed: { ageMs: 1, count: 2 }, failed: { ageMs: 4, count: 3 } },
      { completed: { ageMs: 1, count: 2 }, failed: { ageMs: null, count: 3 } },
      { completed: { ageMs: 1, count: 2 }, failed: {} },
      { completed: { ageMs: 1, count: 1 }, failed: {} },
    ],
  ],
];

const PLACES = ['configuration', 'code', 'defaults', 'module'] as const;

describe('of what is said of a name the nearest counts', () => {
  it.each(layers)('%s', (_, said, valueOf, expected) => {
    const nearest = PLACES.filter((place) => said[place] !== undefined);
    const values = nearest.map((_place, i) => {
      const left = nearest.slice(i).map((place) => [place, said[place]]);
      return valueOf(planOf(Object.fromEntries(left) as Said));
    });

    expect(values).toEqual(expected);
  });
});

it('lets the call have the last word on its own job', async () => {
  const { engine, broker } = await makeBench({
    defaults: { attempts: 2, priority: 'low', timeout: 1, removeOnComplete: true },
    handlers: {
      mail: { attempts: 4, priority: 'high', timeout: 2, key: () => 'far', removeOnFail: true },
    },
  });
  const options = {
    attempts: 9,
    priority: 'lowest',
    timeout: 3,
    key: 'near',
    removeOnComplete: false,
    removeOnFail: false,
  } as const;
  await engine.scheduler.now('mail', 1, options);
  await engine.scheduler.now('mail', 1);

  expect(broker.argsOf('enqueue').flatMap(([jobs]) => jobs)).toMatchObject([
    {
      priority: -20,
      key: 'near',
      overrides: { attempts: 9, timeout: 3, removeOnComplete: false, removeOnFail: false },
    },
    { priority: 10, key: 'far' },
  ]);
});
