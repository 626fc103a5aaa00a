import { jest } from '@jest/globals';
import type { Renewal, Renewed } from '../../../lib/core/contracts/job-broker.js';
import { LeaseLostError } from '../../../lib/core/errors.js';
import { planOf } from '../../../lib/core/handlers/handler-plan.js';
import type { JobRecord } from '../../../lib/core/job/job-record.js';
import type { JobHome } from '../../../lib/core/job/job.js';
import { Attempt } from '../../../lib/core/worker/attempt.js';
import { LeaseKeeper } from '../../../lib/core/worker/lease-keeper.js';

/*
 * By a clock that is moved by hand. Claims are sent at 0; a lease lasts 30 s, of which the last 2 s are
 * not trusted.
 */

const LEASE = 30_000;
const MARGIN = 2_000;
const ALL_KEPT: Renewal = { now: 0, lost: [] };

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const after = (ms: number): Promise<Renewal> =>
  new Promise((resolve) => setTimeout(() => resolve(ALL_KEPT), ms));
const never = (): Promise<Renewal> => new Promise(() => {});

/** A keeper of so many leases; each of its renewals has the next answer, or none any more. */
function keep(count: number, ...answers: (() => Promise<Renewal>)[]) {
  const renewals: (readonly Renewed[])[] = [];
  const keeper = new LeaseKeeper(LEASE, {
    renew: (leases) => {
      renewals.push(leases);
      return (answers.shift() ?? never)();
    },
    lost: () => {},
    failed: () => {},
    recovered: () => {},
  });
  const attempts = Array.from({ length: count }, (_, i) => {
    const attempt = newAttempt(`job-${i}`, keeper.trustFrom(performance.now()));
    keeper.hold(attempt);
    return attempt;
  });
  return { keeper, renewals, attempts };
}

function newAttempt(id: string, trustedUntil: number): Attempt {
  const record = { id, name: 'x', overrides: {} } as JobRecord;
  const lease = { id, name: 'x', token: id, fence: 1, expiresAt: 0 };
  const handler = { name: 'x', origin: '', plan: planOf('', []), run: () => undefined };
  const nobody = {
    home: {} as JobHome,
    touch: () => Promise.resolve(),
    report: () => {},
    log: () => {},
  };
  return new Attempt({ record, lease }, handler, nobody, trustedUntil);
}

describe('leases that are kept', () => {
  it('are renewed each third of their time, at most 100 a call, whether or not there were answers', async () => {
    const { keeper, renewals } = keep(250);

    await pass(LEASE / 3 - 1);
    expect(renewals).toEqual([]);
    await pass(1);
    expect(renewals.map(({ length }) => length)).toEqual([100, 100, 50]);
    await pass(LEASE / 3);
    expect(renewals).toHaveLength(6);
    const ids = renewals.slice(3).flatMap((leases) => leases.map(({ id }) => id));
    expect(new Set(ids).size).toBe(250);
    keeper.stop();
  });

  it.each<[string, (() => Promise<Renewal>)[], number]>([
    ['from the claim, when nothing was heard since', [], 0],
    ['from when the renewal was sent, however late its answer', [() => after(15_000)], 10_000],
    [
      'from the newest renewal, also when an older one is answered after it',
      [() => after(15_000), () => after(1_000)],
      20_000,
    ],
  ])('are trusted %s', async (_, answers, sentAt) => {
    const { keeper, attempts } = keep(1, ...answers);
    const { signal } = attempts[0]!;

    await pass(sentAt + LEASE - MARGIN - 1);
    expect(signal.aborted).toBe(false);
    await pass(1);

    expect(signal.reason).toBeInstanceOf(LeaseLostError);
    expect(signal.reason).toMatchObject({ reason: 'expired' });
    keeper.stop();
  });
});
