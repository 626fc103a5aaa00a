import type { Latency } from '../commands/latency.js';
import { isMet } from './check.js';
import { checkOf, LATENCIES_WANTED } from './latency-goals.js';

const [slowP99] = LATENCIES_WANTED;
const row = (system: Latency['system'], p99: number): Latency => ({
  title: slowP99!.title,
  system,
  delays: { min: 0, p50: 1, p99, max: 100 },
});

describe('goals of latency', () => {
  it("are a share of BullMQ's", () => {
    const check = checkOf(slowP99!, [row('ours', 4), row('bullmq', 10)]);

    expect(check).toMatchObject({ goal: 'P8', to: 'bullmq', measured: 0.4 });
    expect(isMet(check)).toBe(true);
    expect(isMet(checkOf(slowP99!, [row('ours', 4.1), row('bullmq', 10)]))).toBe(false);
  });

  it('or of time by the clock', () => {
    const wanted = LATENCIES_WANTED.find(({ unit }) => unit === 'ms')!;
    const check = checkOf(wanted, [{ ...row('ours', 10), title: wanted.title }]);

    expect(check).toMatchObject({ goal: 'P9', unit: 'ms', measured: 10 });
    expect(isMet(check)).toBe(true);
  });

  it('are missed by a system that does not keep up', () => {
    const behind: Latency = { title: slowP99!.title, system: 'ours' };

    expect(isMet(checkOf(slowP99!, [behind, row('bullmq', 10)]))).toBe(false);
  });
});
