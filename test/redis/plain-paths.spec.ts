import fc from 'fast-check';
import { newClient } from '../support/redis-endpoint.js';
import { damagedCalls, largeCalls, mixedCalls, plainCalls } from './plain-calls.js';
import { PlainTwin } from './plain-twin.js';

const RUNS = Number(process.env.RUNS) || 10;
const redis = newClient();
afterAll(() => redis.disconnect());

const ORDERS = [
  { priority: -1, nextRunAt: 1 },
  { priority: -1, nextRunAt: 1 },
  { nextRunAt: 1, priority: -1 },
  { nextRunAt: -1, priority: 1 },
  { priority: 1, nextRunAt: -1 },
  { nextRunAt: 1 },
  { nextRunAt: -1 },
  { priority: 1 },
] as const;

it.each([
  ['plain calls', plainCalls],
  ['mixed calls', mixedCalls],
  ['calls on damaged jobs', damagedCalls],
  ['calls of large jobs', largeCalls],
])('%s: the short way brings about what the long one does', async (_, calls) => {
  const seed = Number(process.env.SEED) || Date.now() % 2 ** 31;
  const property = fc.asyncProperty(fc.constantFrom(...ORDERS), calls, async (sort, run) => {
    const twin = new PlainTwin(redis, sort);
    await twin.open();
    try {
      for (const call of run) {
        await twin.carryOut(call);
        const [short, long] = await twin.contents();
        if (JSON.stringify(short) !== JSON.stringify(long)) expect(short).toEqual(long);
      }
    } finally {
      await twin.close();
    }
  });
  await fc.assert(property, { seed, numRuns: RUNS });
}, 600_000);
