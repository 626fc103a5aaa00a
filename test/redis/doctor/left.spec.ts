import { IncompatibleStoreError } from '../../../lib/core/errors.js';
import { PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
import { Examination } from '../../../lib/redis/doctor/examination.js';
import { Findings } from '../../../lib/redis/doctor/findings.js';
import { MetLines } from '../../../lib/redis/doctor/met-lines.js';
import { Pace } from '../../../lib/redis/doctor/pace.js';
import { checkStore } from '../../../lib/redis/index.js';
import { job, makeStand, newPrefix } from '../support.js';
import { OneOfEach } from './one-of-each.js';
import { faultsIn } from './support.js';

/* What cannot be mended without a loss is told with what to do; and nothing of it is touched. */

const { redis, backendWith, cleanups } = makeStand();
let store: OneOfEach;

beforeEach(async () => {
  const keyPrefix = newPrefix();
  const backend = backendWith({
    connectionString: process.env.TEST_REDIS_URL!,
    keyPrefix,
    sort: PRIORITY_FIRST,
  });
  await backend.connect();
  cleanups.push(() => backend.removeEverything());
  store = new OneOfEach(redis, backend, keyPrefix);
  await store.fill();
});

it('buries a waiting job whose record cannot be read, with all that is stored of it', async () => {
  const { keys, backend } = store;
  const cut = (await redis.hget(keys.jobs, 'ready'))!.slice(0, -8);
  await redis.hset(keys.jobs, 'ready', cut);

  expect(await faultsIn(backend)).toEqual([
    expect.stringMatching(/^illegible-record \| ready \| mendable /),
  ]);
  await faultsIn(backend, true);

  expect(await faultsIn(backend)).toEqual([]);
  expect(await redis.hget(keys.jobs, 'ready')).toBe(cut);
  expect(await redis.zscore(keys.index('dead', 'ready'), 'ready')).not.toBeNull();
  expect(await store.runAll('ready')).toEqual([]);
});

it('buries a waiting job of which the head of the record is damaged', async () => {
  const { keys, backend } = store;
  await redis.hset(keys.jobs, 'timed', '[broken,"timed"');

  await faultsIn(backend, true);

  expect(await faultsIn(backend)).toEqual([]);
  expect(await redis.zscore(keys.index('dead', 'timed'), 'timed')).not.toBeNull();
  expect(await redis.exists(keys.index('timed', 'timed'))).toBe(0);
});

it('buries a waiting job of which nobody can read what happened', async () => {
  const { keys, backend } = store;
  await redis.hset(keys.state, 'retrying', 'nonsense');

  await faultsIn(backend, true);

  expect(await faultsIn(backend)).toEqual([]);
  expect(await redis.zscore(keys.index('dead', 'retrying'), 'retrying')).not.toBeNull();
});

it('leaves a record without a name to people', async () => {
  const { keys, backend } = store;
  await redis.hset(keys.jobs, 'stranger', 'nonsense');

  const found = [expect.stringMatching(/^illegible-record \| stranger \| left /)];
  expect(await faultsIn(backend, true)).toEqual(found);
  expect(await faultsIn(backend)).toEqual(found);

  await backend.manager.cancel(['stranger'], 'nobody needs it');
  expect(await faultsIn(backend)).toEqual([]);
});

it('leaves a key alone that another job has as well', async () => {
  const { keys, backend } = store;
  const idempotency = { key: 'order-1', release: 'removal' as const, holdMs: 60_000 };
  await backend.broker.enqueue([job({ id: 'first', name: 'keyed', idempotency })]);
  const record = (await redis.hget(keys.jobs, 'first'))!;
  await backend.broker.enqueue([job({ id: 'second', name: 'keyed' })]);
  const second = JSON.parse((await redis.hget(keys.jobs, 'second'))!) as unknown[];
  const twin = JSON.parse(record) as unknown[];
  twin[2] = second[2];
  await redis.hset(keys.jobs, 'second', JSON.stringify(twin));

  const found = await faultsIn(backend, true);

  expect(found.join('\n')).toMatch(/^broken-key \| second \| left /m);
  expect(Object.values(await redis.hgetall(keys.keys))).toContain('first');
});

it('leaves keys of another type, and those of strangers, as they are', async () => {
  const { keys, backend } = store;
  await redis.set(keys.history('ready'), 'mine');
  await redis.set(`${keys.prefix}forgotten`, 'mine');

  const found = (await faultsIn(backend, true)).join('\n');

  expect(found).toMatch(/^wrong-type \| history:ready \| left .* string in place of list/m);
  expect(found).toMatch(/^unknown-key \| forgotten \| left /m);
  expect(await redis.mget(keys.history('ready'), `${keys.prefix}forgotten`)).toEqual([
    'mine',
    'mine',
  ]);
});

it('leaves lists of strangers alone whose names look like those of a job that is gone', async () => {
  const { keys, backend } = store;
  await redis.rpush(keys.history('visits'), 'ann', 'bob');
  await redis.rpush(keys.output('printer'), '1 page', '2 pages');

  const found = await faultsIn(backend, true);

  expect(found.toSorted()).toEqual([
    expect.stringMatching(/^unknown-key \| history:visits \| left .* of somebody else/),
    expect.stringMatching(/^unknown-key \| output:printer \| left .* of somebody else/),
  ]);
  expect(await redis.exists(keys.history('visits'), keys.output('printer'))).toBe(2);
});

it('leaves keys of strangers alone that begin like those of the keys of names', async () => {
  const { keys, backend } = store;
  await redis.zadd(`${keys.prefix}line:tokyo`, 1, 'ueno');
  await redis.set(`${keys.prefix}stop:tokyo`, 'ueno');

  const found = await faultsIn(backend, true);

  expect(found.toSorted()).toEqual([
    expect.stringMatching(/^unknown-key \| line:tokyo \| left /),
    expect.stringMatching(/^unknown-key \| stop:tokyo \| left /),
  ]);
  expect(await redis.zcard(`${keys.prefix}line:tokyo`)).toBe(1);
  expect(await redis.ttl(`${keys.prefix}stop:tokyo`)).toBe(-1);
});

it('leaves a log of strangers alone that stands where ours would', async () => {
  const { keys, backend } = store;
  await redis.zadd(keys.logsOfAll, 1, '1764000000000-42-1', 2, '1764000000001-42-2');

  const found = await faultsIn(backend, true);

  expect(found).toEqual([
    expect.stringMatching(/^unknown-key \| logs:all \| left .* of somebody else/),
  ]);
  expect(await redis.zcard(keys.logsOfAll)).toBe(2);
});

it.each([false, true])(
  'leaves a stream of strangers as it is, where events are kept: %s',
  async (isKept) => {
    const { keys, backend } = store;
    if (isKept) await redis.hset(keys.meta, 'stream', '{}');
    await redis.xadd(keys.events, '*', 'visit', 'ann');

    const found = await faultsIn(backend, true);

    expect(found).toEqual([expect.stringMatching(/^broken-events \| events \| left /)]);
    expect(await redis.xlen(keys.events)).toBe(1);
  },
);

it('goes on where a whole index is of another type', async () => {
  const { keys, backend } = store;
  await redis.del(keys.index('completed', 'completed'));
  await redis.set(keys.index('completed', 'completed'), 'mine');
  await redis.zadd(keys.tag('b'), 1, 'nobody');

  const found = (await faultsIn(backend)).join('\n');

  expect(found).toMatch(/^wrong-type \| completed:completed \| left /m);
  expect(found).toMatch(/^remains \| nobody .*tag:b/m);
});

it('goes on behind jobs at which a script fails, and says which were not looked at', async () => {
  const { keys } = store;
  const damage = { key: { concurrency: 'many', rate: 5 } };
  await redis.hset(keys.gates, 'lined', JSON.stringify(damage));
  await redis.hset(keys.turns, 'front', 'nonsense');
  await redis.del(keys.index('lined', 'lined'));
  await redis.zadd(keys.tag('b'), 1, 'nobody');

  const report = await checkStore(
    { connectionString: process.env.TEST_REDIS_URL!, keyPrefix: keys.prefix },
    { repair: true, pace: 100 },
  );

  const found = report.findings.map(({ code, message }) => `${code} | ${message}`).join('\n');
  expect(found).toMatch(/^failed-look \| .* examine-\w+ failed, \d+ from "\w+" on: /m);
  expect(found).toMatch(/^remains \| .*tag:b/m);
  expect(report.isSound).toBe(false);
});

it.each([
  ['where what happened to jobs is of another type', 'jobs:state'],
  ['where the jobs are of another type', 'jobs'],
])('goes on %s', async (_, key) => {
  const { keys, backend } = store;
  await redis.del(`${keys.prefix}${key}`);
  await redis.set(`${keys.prefix}${key}`, 'mine');

  const found = (await faultsIn(backend)).join('\n');

  expect(found).toMatch(new RegExp(`^wrong-type \\| ${key} \\| left `, 'm'));
});

it('looks at lines before it remembers too many of them', async () => {
  const { keys, backend } = store;
  const names = ['a', 'b', 'c'];
  for (const name of names) await redis.set(keys.ofKey(name, 'x', 'holder'), 'nobody');
  const findings = new Findings();
  const partition = backend['store'];
  const lines = new MetLines(
    new Examination(partition, partition, 0, findings, new Pace(100), false),
    2,
  );

  const waiting: number[] = [];
  for (const name of names) {
    await lines.add(name, 'x');
    waiting.push(lines.size);
  }
  await lines.examine();

  expect(waiting).toEqual([1, 0, 1]);
  expect(findings.all.map(({ subject }) => subject)).toEqual(['a x', 'b x', 'c x']);
});

it('tells settings that cannot be read, and who can write them anew', async () => {
  const { keys, backend } = store;
  await redis.hset(keys.settings, 'ready', '{nonsense');

  expect(await faultsIn(backend, true)).toEqual([
    expect.stringMatching(/^illegible-settings \| ready \| left /),
  ]);
});

it('tells jobs that lie in a partition where nobody looks for them', async () => {
  const keyPrefix = newPrefix();
  const options = { connectionString: process.env.TEST_REDIS_URL!, keyPrefix };
  const backend = backendWith({ ...options, partitions: 2 });
  await backend.connect();
  cleanups.push(() => backend.removeEverything());
  const id = `0${'0'.repeat(23)}`;
  await backend.broker.enqueue([job({ id, name: 'mail' })]);
  const { partitions } = backend['store'];
  const right = backend['store'].numberOf(id);
  for (const [number, { keys }] of partitions.entries()) {
    if (number === right) continue;
    await redis.hset(keys.jobs, id, (await redis.hget(partitions[right]!.keys.jobs, id))!);
  }

  const report = await checkStore(options, { repair: true });

  expect(report.partitions).toBe(2);
  expect(report.isSound).toBe(false);
  const [finding] = report.findings.filter(({ code }) => code === 'wrong-partition');
  const { keys } = partitions[1 - right]!;
  // Where it lies it has no place, and gets none: it would run twice.
  expect(await redis.exists(keys.index('ready', 'mail'), keys.due, keys.names)).toBe(0);
  expect(finding).toMatchObject({
    subject: id,
    partition: 1 - right,
    outcome: 'left',
    remedy: expect.stringContaining('repartition'),
  });
});

it('refuses options that it does not know, and a store that is not there', async () => {
  const options = { connectionString: process.env.TEST_REDIS_URL! };
  await expect(checkStore(options, { pace: 0 })).rejects.toThrow(/`pace`.*from 1 to 100/);
  await expect(checkStore(options, { repairs: true } as object)).rejects.toThrow(/repairs/);
  await expect(checkStore({ ...options, keyPrefix: newPrefix() })).rejects.toThrow(
    /There is no store/,
  );
});

it.each([
  ['does not say its sort', (meta: string) => redis.hdel(meta, 'sort')],
  ['says "many" of its partitions', (meta: string) => redis.hset(meta, 'partitions', 'many')],
  ['says "100000" of its partitions', (meta: string) => redis.hset(meta, 'partitions', '100000')],
  ['says "age:1" of its sort', (meta: string) => redis.hset(meta, 'sort', 'age:1')],
])('tells of a store that it %s', async (fault, damage) => {
  const { keyPrefix } = store.backend['store'].options;
  await damage(store.keys.meta);

  const look = checkStore({ connectionString: process.env.TEST_REDIS_URL!, keyPrefix });

  await expect(look).rejects.toThrow(IncompatibleStoreError);
  await expect(look).rejects.toThrow(fault);
});
