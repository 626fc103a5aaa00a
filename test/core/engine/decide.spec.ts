import { NonRetryableError } from '../../../lib/core/errors.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import { planOf, readHandlerOptions } from '../../../lib/core/handlers/handler-plan.js';
import type { JobRecord } from '../../../lib/core/job/job-record.js';
import { JobVerdict } from '../../../lib/core/job/verdict.js';
import { decide, passedOver } from '../../../lib/core/worker/decide.js';
import type { Outcome } from '../../../lib/core/worker/outcome.js';

const NOW = Date.UTC(2026, 2, 4, 10, 0, 0);
const lease = { id: 'job-1', name: 'mail', token: 't:1', fence: 1, expiresAt: NOW + 30_000 };

function record(changes: Partial<JobRecord> = {}): JobRecord {
  return {
    id: 'job-1',
    name: 'mail',
    data: { to: 'ada' },
    priority: 0,
    createdAt: NOW - 1_000,
    disabled: false,
    type: 'normal',
    repeat: null,
    overrides: null,
    lastModifiedBy: null,
    fork: false,
    nextRunAt: NOW - 50,
    lockedAt: NOW - 40,
    lastRunAt: null,
    lastFinishedAt: null,
    failedAt: null,
    attempt: 0,
    failCount: 0,
    rescueCount: 0,
    releaseCount: 0,
    snoozeCount: 0,
    occurrenceAt: null,
    failure: null,
    result: undefined,
    progress: null,
    debounceStartedAt: null,
    ...changes,
  };
}

function decideFor(
  changes: Partial<JobRecord>,
  options: HandlerOptions,
  outcome: Outcome,
): { settlement: ReturnType<typeof decide>; reported: Error[] } {
  const reported: Error[] = [];
  const plan = planOf('mail', [readHandlerOptions('mail', options)]);
  const settlement = decide({ record: record(changes), lease, handler: { plan } }, outcome, {
    now: NOW,
    random: () => 0.5,
    report: (error) => reported.push(error),
  });
  return { settlement, reported };
}

const done: Outcome = { kind: 'completed', result: 1, encoded: '1' };
const boom = new Error('boom');
const failed: Outcome = { kind: 'failed', error: boom };
const recurring = { interval: '10 minutes' };

describe('a job that succeeded', () => {
  it('is kept with its result', () => {
    const { settlement } = decideFor({}, {}, done);

    expect(settlement).toEqual({ kind: 'completed', lease, afterExpiry: true, result: '1' });
  });

  it.each([
    ['its handler', { removeOnComplete: true }, {}, true],
    ['the job itself', {}, { removeOnComplete: true }, true],
    ['its handler but not the job', { removeOnComplete: true }, { removeOnComplete: false }, false],
  ])('is removed when %s wishes so', (_who, options, overrides, removed) => {
    const { settlement } = decideFor({ overrides }, options, done);

    expect('remove' in settlement && settlement.remove).toBe(removed);
  });

  it('runs again at the next planned time when it recurs, counted from the plan and not from the run', () => {
    const planned = NOW - 20_000;
    const { settlement } = decideFor({ repeat: recurring, nextRunAt: planned }, {}, done);

    expect(settlement).toMatchObject({ kind: 'completed', nextRunAt: planned + 600_000 });
    expect(settlement).not.toHaveProperty('remove');
  });

  it('is done when its rule has come to its end, and then removed if so wished', () => {
    const repeat = { ...recurring, endDate: NOW + 1_000 };
    const { settlement } = decideFor({ repeat }, { removeOnComplete: true }, done);

    expect(settlement).toMatchObject({ kind: 'completed', remove: true });
    expect(settlement).not.toHaveProperty('nextRunAt');
  });

  it('is kept for people when its rule cannot be read any more', () => {
    const { settlement, reported } = decideFor({ repeat: { interval: 'now and then' } }, {}, done);

    expect(settlement).toMatchObject({ kind: 'bury', reason: 'unrecoverable' });
    expect(reported).toHaveLength(1);
  });
});

describe('a job that failed', () => {
  it.each([
    // failures before, rescues, attempts, what becomes of it
    [0, 0, undefined, 'bury'],
    [0, 0, 1, 'bury'],
    [0, 0, 2, 'retry'],
    [1, 0, 2, 'bury'],
    [1, 0, 3, 'retry'],
    [2, 1, 3, 'retry'],
    [3, 1, 3, 'bury'],
  ])(
    'after %i attempts of which %i were rescued, with attempts %s: %s',
    (attempt, rescueCount, attempts, kind) => {
      const options = attempts === undefined ? {} : { attempts };
      const { settlement } = decideFor({ attempt, rescueCount }, options, failed);

      expect(settlement.kind).toBe(kind);
    },
  );

  it('lets the attempts of the job win over those of its handler', () => {
    const { settlement } = decideFor({ overrides: { attempts: 1 } }, { attempts: 5 }, failed);

    expect(settlement.kind).toBe('bury');
  });

  it('says why it is a dead letter', () => {
    const { settlement } = decideFor({}, {}, failed);

    expect(settlement).toMatchObject({
      kind: 'bury',
      reason: 'exhausted',
      failure: { reason: 'exhausted', name: 'Error', message: 'boom' },
    });
  });

  it.each([
    ['no backoff', { attempts: 9 }, 1, 0],
    ['a duration', { attempts: 9, backoff: '2s' }, 1, 2_000],
    [
      'an exponential one, third failure',
      { attempts: 9, backoff: { type: 'exponential', delay: 100 } },
      2,
      400,
    ],
    ['a function', { attempts: 9, backoff: ({ attempt }) => attempt * 10 }, 2, 30],
    ['a function alone', { backoff: () => 7 }, 40, 7],
  ] as [string, HandlerOptions, number, number][])(
    'waits as its backoff says: %s',
    (_what, options, attempt, delayMs) => {
      const { settlement } = decideFor({ attempt }, options, failed);

      expect(settlement).toMatchObject({ kind: 'retry', due: { delayMs } });
    },
  );

  it('lays the backoff of the job over that of its handler', () => {
    const { settlement } = decideFor(
      { attempt: 1, overrides: { backoff: { delay: 50 } } },
      { attempts: 5, backoff: { type: 'linear', delay: 1_000 } },
      failed,
    );

    expect(settlement).toMatchObject({ kind: 'retry', due: { delayMs: 100 } });
  });

  it('stops when its backoff function says so', () => {
    const { settlement } = decideFor({}, { attempts: 5, backoff: () => null }, failed);

    expect(settlement).toMatchObject({ kind: 'bury', reason: 'exhausted' });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('bad strategy');
      },
    ],
    ['answers NaN', () => Number.NaN],
    ['answers a promise', (() => Promise.resolve(5)) as never],
  ])(
    'is retried without a wait when its backoff function %s, and the mistake is reported',
    (_what, backoff) => {
      const { settlement, reported } = decideFor({}, { attempts: 3, backoff }, failed);

      expect(settlement).toMatchObject({ kind: 'retry', due: { delayMs: 0 } });
      expect(reported).toHaveLength(1);
    },
  );

  it('is a dead letter when its backoff function throws and no attempts were given', () => {
    const backoff = () => {
      throw new Error('bad strategy');
    };
    const { settlement, reported } = decideFor({}, { backoff }, failed);

    expect(settlement).toMatchObject({ kind: 'bury', reason: 'exhausted' });
    expect(reported).toHaveLength(1);
  });

  it.each([
    ['the error itself', new NonRetryableError('no such user')],
    ['its cause', new Error('outer', { cause: new NonRetryableError('no such user') })],
  ])('is buried at once when retrying is pointless, said by %s', (_what, error) => {
    const { settlement } = decideFor({}, { attempts: 5 }, { kind: 'failed', error });

    expect(settlement).toMatchObject({ kind: 'bury', reason: 'unrecoverable' });
  });

  it('is not endless when an error is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;

    expect(decideFor({}, {}, { kind: 'failed', error }).settlement.kind).toBe('bury');
  });

  it('keeps the limits of its dates: a retry after the end is no attempt left', () => {
    const repeat = { endDate: NOW + 1_000 };
    const options = { attempts: 5, backoff: '1m' };

    expect(decideFor({ repeat }, options, failed).settlement.kind).toBe('bury');
  });

  it('keeps the limits of its dates: a retry on a skipped day waits for the next one', () => {
    const repeat = { skipDays: [3], timezone: 'UTC' };
    const options = { attempts: 5, backoff: '1m' };
    const { settlement } = decideFor({ repeat }, options, failed);

    expect(settlement).toMatchObject({ due: { at: NOW + 60_000 + 86_400_000 } });
  });
});

describe('a recurring job that failed', () => {
  it('uses its attempts for this occurrence first', () => {
    const { settlement } = decideFor({ repeat: recurring }, { attempts: 2, backoff: 5 }, failed);

    expect(settlement).toMatchObject({ kind: 'retry', due: { delayMs: 5 } });
    expect(settlement).not.toHaveProperty('fresh');
  });

  it('goes on with its next occurrence, whose attempts count anew, when they are used up', () => {
    const { settlement } = decideFor({ repeat: recurring, attempt: 1 }, { attempts: 2 }, failed);

    expect(settlement).toMatchObject({
      kind: 'retry',
      fresh: true,
      due: { at: NOW - 50 + 600_000 },
    });
  });

  it('goes on with its next occurrence when retrying is pointless', () => {
    const error = new NonRetryableError('no');
    const { settlement } = decideFor(
      { repeat: recurring },
      { attempts: 9 },
      { kind: 'failed', error },
    );

    expect(settlement).toMatchObject({ kind: 'retry', fresh: true });
  });

  it('is a dead letter when there is no next occurrence', () => {
    const repeat = { ...recurring, endDate: NOW + 1_000 };
    const { settlement } = decideFor({ repeat }, {}, failed);

    expect(settlement).toMatchObject({ kind: 'bury', reason: 'exhausted' });
  });
});

describe('a handler that has decided itself', () => {
  const verdict = (said: JobVerdict): Outcome => ({ kind: 'verdict', verdict: said });
  const snooze = (max = Infinity) =>
    verdict(new JobVerdict('job-1', { kind: 'snooze', delayMs: 500, max }, 'Put off.'));
  const retryAt = (at: number) =>
    verdict(new JobVerdict('job-1', { kind: 'retry', at }, 'Closed until then.'));
  const discard = verdict(new JobVerdict('job-1', { kind: 'discard' }, 'Customer left.'));

  it('puts its job off, whatever attempts are left', () => {
    const { settlement } = decideFor({ attempt: 7 }, { attempts: 1 }, snooze());

    expect(settlement).toEqual({
      kind: 'snooze',
      lease,
      afterExpiry: true,
      due: { delayMs: 500 },
    });
  });

  it('stops its name, and nothing is counted', () => {
    const limited = new JobVerdict('job-1', { kind: 'throttle', forMs: 500 }, 'Stopped.');

    const { settlement } = decideFor({ attempt: 7 }, { attempts: 1 }, verdict(limited));

    expect(settlement).toEqual({ kind: 'throttle', lease, afterExpiry: true, forMs: 500 });
  });

  it.each([
    // put off before, `max`, what becomes of it
    [0, 0, 'bury'],
    [0, 1, 'snooze'],
    [1, 2, 'snooze'],
    [2, 2, 'bury'],
    [9, 2, 'bury'],
  ])('after being put off %i times, of at most %i: %s', (snoozeCount, max, kind) => {
    const { settlement } = decideFor({ snoozeCount }, { attempts: 5 }, snooze(max));

    expect(settlement).toMatchObject({ kind, ...(kind === 'bury' && { reason: 'exhausted' }) });
  });

  it('goes on with the next occurrence of a recurring job that is put off too often', () => {
    const { settlement } = decideFor({ repeat: recurring, snoozeCount: 2 }, {}, snooze(2));

    expect(settlement).toMatchObject({ kind: 'retry', fresh: true });
  });

  it('keeps the limits of the dates of its job', () => {
    const skipped = { skipDays: [3], timezone: 'UTC' };
    const ending = { endDate: NOW + 100 };

    const tomorrow = { due: { at: NOW + 500 + 86_400_000 } };
    expect(decideFor({ repeat: skipped }, {}, snooze()).settlement).toMatchObject(tomorrow);
    const two = { attempts: 2 };
    expect(decideFor({ repeat: skipped }, two, retryAt(NOW + 500)).settlement).toMatchObject({
      kind: 'retry',
      ...tomorrow,
    });
    for (const outcome of [snooze(), retryAt(NOW + 500)]) {
      const { settlement } = decideFor({ repeat: ending }, two, outcome);
      expect(settlement).toMatchObject({ kind: 'bury', reason: 'exhausted' });
    }
  });

  it.each([
    // attempts before, attempts, what becomes of it
    [0, undefined, 'bury'],
    [0, 2, 'retry'],
    [1, 2, 'bury'],
  ])('chooses the time of its retry: after %i attempts, of %s: %s', (attempt, attempts, kind) => {
    const options = attempts === undefined ? {} : { attempts };
    const { settlement } = decideFor({ attempt }, options, retryAt(NOW + 70));

    expect(settlement).toMatchObject({
      kind,
      failure: { message: 'Closed until then.' },
      ...(kind === 'retry' && { due: { at: NOW + 70 } }),
    });
  });

  it('keeps the place of its job in the line when that time has passed', () => {
    for (const at of [NOW, NOW - 1e9]) {
      const { settlement } = decideFor({}, { attempts: 2, backoff: '1h' }, retryAt(at));
      expect(settlement).toMatchObject({ kind: 'retry', due: { delayMs: 0 } });
    }
  });

  it('discards its job, whatever attempts are left', () => {
    const { settlement } = decideFor({}, { attempts: 5 }, discard);

    expect(settlement).toMatchObject({
      kind: 'bury',
      reason: 'discarded',
      failure: { reason: 'discarded', message: 'Customer left.' },
    });
  });

  it('discards one occurrence of a recurring job', () => {
    const { settlement } = decideFor({ repeat: recurring }, { attempts: 5 }, discard);

    expect(settlement).toMatchObject({
      kind: 'retry',
      fresh: true,
      due: { at: NOW - 50 + 600_000 },
    });
  });
});

describe('an error that is no failure', () => {
  const excused: Outcome = { kind: 'excused', error: boom };

  it.each([
    ['no backoff', {}, 0, 1_000],
    ['no wait', { backoff: 0 }, 0, 1_000],
    ['a duration', { backoff: 20 }, 0, 20],
    [
      'one that grows, second failure',
      { attempts: 9, backoff: { type: 'linear', delay: 100 } },
      1,
      200,
    ],
    ['no attempt left', { attempts: 1, backoff: '5s' }, 3, 5_000],
    ['a function that says to stop', { backoff: () => null }, 0, 1_000],
  ] as [string, HandlerOptions, number, number][])(
    'waits as the next failure would, or a second: %s',
    (_what, options, attempt, delayMs) => {
      const { settlement } = decideFor({ attempt }, options, excused);

      expect(settlement).toEqual({ kind: 'snooze', lease, afterExpiry: true, due: { delayMs } });
    },
  );

  it('waits a second when its backoff function throws, and the mistake is reported', () => {
    const backoff = () => {
      throw new Error('bad strategy');
    };
    const { settlement, reported } = decideFor({}, { backoff }, excused);

    expect(settlement).toMatchObject({ kind: 'snooze', due: { delayMs: 1_000 } });
    expect(reported).toHaveLength(1);
  });

  it('is the reason of a dead letter where its dates leave no other time', () => {
    const { settlement } = decideFor({ repeat: { endDate: NOW + 100 } }, {}, excused);

    expect(settlement).toMatchObject({
      kind: 'bury',
      reason: 'exhausted',
      failure: { message: 'boom' },
    });
  });
});

it('hands a job back that the host ended', () => {
  const { settlement } = decideFor({ attempt: 3 }, {}, { kind: 'released' });

  expect(settlement).toEqual({ kind: 'release', lease, afterExpiry: true });
});

describe('an interval whose occurrence was retried', () => {
  it('stays on its grid', () => {
    const retried = { occurrenceAt: NOW - 120_000, nextRunAt: NOW - 50, attempt: 1, failCount: 1 };
    const { settlement } = decideFor({ repeat: recurring, ...retried }, {}, done);

    expect(settlement).toMatchObject({ nextRunAt: NOW - 120_000 + 600_000 });
  });
});

describe('a recurring job that is claimed long after its time', () => {
  const late = { nextRunAt: NOW - 25 * 60_000, lockedAt: NOW };
  const passed = (changes: Partial<JobRecord>) =>
    passedOver({ record: record({ ...late, ...changes }), lease }, NOW);

  it('waits for the next occurrence when missed ones are to be skipped', () => {
    const skip = { ...recurring, catchUp: 'skip' } as const;

    expect(passed({ repeat: skip })).toEqual({
      kind: 'skip',
      lease,
      afterExpiry: true,
      nextRunAt: NOW + 5 * 60_000,
    });
    expect(passed({ repeat: { ...skip, endDate: NOW } })).toMatchObject({ kind: 'completed' });
  });

  it('runs otherwise, and when it is not that late, and when it is a retry', () => {
    const skip = { ...recurring, catchUp: 'skip' } as const;

    expect(passed({ repeat: recurring })).toBeUndefined();
    expect(passed({ repeat: skip, nextRunAt: NOW - 1_000 })).toBeUndefined();
    expect(passed({ repeat: skip, attempt: 1, occurrenceAt: NOW - 1e7 })).toBeUndefined();
  });
});
