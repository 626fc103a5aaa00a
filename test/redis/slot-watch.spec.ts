import { Redis } from 'ioredis';
import { slotOf } from '../../lib/redis/hash-slots.js';
import { slotFaults, watchSlots } from '../support/slot-watch.js';
import { newPrefix } from './support.js';

let redis: Redis;
beforeAll(() => {
  watchSlots();
  redis = new Redis(process.env.TEST_REDIS_URL!);
});
afterAll(() => redis.disconnect());

const run = (keys: string[], prefix: string): Promise<unknown> =>
  redis.eval('return 1', keys.length, ...keys, prefix);

it('finds a script that names a key of another store', async () => {
  const prefix = newPrefix();
  const other = newPrefix();

  await run([`${prefix}jobs`, `${other}meta`], prefix);

  expect(slotFaults()).toEqual([`a script of ${prefix} names ${other}meta`]);
  await run([`${prefix}jobs`, `${prefix}meta`], prefix);
  expect(slotFaults()).toEqual([]);
});

it('hashes keys as Redis does', () => {
  // The check value of CRC-16/XMODEM is 0x31c3.
  expect(slotOf('123456789')).toBe(0x31c3 % 16_384);
  expect(slotOf('a{123456789}:jobs')).toBe(slotOf('123456789'));
  expect(slotOf('a{123456789}{b}')).toBe(slotOf('123456789'));
  expect(slotOf('a{}{123456789}')).not.toBe(slotOf('123456789'));
});
