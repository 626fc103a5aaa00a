import type { AgendaBackend } from '../../lib/core/contracts/agenda-backend.js';
import { Engine } from '../../lib/core/engine.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { PRIORITY_FIRST, TIME_FIRST, type ClaimSort } from '../../lib/core/options/claim-order.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { storeOptions } from '../support/redis-endpoint.js';
import { describeBackends, newNamespace, type OpenBackend } from './support/backends.js';
import { addMany, claim, claimOne, newJob, retry, settleOne } from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

/** Jobs as `name: [time in ms, priority]`, saved in this order. */
type Jobs = Record<string, readonly [number, number]>;

async function saveAll({ repository }: OpenBackend, jobs: Jobs): Promise<void> {
  for (const [data, [ms, priority]] of Object.entries(jobs)) {
    await repository.saveJob(newRow({ data, nextRunAt: at(ms), priority }));
  }
}

const claimedByRows = async (store: OpenBackend) =>
  (await new AgendaWorker(store).claimAll({ aheadMs: 1e6 })).map(({ data }) => data);

async function claimedByHost({ broker }: OpenBackend): Promise<unknown[]> {
  const order: unknown[] = [];
  for (;;) {
    const { jobs } = await claim(broker, { slots: 3 });
    if (jobs.length === 0) return order;
    order.push(...jobs.map(({ record }) => record.data));
  }
}

const claimers = [
  ['a host of ours', claimedByHost],
  ["Agenda's engine", claimedByRows],
] as const;

const due: Jobs = {
  a: [-10, 0],
  b: [-30, 0],
  c: [-20, 5],
  d: [-20, -5],
  e: [-10, 5],
  f: [-10, 5],
  g: [-30, -5],
};

const orders: [ClaimSort, string][] = [
  [PRIORITY_FIRST, 'cefbagd'],
  [TIME_FIRST, 'bgcdefa'],
  [{ priority: 'desc', nextRunAt: 'asc' }, 'cefbagd'],
  [{ nextRunAt: 'asc', priority: -1 }, 'bgcdefa'],
  [{ priority: 1, nextRunAt: 1 }, 'gdbacef'],
  [{ priority: -1, nextRunAt: -1 }, 'efcabdg'],
  [{ nextRunAt: -1, priority: 'asc' }, 'aefdcgb'],
  [{ priority: -1 }, 'cefabdg'],
  [{ nextRunAt: 1 }, 'bgcdaef'],
  [{ nextRunAt: 'desc' }, 'aefcdbg'],
];

describeBackends('the order of claims', (open) => {
  describe.each(claimers)('of %s', (_, claimed) => {
    it.each(orders)('by %j', async (sort, order) => {
      const store = await open({ sort });
      await saveAll(store, due);

      expect((await claimed(store)).join('')).toBe(order);
    });

    it('has every priority in its exact place, equal ones first in, first out', async () => {
      for (const sort of [PRIORITY_FIRST, TIME_FIRST]) {
        const store = await open({ sort });
        const priorities = [0, -10, 150, 0, -20, 20, 0, 0.5, -0.5, 1e300, -1e300, 2 ** 53];
        await saveAll(
          store,
          Object.fromEntries(priorities.map((priority, i) => [`${i}`, [0, priority]])),
        );

        const order = (await claimed(store)).map(Number);

        expect(order.map((i) => priorities[i])).toEqual([
          1e300,
          2 ** 53,
          150,
          20,
          0.5,
          ...[0, 0, 0],
          -0.5,
          -10,
          -20,
          -1e300,
        ]);
        expect(order.filter((i) => priorities[i] === 0)).toEqual([0, 3, 6]);
      }
    });

    it('is the same for jobs that have become due one after the other', async () => {
      const store = await open();
      await saveAll(store, { a: [10, 0], b: [20, 5], c: [30, 5], d: [5, -5], e: [30, 9] });
      store.clock.advance(30);

      expect((await claimed(store)).join('')).toBe('ebcad');
    });
  });

  it('keeps a job in its place through retry, release and a claim that was given back', async () => {
    for (const sort of [PRIORITY_FIRST, TIME_FIRST]) {
      const store = await open({ sort });
      await saveAll(store, { a: [-3, 0], b: [-2, 0], c: [-1, 0] });
      await settleOne(store.broker, retry(await claimOne(store.broker)));
      const worker = new AgendaWorker(store);
      await worker.repository.unlockJob(await worker.claim());

      expect((await claimedByRows(store)).join('')).toBe('abc');
    }
  });

  it('never puts a row that is not due before a due one, whatever the priorities', async () => {
    for (const sort of [PRIORITY_FIRST, TIME_FIRST, { nextRunAt: -1 } as const]) {
      const store = await open({ sort });
      await saveAll(store, { ahead: [1, 100], due: [0, -100], late: [-50, -100] });
      const rows = await claimedByRows(store);

      expect(rows.at(-1)).toBe('ahead');
    }
  });

  it('takes those that are not due by their time, at one instant in its own order', async () => {
    const store = await open();
    await saveAll(store, { a: [20, 9], b: [10, 0], c: [10, 5], d: [10, 5], e: [10, -5] });

    expect((await claimedByRows(store)).join('')).toBe('cdbea');
  });

  it('has a recovered row in the place of its planned time', async () => {
    const store = await open({ sort: TIME_FIRST });
    const worker = new AgendaWorker(store);
    await saveAll(store, { lost: [-20, 0] });
    await worker.start(await worker.claim(), at(1e9));
    await saveAll(store, { older: [-30, 0], newer: [-10, 0] });
    store.clock.advance(1_000);

    const next = () => worker.claim({ lockLifetimeMs: 1_000 });
    expect([(await next()).data, (await next()).data, (await next()).data]).toEqual([
      'older',
      'lost',
      'newer',
    ]);
  });

  it('promotes hundreds without losing one', async () => {
    const store = await open({ sort: TIME_FIRST });
    await addMany(store.broker, 320, (i) => ({
      data: String(i),
      due: { delayMs: 1 + ((i * 37) % 320) },
    }));
    store.clock.advance(400);

    const order = await claimedByRows(store);

    expect(order).toHaveLength(320);
    const times = order.map((i) => (Number(i) * 37) % 320);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it.each<[string, object]>([
    ['an unknown key', { name: 1 }],
    ['an unknown direction', { priority: 2 }],
    ['a word for a direction', { nextRunAt: 'up' }],
    ['nothing', {}],
  ])('refuses %s', async (_, sort) => {
    await expect(open({ sort: sort as ClaimSort })).rejects.toThrow(InvalidOptionError);
  });

  it('counts an added job as first in when it was', async () => {
    const { broker } = await open();
    await broker.enqueue('cab'.split('').map((id) => newJob({ id })));

    expect((await claim(broker)).jobs.map(({ lease }) => lease.id)).toEqual(['c', 'a', 'b']);
  });
});

const makers: [string, (options: { sort?: ClaimSort }) => AgendaBackend][] = [
  ['memory', (options) => new MemoryBackend(options)],
  [
    'redis',
    (options) => {
      const { keyPrefix, placeOf } = newNamespace();
      return new RedisBackend({ ...storeOptions, keyPrefix, ...options }, { placeOf });
    },
  ],
];

describe.each(makers)('the order of claims that nobody chose (%s)', (_, make) => {
  let backend: AgendaBackend;
  afterEach(() => backend.disconnect());

  /** Saves an older job and a more important one; the first of them that is claimed. */
  async function first(): Promise<unknown> {
    const broker = backend.broker!;
    await broker.enqueue([newJob({ id: 'older', due: { at: 1_000 } })]);
    await broker.enqueue([newJob({ id: 'important', priority: 5, due: { at: 2_000 } })]);
    return (await claim(broker)).jobs[0]!.lease.id;
  }

  it('is priority first for an engine', async () => {
    backend = make({});
    new Engine(backend);
    await backend.connect();

    expect(await first()).toBe('important');
  });

  it('is time first without one, as for npm agenda, also for an engine that comes later', async () => {
    backend = make({});
    await backend.connect();
    new Engine(backend);

    expect(await first()).toBe('older');
  });

  it('is what the first engine likes, for all that share the backend', async () => {
    backend = make({});
    new Engine(backend);
    backend.preferSort!(TIME_FIRST);

    expect(await first()).toBe('important');
  });

  it('is left alone where the user chose', async () => {
    backend = make({ sort: TIME_FIRST });
    new Engine(backend);

    expect(await first()).toBe('older');
  });
});
