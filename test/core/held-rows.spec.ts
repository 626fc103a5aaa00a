import { jest } from '@jest/globals';
import { HeldRows, type HeldRow } from '../../lib/core/rows/held-rows.js';

const LEASE_MS = 30_000;
const rows = Array.from({ length: 150 }, (_, i) => ({ id: `row-${i}`, token: `token-${i}:1` }));

describe('rows that are held', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** Answers as the test says, and remembers what was renewed. */
  function holder(answer: (asked: readonly HeldRow[]) => HeldRow[] = () => []) {
    const renewals: string[][] = [];
    const held = new HeldRows(LEASE_MS, async (asked) => {
      renewals.push(asked.map(({ id }) => id));
      return answer(asked);
    });
    return { held, renewals };
  }

  it('are renewed each third of the lease', async () => {
    const { held, renewals } = holder();
    held.add(rows[0]!);
    held.add(rows[1]!);

    await jest.advanceTimersByTimeAsync(9_999);
    expect(renewals).toEqual([]);
    await jest.advanceTimersByTimeAsync(20_001);

    expect(renewals).toEqual(Array.from({ length: 3 }, () => ['row-0', 'row-1']));
  });

  it('are renewed at most 100 a call', async () => {
    const { held, renewals } = holder();
    for (const row of rows) held.add(row);

    await jest.advanceTimersByTimeAsync(10_000);

    expect(renewals.map(({ length }) => length)).toEqual([100, 50]);
  });

  it('leave no timer when the last one has gone', async () => {
    const { held, renewals } = holder();
    held.add(rows[0]!);
    held.add(rows[1]!);
    held.drop(rows[0]!);
    expect(jest.getTimerCount()).toBe(1);

    held.drop(rows[1]!);

    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(renewals).toEqual([]);
  });

  it('are forgotten when the store says that they are lost', async () => {
    const { held } = holder((asked) => [...asked]);
    held.add(rows[0]!);

    await jest.advanceTimersByTimeAsync(10_000);

    expect(held.tokenOf('row-0')).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('stay when an older lease of theirs is lost or dropped', async () => {
    const { held } = holder();
    held.add(rows[0]!);
    held.add({ id: 'row-0', token: 'newer:1' });

    held.drop(rows[0]!);

    expect(held.tokenOf('row-0')).toBe('newer:1');
  });

  it('are tried again after a renewal that failed, and never two at once', async () => {
    let failures = 1;
    let underWay = 0;
    let most = 0;
    const held = new HeldRows(LEASE_MS, async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      underWay--;
      if (failures-- > 0) throw new Error('away');
      return [rows[0]!];
    });
    held.add(rows[0]!);

    await jest.advanceTimersByTimeAsync(30_000);
    expect(held.tokenOf('row-0')).toBeDefined();
    await jest.advanceTimersByTimeAsync(30_000);

    expect(held.tokenOf('row-0')).toBeUndefined();
    expect(most).toBe(1);
  });
});
