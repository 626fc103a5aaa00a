import {
  METRICS_BATCH,
  METRICS_KEPT_MINUTES,
  type MetricsRow,
} from '../../lib/core/contracts/metrics-store.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import type { ClaimSort } from '../../lib/core/options/claim-order.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import { add, claimOne, retry, settleOne } from './support/builders.js';

const MINUTE = 60_000;
const NOW = Math.floor(START / MINUTE);

describeBackends('Metrics', (openBackend) => {
  let store: OpenBackend;
  let batches: number;

  beforeEach(async () => {
    store = await openBackend();
    batches = 0;
  });

  async function count(...rows: MetricsRow[]): Promise<void> {
    await store.manager.addMetrics({ writer: 'host-a', number: ++batches, rows });
  }

  async function rowsOf(minutes = METRICS_KEPT_MINUTES, names = ['mail', 'report']) {
    const { rows } = await store.manager.readMetrics({ names, minutes });
    return [...rows].sort((a, b) => a.minute - b.minute || (a.name < b.name ? -1 : 1));
  }

  it('adds up what processes have counted, but for the greatest numbers', async () => {
    await count({ name: 'mail', minute: NOW, numbers: [5, 0, 1, 0, 20] });
    await store.manager.addMetrics({
      writer: 'host-b',
      number: 1,
      rows: [{ name: 'mail', minute: NOW, numbers: [3, 7, 2, 0, 300_000_000_000_000] }],
    });

    expect(await rowsOf()).toEqual([
      { name: 'mail', minute: NOW, numbers: [5, 7, 3, 0, 300_000_000_000_020] },
    ]);
  });

  it('keeps names and minutes apart', async () => {
    await count(
      { name: 'mail', minute: NOW, numbers: [0, 0, 1] },
      { name: 'mail', minute: NOW - 1, numbers: [0, 0, 2] },
      { name: 'report', minute: NOW, numbers: [0, 0, 3] },
    );

    expect(
      (await rowsOf()).map(({ name, minute, numbers }) => [name, minute - NOW, numbers]),
    ).toEqual([
      ['mail', -1, [0, 0, 2]],
      ['mail', 0, [0, 0, 1]],
      ['report', 0, [0, 0, 3]],
    ]);
    expect(await rowsOf(1, ['mail'])).toEqual([{ name: 'mail', minute: NOW, numbers: [0, 0, 1] }]);
  });

  it('adds a batch that is repeated only once', async () => {
    const batch = {
      writer: 'host-a',
      number: 1,
      rows: [{ name: 'mail', minute: NOW, numbers: [0, 0, 1] }],
    };
    await store.manager.addMetrics(batch);
    await store.manager.addMetrics(batch);

    expect((await rowsOf())[0]?.numbers).toEqual([0, 0, 1]);
  });

  it('forgets what is older than two hours', async () => {
    const oldest = NOW - METRICS_KEPT_MINUTES + 1;
    await count(
      { name: 'mail', minute: oldest - 1, numbers: [0, 0, 1] },
      { name: 'mail', minute: oldest, numbers: [0, 0, 2] },
    );
    expect((await rowsOf()).map(({ minute }) => minute)).toEqual([oldest]);

    store.clock.advance(MINUTE);

    expect(await rowsOf()).toEqual([]);
  });

  it('reads many names', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `name-${i}`);
    await count(...names.map((name) => ({ name, minute: NOW, numbers: [0, 0, 1] })));

    expect(await rowsOf(METRICS_KEPT_MINUTES, names)).toHaveLength(25);
  });

  it('reads every name that has had jobs when none is named', async () => {
    await add(store.broker, { name: 'mail' });
    await count({ name: 'mail', minute: NOW, numbers: [0, 0, 1] });

    const { rows, latencyMs } = await store.manager.readMetrics({ minutes: 1 });

    expect(rows).toHaveLength(1);
    expect([...latencyMs]).toEqual([['mail', 0]]);
  });

  it('refuses more than it takes or keeps', async () => {
    const row = { name: 'mail', minute: NOW, numbers: [] };
    await expect(count(...Array.from({ length: METRICS_BATCH + 1 }, () => row))).rejects.toThrow(
      InvalidOptionError,
    );
    for (const minutes of [0, METRICS_KEPT_MINUTES + 1, 1.5]) {
      await expect(store.manager.readMetrics({ minutes })).rejects.toThrow(InvalidOptionError);
    }
  });

  describe('the latency of a name', () => {
    async function latency(name = 'mail'): Promise<number | undefined> {
      return (await store.manager.readMetrics({ names: [name], minutes: 1 })).latencyMs.get(name);
    }

    it('is 0 when nothing is due', async () => {
      await add(store.broker, { due: { delayMs: 1 } });

      expect(await latency()).toBe(0);
      expect(await latency('nobody')).toBe(0);
    });

    it('is the age of the oldest due job, also when that is not the first in line', async () => {
      await add(store.broker, { priority: -1 });
      store.clock.advance(10);
      await add(store.broker, { priority: 7 });
      store.clock.advance(5);

      expect(await latency()).toBe(15);
      await claimOne(store.broker);
      expect(await latency()).toBe(15);
      await claimOne(store.broker);
      expect(await latency()).toBe(0);
    });

    it('counts from the millisecond in which a job became due, before anybody looks', async () => {
      await add(store.broker, { due: { delayMs: 100 } });
      store.clock.advance(100);
      expect(await latency()).toBe(0);

      store.clock.advance(1);

      expect(await latency()).toBe(1);
    });

    it('counts a retry from its own time', async () => {
      await add(store.broker);
      store.clock.advance(50);
      await settleOne(store.broker, retry(await claimOne(store.broker), { due: { delayMs: 5 } }));
      store.clock.advance(8);

      expect(await latency()).toBe(3);
    });

    it('looks past those that go first', async () => {
      await add(store.broker);
      store.clock.advance(10);
      for (let i = 0; i < 3; i++) await add(store.broker, { first: true });
      store.clock.advance(1);
      expect(await latency()).toBe(11);

      for (let i = 0; i < 3; i++) await claimOne(store.broker);
      expect(await latency()).toBe(11);
    });

    it('is that of the oldest of those that go first when there are no others', async () => {
      await add(store.broker, { first: true });
      store.clock.advance(10);
      await add(store.broker, { first: true });

      expect(await latency()).toBe(10);
    });

    it.each<[string, ClaimSort]>([
      ['time', { nextRunAt: 1, priority: -1 }],
      ['the newest time', { nextRunAt: -1, priority: -1 }],
      ['priority, then the newest time', { priority: -1, nextRunAt: -1 }],
      ['priority alone', { priority: 1 }],
    ])('is the same in a line by %s', async (_, sort) => {
      store = await openBackend({ sort });
      for (const priority of [0, 5, -5]) {
        await add(store.broker, { priority });
        store.clock.advance(10);
      }
      await add(store.broker, { priority: 5 });
      await add(store.broker, { priority: 5, first: true });
      store.clock.advance(1);

      expect(await latency()).toBe(31);
    });
  });
});
