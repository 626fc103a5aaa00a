import fc from 'fast-check';
import {
  type BackoffContext,
  type BackoffOption,
  type BackoffRule,
  compileBackoff,
} from '../../lib/core/backoff.js';
import { LONGEST_DURATION } from '../../lib/core/duration.js';
import { BackoffError, InvalidOptionError } from '../../lib/core/errors.js';

const DAY = 86_400_000;

const failure = (context: Partial<BackoffContext> = {}): BackoffContext => ({
  attempt: 1,
  error: new Error('boom'),
  jobName: 'mail',
  jobData: { to: 'ada' },
  now: 1_000_000,
  random: () => 0.5,
  ...context,
});

const waits = (option: BackoffOption, attempts: number, context: Partial<BackoffContext> = {}) => {
  const backoff = compileBackoff(option);
  return Array.from({ length: attempts }, (_, index) =>
    backoff(failure({ ...context, attempt: index + 1 })),
  );
};

describe('a declarative backoff', () => {
  it.each<[string, BackoffOption, number[]]>([
    ['a number', 500, [500, 500, 500]],
    ['a duration', '2 seconds', [2_000, 2_000, 2_000]],
    ['zero', 0, [0, 0, 0]],
    ['fixed', { type: 'fixed', delay: '1s' }, [1_000, 1_000, 1_000]],
    ['linear', { type: 'linear', delay: '1s' }, [1_000, 2_000, 3_000]],
    ['exponential', { type: 'exponential', delay: '1s' }, [1_000, 2_000, 4_000, 8_000]],
    ['a factor', { type: 'exponential', delay: 100, factor: 3 }, [100, 300, 900]],
    ['a cap', { type: 'exponential', delay: '1s', max: '3s' }, [1_000, 2_000, 3_000, 3_000]],
    ['no delay', { type: 'exponential', delay: 0, factor: 1e300 }, [0, 0, 0]],
    ['jitter', { type: 'fixed', delay: 1_000, jitter: 0.4 }, [800, 800]],
    ['full jitter', { type: 'fixed', delay: 1_000, jitter: 1 }, [500, 500]],
    // Between 100 and 300, in the middle; then between 100 and 600.
    ['decorrelated', { type: 'decorrelated', delay: 100 }, [200, 350]],
  ])('%s waits as long as its formula says', (_, option, expected) => {
    expect(waits(option, expected.length)).toEqual(expected);
  });

  it('never waits longer than a day unless told otherwise', () => {
    expect(waits({ type: 'exponential', delay: '1h' }, 2_000).at(-1)).toBe(DAY);
    expect(waits({ type: 'linear', delay: '1h' }, 30).at(-1)).toBe(DAY);
    expect(waits({ type: 'fixed', delay: '2 days' }, 1)).toEqual([DAY]);
    expect(waits({ type: 'fixed', delay: '2 days', max: '1 week' }, 1)).toEqual([2 * DAY]);
  });

  it('spreads evenly between what jitter leaves and the whole wait', () => {
    const rule: BackoffRule = { type: 'fixed', delay: 1_000, jitter: 0.25 };

    expect(waits(rule, 1, { random: () => 0 })).toEqual([1_000]);
    expect(waits(rule, 1, { random: () => 1 - 2 ** -53 })).toEqual([750]);
  });

  const rules = fc.record(
    {
      type: fc.constantFrom<BackoffRule['type']>('fixed', 'linear', 'exponential', 'decorrelated'),
      delay: fc.integer({ min: 0, max: 10 * DAY }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      max: fc.integer({ min: 0, max: LONGEST_DURATION }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    },
    { requiredKeys: ['type', 'delay'] },
  );
  const attempts = fc.integer({ min: 1, max: 100_000 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it('keeps within its bounds for every attempt and every chance', () => {
    fc.assert(
      fc.property(rules, attempts, chance, (rule, attempt, drawn) => {
        const wait = compileBackoff(rule)(failure({ attempt, random: () => drawn }))!;
        const max = rule.max ?? DAY;
        const whole = {
          fixed: rule.delay,
          linear: rule.delay * attempt,
          exponential: rule.delay === 0 ? 0 : rule.delay * (rule.factor ?? 2) ** (attempt - 1),
          decorrelated: rule.delay * 3 ** Math.min(attempt, 600),
        }[rule.type];
        const least = rule.type === 'decorrelated' ? rule.delay : whole;
        const share = 1 - (rule.jitter ?? 0);

        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeLessThanOrEqual(Math.ceil(Math.min(whole, max)));
        expect(wait).toBeGreaterThanOrEqual(Math.floor(Math.min(least, max) * share));
      }),
    );
  });

  it('never shortens a wait from one attempt to the next without chance', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 1_000 }), (rule, attempt) => {
        fc.pre(rule.type !== 'decorrelated');
        const [backoff, random] = [compileBackoff(rule), () => 0];

        expect(backoff(failure({ attempt: attempt + 1, random }))).toBeGreaterThanOrEqual(
          backoff(failure({ attempt, random }))!,
        );
      }),
    );
  });

  it.each<[unknown, string]>([
    [-1, 'backoff'],
    ['soon', 'backoff'],
    [null, 'backoff'],
    [undefined, 'backoff'],
    [true, 'backoff'],
    [[1, 2], 'backoff'],
    [{}, 'backoff.delay'],
    [{ type: 'fixed' }, 'backoff.delay'],
    [{ type: 'fixed', delay: -1 }, 'backoff.delay'],
    [{ delay: 1 }, 'backoff.type'],
    [{ type: 'quadratic', delay: 1 }, 'backoff.type'],
    [{ type: 'exponential', delay: 1, factor: 0.5 }, 'backoff.factor'],
    [{ type: 'exponential', delay: 1, factor: Infinity }, 'backoff.factor'],
    [{ type: 'exponential', delay: 1, factor: '2' }, 'backoff.factor'],
    [{ type: 'fixed', delay: 1, jitter: 1.1 }, 'backoff.jitter'],
    [{ type: 'fixed', delay: 1, jitter: -0.1 }, 'backoff.jitter'],
    [{ type: 'fixed', delay: 1, jitter: NaN }, 'backoff.jitter'],
    [{ type: 'fixed', delay: 1, max: 'never' }, 'backoff.max'],
    [{ type: 'fixed', delay: 1, maxDelay: 5 }, 'backoff.maxDelay'],
  ])('%j is refused by its name', (option, name) => {
    expect(() => compileBackoff(option as BackoffOption)).toThrow(InvalidOptionError);
    expect(() => compileBackoff(option as BackoffOption)).toThrow(`\`${name}\``);
  });
});

describe('a backoff function', () => {
  it('learns what failed', () => {
    const seen: BackoffContext[] = [];
    const context = failure({ attempt: 3 });

    compileBackoff((given) => {
      seen.push(given);
      return 1;
    })(context);

    expect(seen).toEqual([context]);
  });

  it.each<[string, unknown, number | null]>([
    ['a number', 1_500, 1_500],
    ['zero', 0, 0],
    ['a duration', '2 minutes', 120_000],
    ['a date ahead', new Date(1_005_000), 5_000],
    ['a date in the past', new Date(0), 0],
    ['null', null, null],
    ['undefined', undefined, null],
    ['false', false, null],
  ])('may answer %s', (_, answer, expected) => {
    expect(compileBackoff(() => answer as number)(failure())).toBe(expected);
  });

  it.each<[unknown]>([
    [NaN],
    [-1],
    [Infinity],
    [-Infinity],
    [LONGEST_DURATION + 1],
    ['soon'],
    [''],
    [true],
    [new Date(NaN)],
    [{}],
    [[]],
    [Promise.resolve(5)],
    [() => 5],
  ])('that answers %p is reported as broken', (answer) => {
    const backoff = compileBackoff(() => answer as number);

    expect(() => backoff(failure())).toThrow(BackoffError);
    expect(() => backoff(failure())).toThrow('The backoff function of job "mail" answered');
  });

  it('that throws is reported as broken, with the cause', () => {
    const cause = new Error('bug');
    const backoff = compileBackoff(() => {
      throw cause;
    });

    expect(() => backoff(failure())).toThrow(
      expect.objectContaining({ name: 'BackoffError', jobName: 'mail', cause }) as Error,
    );
  });

  it('that rejects leaves no rejection behind', async () => {
    const backoff = compileBackoff((() => Promise.reject(new Error('bug'))) as never);

    expect(() => backoff(failure())).toThrow(BackoffError);
    // An unhandled rejection would fail this file.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
