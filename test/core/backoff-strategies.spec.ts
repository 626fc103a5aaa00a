import fc from 'fast-check';
import { compileBackoff } from '../../lib/core/backoff.js';
import {
  backoffStrategies,
  type BackoffStrategy,
  combine,
  constant,
  exponential,
  linear,
  type StrategyContext,
  when,
} from '../../lib/core/backoff-strategies.js';
import { InvalidOptionError } from '../../lib/core/errors.js';

const failure = (context: Partial<StrategyContext> = {}): StrategyContext => ({
  attempt: 1,
  error: new Error('boom'),
  jobName: 'mail',
  jobData: undefined,
  ...context,
});

const waits = (strategy: BackoffStrategy, attempts: number, random?: () => number) =>
  Array.from({ length: attempts }, (_, index) =>
    strategy(failure({ attempt: index + 1, ...(random && { random }) })),
  );

const middle = () => 0.5;

it.each<[string, BackoffStrategy, (number | null)[]]>([
  ['constant', constant(), [1_000, 1_000, 1_000, null]],
  ['constant with options', constant({ delay: 5, maxRetries: 1 }), [5, null]],
  ['linear', linear(), [1_000, 2_000, 3_000, null]],
  [
    'linear with an increment',
    linear({ delay: 1_000, increment: 2_000, maxRetries: 4 }),
    [1_000, 3_000, 5_000, 7_000, null],
  ],
  ['linear grows by its delay', linear({ delay: 10 }), [10, 20, 30, null]],
  ['exponential', exponential(), [1_000, 2_000, 4_000, null]],
  ['exponential with a factor', exponential({ delay: 1, factor: 10 }), [1, 10, 100, null]],
  ['exponential, unrounded', exponential({ delay: 1, factor: 1.5 }), [1, 1.5, 2.25, null]],
  ['a cap', exponential({ maxDelay: 3_000 }), [1_000, 2_000, 3_000, null]],
  ['no retries', constant({ maxRetries: 0 }), [null]],
  ['aggressive', backoffStrategies.aggressive(), [100, 200, 400, null]],
])('%s', (_, strategy, expected) => {
  expect(waits(strategy, expected.length)).toEqual(expected);
});

it.each<[string, BackoffStrategy, (number | null)[]]>([
  ['standard', backoffStrategies.standard(), [1_000, 2_000, 4_000, 8_000, 16_000, null]],
  ['relaxed', backoffStrategies.relaxed(), [5_000, 15_000, 45_000, 135_000, null]],
])('%s, each wait ± 10 %%', (_, strategy, expected) => {
  expect(waits(strategy, expected.length, middle)).toEqual(expected);
  fc.assert(
    fc.property(fc.nat(expected.length - 2), (index) => {
      const wait = strategy(failure({ attempt: index + 1 }))!;
      expect(Number.isInteger(wait)).toBe(true);
      expect(Math.abs(wait - expected[index]!)).toBeLessThanOrEqual(expected[index]! * 0.1);
    }),
  );
});

it('applies jitter to both sides after the cap, rounded', () => {
  const strategy = exponential({ delay: 1_001, maxDelay: 1_001, jitter: 0.5 });

  expect(strategy(failure({ attempt: 3, random: () => 0 }))).toBe(501);
  expect(strategy(failure({ attempt: 3, random: () => 0.999_999 }))).toBe(1_501);
});

it('combine takes the first that does not stop, counting attempts from the first failure', () => {
  const strategy = combine(constant({ delay: 1, maxRetries: 2 }), exponential({ maxRetries: 4 }));

  expect(waits(strategy, 5)).toEqual([1, 1, 4_000, 8_000, null]);
  expect(waits(combine(), 1)).toEqual([null]);
});

it('when asks its condition each time', () => {
  const strategy = when(({ error }) => error.message === 'timeout', constant());

  expect(strategy(failure({ error: new Error('timeout') }))).toBe(1_000);
  expect(strategy(failure({ error: new Error('other') }))).toBeNull();
});

it('serves as a backoff option', () => {
  const backoff = compileBackoff(backoffStrategies.aggressive());
  const context = { ...failure({ attempt: 2 }), now: 0, random: middle };

  expect(backoff(context)).toBe(200);
  expect(backoff({ ...context, attempt: 4 })).toBeNull();
});

it('holds the eight names of Agenda', () => {
  expect(Object.keys(backoffStrategies).sort()).toEqual(
    'aggressive combine constant exponential linear relaxed standard when'.split(' '),
  );
});

it.each([
  { delay: -1 },
  { delay: NaN },
  { maxRetries: -1 },
  { maxDelay: -5 },
  { jitter: 2 },
  { jitter: -0.1 },
])('refuses %j', (options) => {
  expect(() => constant(options)).toThrow(InvalidOptionError);
});
