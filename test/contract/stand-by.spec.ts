import { EVERY_NAME } from '../../lib/core/contracts/notification-channel.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimOne,
  complete,
  loseAndRescue,
  passTime,
  retry,
  settleOne,
} from './support/builders.js';
import { listen, timesOf } from './support/listen.js';
import { Sleepers, STAND_MS } from './support/sleepers.js';

describeBackends('a host that stands by', (open) => {
  it('is told so, and two of a group are told when the next job is due', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store);
    await add(store.broker, { due: { delayMs: 500 } });

    const answers = [];
    for (const host of ['a', 'b', 'c', 'a']) answers.push(await hosts.claim(host));

    expect(answers.map(({ standsBy, dueInMs }) => [standsBy, dueInMs])).toEqual([
      [true, 500],
      [true, 500],
      [true, null],
      [true, 500],
    ]);
  });

  it('does not, as long as it has no room, or finds something due', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store);
    await addMany(store.broker, 2);

    expect((await hosts.claim('a')).standsBy).toBeUndefined();
    expect((await hosts.claim('a', { slots: 0 })).standsBy).toBeUndefined();
    expect((await hosts.claim('a', { names: [{ name: 'mail', slots: 0 }] })).standsBy).toBe(
      undefined,
    );
    expect((await hosts.claim('a', { slots: 2 })).standsBy).toBe(true);
  });

  it('sleeps on while the store is paused, and all of them hear when that ends', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c');
    await store.manager.pause({});
    await add(store.broker);
    await hosts.rest('a', 'b', 'c');

    await store.manager.resume(undefined);

    expect((await hosts.told()).map(([host, name]) => [host, name])).toEqual([
      ['a', EVERY_NAME],
      ['b', EVERY_NAME],
      ['c', EVERY_NAME],
    ]);
  });

  it.each([{ group: 'a b' }, { group: '' }, { forMs: 0 }, { forMs: NaN }])(
    'is refused with %j, and nothing is claimed',
    async (asked) => {
      const store = await open();
      const hosts = await Sleepers.of(store);
      await add(store.broker);

      await expect(hosts.claim('a', asked)).rejects.toThrow(InvalidOptionError);
      expect((await store.manager.counts()).get('mail')).toMatchObject({ queued: 1 });
    },
  );
});

describeBackends('what becomes due', (open) => {
  it('wakes two hosts that stand by, those first that sleep longest', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd', 'e');
    await hosts.rest('e', 'd', 'c', 'b', 'a');

    await add(store.broker);

    expect(await hosts.told()).toEqual([
      ['e', 'mail', 5],
      ['d', 'mail', 5],
    ]);
  });

  it('wakes others next time: who was woken has to say anew that it stands by', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd', 'e');
    await hosts.rest('a', 'b', 'c', 'd', 'e');
    const addAndTake = async () => {
      await add(store.broker);
      await claimOne(store.broker, { host: 'not one of them' });
      return hosts.woken();
    };

    expect(await addAndTake()).toEqual(['a', 'b']);
    expect(await addAndTake()).toEqual(['c', 'd']);
    await hosts.rest('b');
    expect(await addAndTake()).toEqual(['e', 'b']);
    expect(await addAndTake()).toEqual([]);
  });

  it('wakes those that have room for its name, and no others', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c');
    await hosts.claim('a', { names: ['mail', 'report'] });
    await hosts.claim('b', { names: ['report'] });
    await hosts.claim('c', { names: ['mail', { name: 'report', slots: 0 }] });

    await add(store.broker, { name: 'report' });
    expect((await hosts.woken()).sort()).toEqual(['a', 'b']);
    await add(store.broker, { name: 'mail' });
    expect(await hosts.woken()).toEqual(['c']);
    await add(store.broker, { name: 'nobody' });
    expect(await hosts.woken()).toEqual([]);
  });

  it('wakes no more than two, however many groups there are', async () => {
    const store = await open();
    const names = ['a', 'b', 'c', 'd'];
    const hosts = await Sleepers.of(store, ...names);
    for (const host of names) {
      await hosts.claim(host, { group: `of-${host}` });
      store.clock.advance(1);
    }
    await hosts.told();

    await add(store.broker);

    expect(await hosts.woken()).toEqual(['d', 'c']);
  });

  it.each([
    ['stands by', 1, ['a']],
    ['stands by no longer', 0, []],
  ])('finds a host that %s %i ms before its time is over', async (_, before, expected) => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a');
    await hosts.claim('a', { forMs: 1_000 });
    store.clock.advance(1_000 - before);
    await hosts.told();

    await add(store.broker);

    expect(await hosts.woken()).toEqual(expected);
  });

  it('passes over those whose time is over, also where these sleep in front', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    for (const host of ['a', 'b', 'c']) await hosts.claim(host, { forMs: 1_000 });
    await hosts.claim('d');
    store.clock.advance(1_000);
    await hosts.told();

    await add(store.broker);

    expect(await hosts.woken()).toEqual(['d']);
  });

  it('still wakes hosts that have been looking in vain for hours', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a');
    for (let minutes = 0; minutes < 120; minutes += 1) {
      await hosts.claim('a', { forMs: 90_000 });
      store.clock.advance(60_000);
    }
    await hosts.told();

    await add(store.broker);

    expect(await hosts.woken()).toEqual(['a']);
  });

  it.each(['retry', 'rescue', 'resumed name', 'freed limit', 'raised limit', 'enabled job'])(
    'may come of a %s',
    async (what) => {
      const store = await open();
      const { broker, manager, repository } = store;
      const hosts = await Sleepers.of(store, 'a', 'b', 'c');
      const concurrency = what.includes('limit') ? 1 : 5;
      await broker.register([{ name: 'mail', maxRescues: 2, limits: { concurrency } }]);
      const { id } = await add(broker);
      if (what.includes('limit')) await add(broker);
      if (what === 'resumed name') await manager.pause({ name: 'mail' });
      if (what === 'enabled job') await repository.disableJobs({ id });
      const held =
        what.endsWith('d job') || what.endsWith('d name') ? undefined : await claimOne(broker);
      if (what === 'rescue') store.clock.advance(30_000);
      await hosts.rest('a', 'b', 'c');

      const steps: Record<string, () => Promise<unknown>> = {
        retry: () => settleOne(broker, retry(held!)),
        rescue: () => broker.rescue(10, 30_000),
        'resumed name': () => manager.resume('mail'),
        'freed limit': () => settleOne(broker, complete(held!)),
        'raised limit': () => manager.setLimits('mail', { concurrency: 2 }),
        'enabled job': () => repository.enableJobs({ id }),
      };
      await steps[what]!();

      expect(await hosts.woken()).toEqual(['a', 'b']);
    },
  );

  it('is told to those who listen to all names as well, and to hosts without a word of theirs never', async () => {
    const store = await open();
    const heard = await listen(store);
    const hosts = await Sleepers.of(store, 'a', 'b');
    const { dueInMs, standsBy } = await claim(store.broker, { host: 'b' });
    expect([dueInMs, standsBy]).toEqual([null, undefined]);
    await hosts.rest('a');
    await heard();

    await add(store.broker);

    expect(timesOf(await heard())).toEqual([['mail', 1]]);
    expect(await hosts.woken()).toEqual(['a']);
  });
});

describeBackends('a claim that leaves jobs due to others', (open) => {
  it('wakes two more', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd', 'e');
    await hosts.rest('a', 'b', 'c', 'd', 'e');
    await addMany(store.broker, 10);
    expect(await hosts.woken()).toEqual(['a', 'b']);

    await hosts.claim('a', { slots: 3 });

    expect(await hosts.woken()).toEqual(['c', 'd']);
    await hosts.claim('b', { slots: 3 });
    expect(await hosts.woken()).toEqual(['e']);
  });

  it('wakes nobody when nothing is left, or when it did not stand by', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c');
    await addMany(store.broker, 4);
    await hosts.woken();

    await hosts.claim('d', { slots: 1 });
    expect(await hosts.woken()).toEqual([]);
    await hosts.claim('a', { slots: 3 });
    expect(await hosts.woken()).toEqual([]);
  });

  it('passes on what it has no room for, also when it has no room at all', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd', 'e');
    await hosts.rest('a', 'b', 'c', 'd', 'e');
    await addMany(store.broker, 2);
    await hosts.woken();

    await hosts.claim('a', { slots: 0 });
    expect(await hosts.woken()).toEqual(['c', 'd']);
    const { standsBy } = await hosts.claim('b', { names: [{ name: 'mail', slots: 0 }, 'report'] });
    expect([standsBy, await hosts.woken()]).toEqual([true, ['e']]);
  });

  it('never wakes itself', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b');
    const names = ['report', { name: 'mail', slots: 1 }];
    const asked = { slots: 3, names, group: 'both' };
    for (const host of ['a', 'b']) await hosts.claim(host, asked);
    await addMany(store.broker, 3);
    await hosts.woken();

    // Room for one of the three, and free slots for the other name.
    const { standsBy, jobs } = await hosts.claim('a', asked);
    expect([standsBy, jobs.length, await hosts.woken()]).toEqual([true, 1, []]);
    await hosts.claim('b', asked);
    expect(await hosts.woken()).toEqual(['a']);
  });

  it('wakes two more, once, for a job on its last start that it may not have', async () => {
    const store = await open();
    const { broker } = store;
    await broker.register([{ name: 'mail', maxRescues: 1 }]);
    await add(broker);
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd', 'e', 'f');
    await claimOne(broker);
    await hosts.rest('a', 'b', 'c', 'd', 'e', 'f');
    await passTime(store, 1);
    await loseAndRescue(store);
    expect(await hosts.woken()).toEqual(['a', 'b']);

    const holdBack = async (host: string) => {
      const { heldBack } = await hosts.claim(host, { lastStarts: 0 });
      return [heldBack, await hosts.woken()];
    };
    expect(await holdBack('a')).toEqual([true, ['c', 'd']]);
    expect(await holdBack('b')).toEqual([true, []]);
    expect(await holdBack('c')).toEqual([true, []]);
  });
});

describeBackends('the watch of a group', (open) => {
  it('hears of instants ahead, and nobody else does', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c', 'd');

    await add(store.broker, { due: { at: START + 900 } });
    await add(store.broker, { due: { at: START + 950 } });
    await add(store.broker, { due: { at: START + 300 } });

    expect(await hosts.told()).toEqual([
      ['a', 'mail', 900],
      ['b', 'mail', 900],
      ['a', 'mail', 300],
      ['b', 'mail', 300],
    ]);
  });

  it('stays with a host that is woken and comes back', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c');
    await hosts.rest('a', 'b', 'c');
    await add(store.broker);
    await claimOne(store.broker);
    await hosts.rest('b', 'a');

    await add(store.broker, { due: { at: START + 900 } });

    expect((await hosts.woken()).sort()).toEqual(['a', 'b']);
  });

  it('is handed on by the last one who goes: one who sleeps is woken, and takes it', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c', 'd');
    await add(store.broker, { name: 'report', due: { at: START + 900 } });
    await hosts.claim('a', { slots: 0, names: [] });
    expect(await hosts.told()).toEqual([]);

    await hosts.claim('b', { slots: 0, names: [] });
    expect(await hosts.told()).toEqual([['c', EVERY_NAME, 4]]);

    await add(store.broker, { due: { at: START + 800 } });
    expect(await hosts.told()).toEqual([['d', EVERY_NAME, 4]]);
    expect((await hosts.claim('c')).dueInMs).toBe(796);
    await add(store.broker, { due: { at: START + 700 } });
    expect(await hosts.told()).toEqual([['c', 'mail', 700]]);
  });

  it('is handed on by a host that gets as many jobs as it has slots for', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c', 'd');
    await hosts.claim('b', { slots: 0, names: [] });
    await add(store.broker);
    expect(await hosts.woken()).toEqual(['a', 'c']);

    await hosts.claim('a', { slots: 1 });

    expect(await hosts.told()).toEqual([['d', EVERY_NAME, 4]]);
  });

  it('is handed on by a host that was woken to take it, and cannot', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c', 'd');
    await hosts.claim('a', { slots: 0, names: [] });
    await hosts.claim('b', { slots: 0, names: [] });
    expect(await hosts.told()).toEqual([['c', EVERY_NAME, 4]]);

    await hosts.claim('c', { names: ['report'] });

    expect(await hosts.told()).toEqual([['d', EVERY_NAME, 4]]);
  });

  it('lapses with the time of those who have it: the next one who claims takes it', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c');
    await add(store.broker, { due: { delayMs: 10_000 } });
    await hosts.claim('a', { forMs: 1_000 });
    await hosts.claim('b', { forMs: 2_000 });
    store.clock.advance(999);
    expect((await hosts.claim('c')).dueInMs).toBeNull();

    store.clock.advance(1);

    expect((await hosts.claim('c')).dueInMs).toBe(9_000);
  });

  it('is one of each group', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c');
    await hosts.claim('d', { names: ['mail', 'report'] });

    await add(store.broker, { due: { at: START + 900 } });

    expect((await hosts.woken()).sort()).toEqual(['a', 'b', 'd']);
  });

  it('goes with a host to its new group', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c');
    await hosts.rest('a', 'b', 'c');

    await hosts.claim('a', { names: ['report'] });
    await hosts.claim('b', { names: ['report'] });
    expect(await hosts.told()).toEqual([['c', EVERY_NAME, 3]]);
    await add(store.broker);
    expect(await hosts.woken()).toEqual([]);
    await add(store.broker, { name: 'report' });
    expect((await hosts.woken()).sort()).toEqual(['a', 'b']);
  });
});

describeBackends('a claim of a host that stands by, made once more', (open) => {
  it('gives the same jobs again, and the host stands by no longer', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a');
    await hosts.rest('a');
    await add(store.broker);
    await hosts.woken();
    const request = hosts.request('a', { slots: 2 });
    const first = await hosts.send(request);
    expect(first.standsBy).toBe(true);

    const again = await store.broker.settleAndClaim([], request);

    expect([again.jobs, again.standsBy, again.dueInMs]).toEqual([first.jobs, undefined, 0]);
    await add(store.broker);
    expect(await hosts.woken()).toEqual([]);
  });

  it('stands by as before when it found nothing', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a');
    const request = hosts.request('a');
    await hosts.send(request);

    expect((await hosts.send(request)).standsBy).toBe(true);
    await add(store.broker);
    expect(await hosts.woken()).toEqual(['a']);
  });
});

describeBackends('a scheduled job', (open) => {
  it('has two hosts that know its time however many sleep, and a third one when these are busy', async () => {
    const store = await open();
    const names = Array.from({ length: 20 }, (_, i) => `host-${i}`);
    const hosts = await Sleepers.of(store, ...names);
    await add(store.broker, { due: { delayMs: STAND_MS / 2 } });
    const known = [];
    for (const host of names) known.push((await hosts.claim(host)).dueInMs);
    expect(known.filter((dueInMs) => dueInMs !== null)).toHaveLength(2);

    await addMany(store.broker, 2);
    expect(await hosts.woken()).toEqual(['host-0', 'host-1']);
    await hosts.claim('host-0');
    await hosts.woken();
    await hosts.claim('host-1');
    expect(await hosts.told()).toEqual([[expect.any(String), EVERY_NAME, 0]]);
  });
});

describeBackends('what is due later than what was taken', (open) => {
  const RATE = { rate: { max: 1, perMs: 2_000 } };

  it('is told to those that watch, when others take what is due now', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c', 'd', 'a', 'b');
    await addMany(store.broker, 1);
    await add(store.broker, { due: { delayMs: 500 } });
    expect(await hosts.woken()).toEqual(['c', 'd']);
    const at = store.clock.now() + 500 - START;

    await hosts.claim('c');

    expect(await hosts.told()).toEqual([
      ['a', 'mail', at],
      ['b', 'mail', at],
    ]);
  });

  it('is not told to the host that took it: its own answer says so', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a');
    await hosts.rest('a');
    await add(store.broker);
    await add(store.broker, { due: { delayMs: 500 } });
    await hosts.told();

    expect((await hosts.claim('a', { slots: 2 })).dueInMs).toBe(500);
    expect(await hosts.told()).toEqual([]);
  });

  it('may be so by the rate of its name', async () => {
    const store = await open();
    await store.broker.register([{ name: 'mail', maxRescues: 1, limits: RATE }]);
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c', 'd', 'a', 'b');
    await addMany(store.broker, 2);
    await hosts.told();
    const at = store.clock.now() + RATE.rate.perMs - START;

    await hosts.claim('c');

    expect(await hosts.told()).toEqual([
      ['a', 'mail', at],
      ['b', 'mail', at],
    ]);
  });

  it('may be so since a handler asked for a pause', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c', 'd');
    await hosts.rest('a', 'b', 'c', 'd', 'a', 'b');
    await addMany(store.broker, 2);
    const [job] = (await hosts.claim('c')).jobs;
    await hosts.told();
    const at = store.clock.now() + 2_000 - START;

    await hosts.send(hosts.request('c'), [{ kind: 'throttle', forMs: 2_000, lease: job!.lease }]);

    expect(await hosts.told()).toEqual([
      ['a', 'mail', at],
      ['b', 'mail', at],
    ]);
  });
});

describeBackends('a host that has no room for one of its names', (open) => {
  const BOTH = {
    slots: 2,
    names: [
      { name: 'mail', slots: 1 },
      { name: 'bill', slots: 1 },
    ],
  };

  it('leaves the watch to others, who have room for all of them', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a', 'b', 'c');
    for (const host of ['a', 'b', 'c']) await hosts.claim(host, BOTH);
    await add(store.broker, { due: { delayMs: 500 } });
    await addMany(store.broker, 2);
    await hosts.told();

    await hosts.claim('a', BOTH);
    await hosts.claim('b', BOTH);

    expect((await hosts.told()).map(([host]) => host)).toContain('c');
    expect((await hosts.claim('c', BOTH)).dueInMs).toBe(500);
  });

  it('still knows when the next job of the others is due', async () => {
    const store = await open();
    const hosts = await Sleepers.of(store, 'a');
    await hosts.claim('a', BOTH);
    await add(store.broker, { name: 'bill', due: { delayMs: 500 } });
    await add(store.broker);

    expect(await hosts.claim('a', BOTH)).toMatchObject({ dueInMs: 500, standsBy: true });
    await hosts.told();
    await add(store.broker, { name: 'bill', due: { delayMs: 100 } });
    expect(await hosts.woken()).toEqual(['a']);
  });
});
