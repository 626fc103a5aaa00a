import { isDeepStrictEqual } from 'node:util';
import type { Refusal, SettleAnswer, Settlement } from '../../lib/core/contracts/job-broker.js';
import type { Lease } from '../../lib/core/contracts/job-broker.js';
import { describeBackends, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  claimOne,
  claimRequest,
  complete,
  forged,
  idsOf,
  LEASE,
  loseAndRescue,
  release,
  retry,
  settle,
  settleOne,
  snooze,
} from './support/builders.js';

type Held = { readonly lease: Lease };
type Write = (store: OpenBackend, held: Held) => Promise<SettleAnswer>;

const settling =
  (settlementOf: (held: Held) => Settlement): Write =>
  ({ broker }, held) =>
    settleOne(broker, settlementOf(held));

/** The ways to write about an attempt. */
const writes: Record<string, Write> = {
  complete: settling(complete),
  retry: settling(retry),
  bury: settling(bury),
  release: settling(release),
  snooze: settling((held) => snooze(held, { due: { delayMs: 5 } })),
  renew: async ({ broker }, { lease }) => {
    const { lost } = await broker.renew([lease], LEASE);
    return lost[0]?.refusal ?? 'ok';
  },
};
const removing = settling((held) => complete(held, { remove: true }));

/** Brings a job into a state, and returns the lease that the write will name. */
const states: Record<string, (store: OpenBackend) => Promise<Held>> = {
  missing: async ({ broker, manager }) => {
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    await manager.cancel(['a'], 'gone');
    return held;
  },
  'scheduled, never claimed': async ({ broker }) => {
    const { id, name } = await add(broker, { due: { delayMs: 5 } });
    return { lease: { id, name, token: 'never:1', fence: 1, expiresAt: 0 } };
  },
  queued: async ({ broker }) => {
    await add(broker);
    const held = await claimOne(broker);
    await settleOne(broker, release(held));
    return held;
  },
  'failed with a retry ahead': async ({ broker }) => {
    await add(broker);
    const held = await claimOne(broker);
    await settleOne(broker, retry(held, { due: { delayMs: 9 } }));
    return held;
  },
  repeating: async ({ broker, repository, clock }) => {
    const nextRunAt = new Date(clock.now());
    await repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 hour',
      nextRunAt,
      priority: 0,
      data: null,
    });
    const held = await claimOne(broker);
    await settleOne(broker, complete(held, { nextRunAt: clock.now() + 3_600_000 }));
    return held;
  },
  paused: async ({ broker, repository }) => {
    const { id } = await add(broker);
    const held = await claimOne(broker);
    await settleOne(broker, release(held));
    await repository.disableJobs({ id });
    return held;
  },
  'running, own token, expired': async ({ broker, clock }) => {
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(LEASE);
    return held;
  },
  'running, foreign token, expired': async ({ broker, clock }) => {
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(LEASE);
    return forged(held);
  },
  'running, foreign token': async ({ broker, clock }) => {
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(LEASE - 1);
    return forged(held);
  },
  'running, own token': async ({ broker, clock }) => {
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(LEASE - 1);
    return held;
  },
  completed: async ({ broker }) => {
    await add(broker);
    const held = await claimOne(broker);
    await settleOne(broker, complete(held, { result: '1' }));
    return held;
  },
  'a dead letter': async ({ broker }) => {
    await add(broker);
    const held = await claimOne(broker);
    await settleOne(broker, bury(held));
    return held;
  },
};

const all = (word: SettleAnswer): SettleAnswer[] => Array<SettleAnswer>(6).fill(word);
const unlessBuried: SettleAnswer[] = [
  'not-running',
  'ok',
  'not-running',
  'not-running',
  'not-running',
];
/** What complete, retry, bury, release, snooze and renew are told. */
const ladder: Record<keyof typeof states, SettleAnswer[]> = {
  missing: all('not-found'),
  'scheduled, never claimed': all('not-running'),
  queued: all('not-running'),
  'failed with a retry ahead': all('not-running'),
  repeating: all('not-running'),
  paused: all('not-running'),
  'running, own token, expired': all('lease-expired'),
  'running, foreign token, expired': all('lease-expired'),
  'running, foreign token': all('lease-mismatch'),
  'running, own token': all('ok'),
  completed: ['ok', ...unlessBuried],
  'a dead letter': ['not-running', ...unlessBuried],
};
const cases = Object.keys(states).flatMap((state) =>
  Object.keys(writes).map((write, i) => [write, state, ladder[state]![i]!] as const),
);

describeBackends('every write of a worker', (open) => {
  it.each(cases)('%s of a job that is %s: %s', async (write, state, answer) => {
    const store = await open();
    const held = await states[state]!(store);
    const before = await store.dump();

    expect(await writes[write]!(store, held)).toBe(answer);

    const hasWritten = !isDeepStrictEqual(await store.dump(), before);
    expect(hasWritten).toBe(state === 'running, own token');
  });

  it.each(Object.entries(ladder))(
    'complete with remove of a job that is %s is told as complete is',
    async (state, [answer]) => {
      const store = await open();
      const held = await states[state]!(store);

      expect(await removing(store, held)).toBe(answer);
    },
  );

  it.each(['complete', 'retry', 'bury', 'release', 'snooze'])(
    '%s marked afterExpiry passes a lease that ran out, as long as nobody has taken the job over',
    async (kind) => {
      const store = await open();
      const settlementOf = { complete, retry, bury, release, snooze }[kind]!;
      await add(store.broker);
      const held = await claimOne(store.broker);
      store.clock.advance(LEASE);

      const late = { ...settlementOf(held), afterExpiry: true };
      expect(await settleOne(store.broker, settlementOf(held))).toBe('lease-expired');
      const foreign = { ...settlementOf(forged(held)), afterExpiry: true };
      expect(await settleOne(store.broker, foreign)).toBe('lease-mismatch');
      expect(await settleOne(store.broker, late)).toBe('ok');
    },
  );

  it('marked afterExpiry, is refused once the job was rescued, and once another has it', async () => {
    const store = await open();
    await add(store.broker);
    const held = await claimOne(store.broker);
    await loseAndRescue(store);
    const late = { ...complete(held), afterExpiry: true };

    expect(await settleOne(store.broker, late)).toBe('not-running');
    await claimOne(store.broker, { host: 'host-b' });
    expect(await settleOne(store.broker, late)).toBe('lease-mismatch');
  });

  it.each(Object.keys(writes))(
    '%s with the token from before a rescue changes nothing',
    async (write) => {
      const store = await open();
      await add(store.broker);
      const held = await claimOne(store.broker);
      await loseAndRescue(store);
      const again = await claimOne(store.broker, { host: 'host-b' });
      const before = await store.dump();

      expect(await writes[write]!(store, held)).toBe('lease-mismatch');
      expect(await store.dump()).toEqual(before);
      expect(await settleOne(store.broker, complete(again))).toBe('ok');
    },
  );

  it('is judged alone: a refused one leaves its neighbours and the claim untouched', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 5, (i) => ({ id: `job-${i}` }));
    const { jobs } = await claim(broker, { slots: 3 });
    const [first, second, third] = jobs;

    const { answers, jobs: next } = await broker.settleAndClaim(
      [
        complete(first!),
        complete(forged(second!)),
        retry({ lease: { ...first!.lease, id: 'nobody' } }),
        bury(third!),
      ],
      claimRequest({ slots: 2 }),
    );

    expect(answers).toEqual(['ok', 'lease-mismatch', 'not-found', 'ok']);
    expect(idsOf(next)).toEqual(['job-3', 'job-4']);
    expect((await manager.counts()).get('mail')).toMatchObject({
      completed: 1,
      failed: 1,
      running: 3,
    });
  });

  it.each<[string, (held: Held) => Settlement, SettleAnswer]>([
    ['complete', complete, 'ok'],
    ['bury', bury, 'ok'],
    ['retry', retry, 'not-running'],
    ['release', release, 'not-running'],
    ['snooze', snooze, 'not-running'],
    ['removal', (held) => complete(held, { remove: true }), 'not-found'],
  ])('%s twice in one batch counts once', async (_, settlementOf, second) => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);

    expect(await settle(broker, settlementOf(held), settlementOf(held))).toEqual(['ok', second]);

    const job = await manager.get('a');
    expect((job?.attempt ?? 0) + (job?.releaseCount ?? 0) + (job?.snoozeCount ?? 0)).toBe(
      job ? 1 : 0,
    );
  });

  it('takes the first of two ends of one attempt', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);

    expect(await settle(broker, retry(held), complete(held))).toEqual(['ok', 'not-running']);
    expect(await manager.get('a')).toMatchObject({ failCount: 1, nextRunAt: expect.any(Number) });
  });

  it('finds expired before mismatch, and a wrong token no worse than a cut one', async () => {
    const { broker } = await open();
    await add(broker);
    const held = await claimOne(broker);
    const { token } = held.lease;
    const refusals: Refusal[] = [];

    for (const wrong of ['', token.slice(0, -1), `${token}0`, token.toUpperCase() + ' ']) {
      const answer = await settleOne(broker, complete({ lease: { ...held.lease, token: wrong } }));
      refusals.push(answer as Refusal);
    }

    expect(refusals).toEqual(Array(4).fill('lease-mismatch'));
    expect(await settleOne(broker, complete(held))).toBe('ok');
  });
});
