import { PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
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
