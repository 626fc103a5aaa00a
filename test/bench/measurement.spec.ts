import { measurementOf, WARM_UP } from './measurement.js';

describe('a measurement', () => {
  it('says what is measured, by whom, and how that differs from the plain one', () => {
    const labels = [
      measurementOf('bullmq', { work: 50 }, 1_000),
      measurementOf('bullmq', { work: 50 }, 1_000, { kept: true }),
      measurementOf('ours', { work: 50, limited: true }, 1_000),
      measurementOf('floor', { add: 'awaited' }, 1_000),
    ].map(({ label }) => label);

    expect(labels).toEqual([
      'process, concurrency 50: bullmq',
      'process, concurrency 50: bullmq, kept',
      'process, concurrency 50: ours, with limits',
      'add, one awaited at a time: floor',
    ]);
  });

  it('takes a quarter of the jobs where they go one at a time, after the same warm-up', () => {
    const sizes = [
      measurementOf('ours', { work: 10 }, 20_000),
      measurementOf('ours', { work: 1 }, 20_000),
      measurementOf('bullmq', { add: 'awaited' }, 20_000),
    ].map(({ jobs, warmUp }) => [jobs, warmUp]);

    expect(sizes).toEqual([
      [20_000, WARM_UP],
      [5_000, WARM_UP],
      [5_000, WARM_UP],
    ]);
  });

  it('takes few jobs of Agenda, from the start of its worker: it locks all before it runs one', () => {
    expect(measurementOf('agenda', { work: 50 }, 1_000_000)).toMatchObject({
      jobs: 800,
      warmUp: 0,
    });
    expect(measurementOf('agenda', { work: 50 }, 100).jobs).toBe(100);
    expect(measurementOf('agenda', { add: 'bulk' }, 20_000).jobs).toBe(2_500);
  });
});
