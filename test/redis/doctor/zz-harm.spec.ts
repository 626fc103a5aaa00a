import { checkStore } from '../../../lib/redis/index.js';
import { PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
import { claim, commandsOf, completed, job, makeStand, newPrefix } from '../support.js';
import { OneOfEach } from './one-of-each.js';
import { faultsIn } from './support.js';

const { redis, backendWith, cleanups } = makeStand();
const url = process.env.TEST_REDIS_URL!;

it('A: twin in a wrong partition is not run', async () => {
  const keyPrefix = newPrefix();
  const backend = backendWith({ connectionString: url, keyPrefix, partitions: 2 });
  await backend.connect();
  cleanups.push(() => backend.removeEverything());
  const id = `0${'0'.repeat(23)}`;
  await backend.broker.enqueue([job({ id, name: 'mail' })]);
  const { partitions } = backend['store'];
  const right = backend['store'].numberOf(id);
  const wrong = partitions[1 - right]!;
  await redis.hset(wrong.keys.jobs, id, (await redis.hget(partitions[right]!.keys.jobs, id))!);
  const report = await checkStore({ connectionString: url, keyPrefix }, { repair: true });
  console.log(report.findings.map((f) => [f.code, f.outcome, f.partition, f.message].join('|')));
  const { jobs } = await backend.broker.settleAndClaim([], claim(5));
  console.log('claimed', jobs.map((j) => j.record.id));
  await backend.broker.settleAndClaim(jobs.map((j) => completed(j.lease)), claim(0));
  const again = await backend.broker.settleAndClaim([], claim(5));
  console.log('again', again.jobs.map((j) => j.record.id));
  console.log('ready in wrong', await redis.zrange(wrong.keys.index('ready','mail'), '0', '-1'), 'right', await redis.zrange(partitions[right]!.keys.index('ready','mail'), '0', '-1'), await redis.zrange(wrong.keys.index('running','mail'), '0', '-1'), await redis.zrange(partitions[right]!.keys.index('running','mail'), '0', '-1'), await redis.zrange(partitions[right]!.keys.index('completed','mail'), '0', '-1'));
  let n = jobs.length + again.jobs.length;
  for (let i = 0; i < 6; i++) n += (await backend.broker.settleAndClaim([], claim(5))).jobs.length;
  expect(n).toBe(1);
});

it('B: illegible lease of a job with a state', async () => {
  const keyPrefix = newPrefix();
  const backend = backendWith({ connectionString: url, keyPrefix });
  await backend.connect();
  cleanups.push(() => backend.removeEverything());
  const { broker } = backend;
  await broker.enqueue([job({ id: 'one' })]);
  const first = await broker.settleAndClaim([], claim(1));
  const failure = { name: 'Error', message: 'no' };
  await broker.settleAndClaim([{ kind: 'retry', lease: first.jobs[0]!.lease, failure, due: { delayMs: 0 } }], claim(0));
  const second = await broker.settleAndClaim([], claim(1));
  expect(second.jobs.length).toBe(1);
  const { keys } = backend['store'];
  console.log(await redis.hgetall(keys.state), await redis.hgetall(keys.lease));
  for (const garbage of ['nonsense', 'a|b|c', '{"x":1}', '|||||||']) {
    await redis.hset(keys.lease, 'one', garbage);
    const found = await faultsIn(backend);
    console.log(garbage, found);
    expect(found.join()).toMatch(/illegible-lease/);
  }
});

it('C: results', async () => {
  const keyPrefix = newPrefix();
  const backend = backendWith({ connectionString: url, keyPrefix, sort: PRIORITY_FIRST });
  await backend.connect();
  cleanups.push(() => backend.removeEverything());
  const store = new OneOfEach(redis, backend, keyPrefix);
  await store.fill();
  const { keys } = store;
  await redis.zadd(keys.tag('b'), 1, 'nobody');
  await redis.hset(keys.results, 'nobody', 'x');
  await redis.hdel(keys.lease, 'running');
  await redis.del(keys.index('ready', 'ready'));
  const seen = await commandsOf({ redis, keyPrefix }, () => faultsIn(backend));
  const names = new Set(seen.map(({ args }) => args[0]!.toLowerCase()));
  console.log([...names].sort().join(' '));
});
