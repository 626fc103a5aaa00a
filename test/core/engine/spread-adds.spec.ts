import { ConnectionError } from '../../../lib/core/errors.js';
import { makeSpreadBackend, type SpreadBackend } from '../../support/spread-backend.js';
import { closeBenches, makeBench } from './support.js';

afterEach(closeBenches);

const PARTITIONS = 4;
const away = new ConnectionError('This one is away.', true);

async function makeSpread() {
  const spread = makeSpreadBackend(PARTITIONS);
  const { engine } = await makeBench({}, spread);
  return { spread, scheduler: engine.scheduler };
}

const idsIn = async ({ memories }: SpreadBackend, partition: number): Promise<string[]> => {
  const { jobs } = await memories[partition]!.manager.query({});
  return jobs.map(({ id }) => id);
};

const counts = (spread: SpreadBackend): Promise<number[]> =>
  Promise.all(Array.from({ length: PARTITIONS }, async (_, i) => (await idsIn(spread, i)).length));

describe('adds to a store with several partitions', () => {
  it('that come together are one call to each partition', async () => {
    const { spread, scheduler } = await makeSpread();
    const jobs = await Promise.all(Array.from({ length: 60 }, () => scheduler.now('mail')));

    expect(new Set(jobs.map(({ id }) => id)).size).toBe(60);
    expect((await counts(spread)).reduce((sum, count) => sum + count)).toBe(60);
    for (const faults of spread.faults) expect(faults.argsOf('enqueue')).toHaveLength(1);
  });

  it('do not fail with those of a partition that is away, nor wait for them', async () => {
    const { spread, scheduler } = await makeSpread();
    const goOn = spread.faults[0]!.hold('enqueue');
    spread.faults[0]!.failNext('enqueue', away);
    const adds = Array.from({ length: 60 }, () => scheduler.now('mail'));
    const ends = Promise.allSettled(adds);
    while ((await counts(spread)).slice(1).some((count) => count === 0)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await scheduler.now('mail', {}, { id: idOutside(0, spread) });
    goOn();

    const failed = (await ends).filter(({ status }) => status === 'rejected').length;
    expect(failed).toBeGreaterThan(0);
    const [inFirst, ...others] = await counts(spread);
    expect(inFirst).toBe(0);
    expect(others.reduce((sum, count) => sum + count)).toBe(60 - failed + 1);
  });

  it('in bulk are answered each for its own partition, in their order', async () => {
    const { spread, scheduler } = await makeSpread();
    spread.faults[1]!.failNext('enqueue', new Error('This one is broken.'));
    const items = Array.from({ length: 200 }, (_, data) => ({ name: 'mail', data }));
    const { jobs, errors, created, failed } = await scheduler.enqueueMany(items);

    expect(created + failed).toBe(200);
    expect(failed).toBeGreaterThan(0);
    expect(jobs).toHaveLength(created);
    const numbers = [
      ...jobs.map(({ data }) => data as number),
      ...errors.map(({ index }) => index),
    ];
    expect(numbers.sort((a, b) => a - b)).toEqual(items.map(({ data }) => data));
    for (const faults of spread.faults) {
      for (const [chunk] of faults.argsOf('enqueue')) expect(chunk.length).toBeLessThanOrEqual(100);
    }
  });
});

function idOutside(partition: number, { broker }: SpreadBackend): string {
  for (let i = 0; ; i++) if (broker!.partitionOf(`mine-${i}`) !== partition) return `mine-${i}`;
}
