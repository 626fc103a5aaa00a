import { Redis } from 'ioredis';
import { PRIORITY_FIRST } from '../../lib/core/options/claim-order.js';
import { Keys } from '../../lib/redis/keys.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { claim, completed, job, newPrefix } from '../redis/support.js';
import { violations } from './support/invariants.js';

/* A checker that finds nothing proves nothing: every kind of fault is planted once, and found. */

const url = process.env.TEST_REDIS_URL!;
let redis: Redis;
let backend: RedisBackend;
let keys: Keys;

const check = () => violations(redis, keys.prefix, backend.manager);

beforeAll(() => {
  redis = new Redis(url);
});
afterAll(() => {
  redis.disconnect();
});

/** One job in every place, named after it. */
beforeEach(async () => {
  keys = new Keys(newPrefix());
  backend = new RedisBackend({
    connectionString: url,
    keyPrefix: keys.prefix,
    sort: PRIORITY_FIRST,
  });
  const { broker, repository } = backend;
  const claimed = async (id: string) => {
    await broker.enqueue([job({ id, nonce: 'ab12', name: id })]);
    const answer = await broker.settleAndClaim([], claim(1, { names: [{ name: id, slots: 1 }] }));
    return answer.jobs[0]!.lease;
  };
  const failure = { name: 'Error', message: 'no' };
  await broker.settleAndClaim(
    [
      completed(await claimed('completed'), { result: '1' }),
      { kind: 'bury', lease: await claimed('dead'), failure, reason: 'exhausted' },
      { kind: 'retry', lease: await claimed('retrying'), failure, due: { delayMs: 60_000 } },
    ],
    claim(0),
  );
  await claimed('running');
  await broker.enqueue([
    job({ id: 'ready', name: 'ready', priority: 7 }),
    job({ id: 'timed', name: 'timed', priority: -7, due: { delayMs: 60_000 } }),
  ]);
  const row = { name: 'repeating', priority: 0, data: null, repeatInterval: '1 hour' };
  const nextRunAt = new Date(Date.now() + 60_000);
  await repository.saveJob({ ...row, type: 'single', nextRunAt });
  await repository.saveJob({ ...row, name: 'parked', type: 'single', nextRunAt, disabled: true });
  await backend.manager.setLimits('lined', { key: { concurrency: 1 } });
  await broker.enqueue([
    job({ id: 'front', name: 'lined', key: 'a' }),
    job({ id: 'lined', name: 'lined', key: 'a' }),
  ]);
});
afterEach(async () => {
  const stored = await redis.keys(`${keys.prefix}*`);
  if (stored.length > 0) await redis.del(stored);
  await backend.disconnect();
});

it('finds nothing where nothing is wrong', async () => {
  expect(await check()).toEqual([]);
  expect((await backend.manager.counts()).size).toBe(9);
});

const idsOf = (index: 'repeating' | 'parked') => redis.zrange(keys.index(index, index), '0', '-1');

const faults: [fault: string, plant: () => Promise<unknown>, found: RegExp][] = [
  [
    'a run of a key that is over',
    () => redis.sadd(keys.ofKey('lined', 'a', 'runs'), 'front'),
    /key "a" of "lined" knows front to run, right is $/,
  ],
  [
    'a line that nobody calls',
    async () => {
      await redis.zrem(keys.keysOf('lined', 'lines'), 'a');
    },
    /key "a" of "lined" is forgotten/,
  ],
  [
    'a job that waits in no line',
    () => redis.del(keys.ofKey('lined', 'a', 'line')),
    /0 wait in the line of key "a" of "lined", and 1 are counted/,
  ],
  [
    'a job in front without a turn',
    () => redis.hdel(keys.turns, 'front'),
    /key "a" of "lined" has 1 heads, and 0 turns/,
  ],
  [
    'a key that is kept by nobody',
    () => redis.set(keys.ofKey('lined', 'a', 'holder'), 'gone'),
    /key "a" of "lined" is kept by gone, which does not wait/,
  ],
  [
    'a job in no place',
    () => redis.del(keys.index('ready', 'ready')),
    /job ready stands in 0 primary indexes/,
  ],
  [
    'a job in two places',
    () => redis.zadd(keys.index('dead', 'ready'), 1, 'ready'),
    /job ready stands in 2 primary indexes/,
  ],
  [
    'a job in a wrong place',
    async () => {
      await redis.del(keys.index('completed', 'completed'));
      await redis.zadd(keys.index('dead', 'completed'), 1, 'completed');
    },
    /job completed stands in dead instead of completed/,
  ],
  [
    'a job under another name',
    () => redis.rename(keys.index('dead', 'dead'), keys.index('dead', 'ready')),
    /job dead of dead stands in dead:ready/,
  ],
  [
    'a job that is ready before its time',
    async () => {
      await redis.del(keys.index('timed', 'timed'));
      await redis.zadd(keys.index('ready', 'timed'), 0, `${'0'.repeat(24)}timed`);
    },
    /job timed stands in ready instead of timed/,
  ],
  [
    'a job with the wrong priority among the ready',
    async () => {
      const [member] = await redis.zrange(keys.index('ready', 'ready'), '0', '0');
      await redis.zadd(keys.index('ready', 'ready'), 0, member!);
    },
    /job ready stands at the wrong rank/,
  ],
  [
    'a job at the wrong time',
    async () => {
      const [member] = await redis.zrange(keys.index('timed', 'timed'), '0', '0');
      await redis.zadd(keys.index('timed', 'timed'), 5, member!);
    },
    /job timed stands at the wrong rank/,
  ],
  [
    'a member without a job',
    () => redis.zadd(keys.index('completed', 'completed'), 1, 'nobody'),
    /completed:completed holds nobody, which is no job/,
  ],
  [
    'a running job without a lease',
    () => redis.hdel(keys.lease, 'running'),
    /job running is half running/,
  ],
  [
    'a running job whose lease never expires',
    () => redis.zrem(keys.leases, 'running'),
    /job running is half running/,
  ],
  [
    'a leased job that is not running',
    () => redis.hset(keys.lease, 'ready', `${'a'.repeat(32)}:1|1|1||host|ready`),
    /job ready is half running/,
  ],
  [
    'a lease that cannot be read',
    () => redis.hset(keys.lease, 'running', 'nonsense'),
    /the lease of job running cannot be read/,
  ],
  [
    'a fence that was never given',
    () => redis.hset(keys.meta, 'fence', '1'),
    /the fence of job running is above/,
  ],
  [
    'a failed job that is not counted as failed',
    () => redis.del(keys.index('retrying', 'retrying')),
    /job retrying is in retrying with undefined/,
  ],
  [
    'a recurring job at another time in its second index',
    async () => redis.zadd(keys.index('repeating', 'repeating'), 5, (await idsOf('repeating'))[0]!),
    /is in repeating with 5/,
  ],
  [
    'a disabled job that is not listed as such',
    () => redis.del(keys.index('disabled', 'parked')),
    /is in disabled with undefined/,
  ],
  [
    'flags that contradict the record',
    async () => {
      const [id] = await idsOf('repeating');
      const record = JSON.parse((await redis.hget(keys.jobs, id!))!) as unknown[];
      record[4] = Number(record[4]) - 2;
      await redis.hset(keys.jobs, id!, JSON.stringify(record));
    },
    /recurring is false/,
  ],
  [
    'a name without a due time',
    () => redis.zrem(keys.due, 'ready'),
    /ready has waiting jobs and no due time/,
  ],
  [
    'a name with a due time that is too late',
    () => redis.zadd(keys.due, Date.now() + 90_000, 'timed'),
    /timed is due \d+ ms later than its first job/,
  ],
  [
    'a name nobody knows',
    () => redis.srem(keys.names, 'timed'),
    /name of job timed is not in names/,
  ],
  [
    'a state without a job',
    () => redis.hset(keys.state, 'nobody', '[null]'),
    /a state is kept of nobody/,
  ],
  [
    'a result without a job',
    () => redis.hset(keys.results, 'nobody', '1'),
    /a result is kept of nobody/,
  ],
  [
    'a history without a job',
    () => redis.lpush(keys.history('nobody'), '["c",1,null,null,1,""]'),
    /a history is kept of nobody/,
  ],
  [
    'a key that leads nowhere',
    () => redis.hset(keys.keys, 'x', 'nobody'),
    /a key is kept of nobody/,
  ],
  [
    'a key that leads to a job without it',
    () => redis.hset(keys.keys, 'x', 'ready'),
    /key x leads to job ready, which denies it/,
  ],
  ['a lost key', () => redis.del(keys.keys), /has key [^]*, which leads elsewhere/],
  [
    'a time for a key that leads nowhere',
    () => redis.zadd(keys.held, 1, 'x'),
    /key x is held and leads nowhere/,
  ],
  [
    'a key that outlives the end that frees it',
    async () => {
      const record = JSON.parse((await redis.hget(keys.jobs, 'completed'))!) as unknown[];
      record[6] = { keys: ['x'], frees: ['x'] };
      await redis.hset(keys.jobs, 'completed', JSON.stringify(record));
      await redis.hset(keys.keys, 'x', 'completed');
    },
    /job completed has ended, and key x still leads to it/,
  ],
  [
    'a job that is there and gone',
    () => redis.zadd(keys.gone, 1, 'ready'),
    /job ready is also gone/,
  ],
  [
    'a key of nobody',
    () => redis.set(`${keys.prefix}forgotten`, '1'),
    /key .*forgotten has no owner/,
  ],
  ['a key that will vanish', () => redis.pexpire(keys.jobs, 60_000), /jobs has a TTL/],
  ['a key that will stay', () => redis.set(keys.cancelled('x'), ''), /cancelled:x stays for ever/],
  [
    'a number that was never given',
    () => redis.hset(keys.meta, 'seq', '1'),
    /has a number that was never given/,
  ],
  [
    'a number given twice',
    async () => {
      const record = JSON.parse((await redis.hget(keys.jobs, 'timed'))!) as unknown[];
      record[2] = Number(record[2]) - 1;
      await redis.hset(keys.jobs, 'timed', JSON.stringify(record));
    },
    /jobs ready and timed share the number|jobs timed and ready share the number/,
  ],
  [
    'a record that cannot be read',
    () => redis.hset(keys.jobs, 'ready', '[nonsense'),
    /job ready cannot be read/,
  ],
  [
    'a count that does not fit',
    async () => redis.del(keys.index('repeating', 'repeating')),
    /repeating counts 0 as repeating; there are 1/,
  ],
];

it.each(faults)('finds %s', async (_fault, plant, found) => {
  await plant();

  expect((await check()).join('\n')).toMatch(found);
});
