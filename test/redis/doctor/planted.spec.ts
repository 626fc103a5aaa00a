import { PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
import { violations } from '../../chaos/support/invariants.js';
import { makeStand, newPrefix } from '../support.js';
import { OneOfEach } from './one-of-each.js';
import { faultsIn } from './support.js';

/* Every kind of inconsistency is planted by plain commands, found, mended, and found no more. */

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

it('finds nothing where nothing is wrong', async () => {
  expect(await faultsIn(store.backend)).toEqual([]);
});

type Plant = (store: OneOfEach) => Promise<unknown>;
/** What is planted, by which commands, the finding, and the name whose due jobs run afterwards. */
type Fault = readonly [fault: string, plant: Plant, found: RegExp, runs?: string];

const soon = (): number => Date.now() + 90_000;

const ofPlaces: Fault[] = [
  [
    'a job in no place',
    ({ keys }) => redis.del(keys.index('ready', 'ready')),
    /^misplaced \| ready /,
    'ready',
  ],
  [
    'a job in two places',
    ({ keys }) => redis.zadd(keys.index('dead', 'ready'), 1, 'ready'),
    /^misplaced \| ready .* stands in dead as well/,
    'ready',
  ],
  [
    'a job in a wrong place',
    async ({ keys }) => {
      await redis.del(keys.index('completed', 'completed'));
      await redis.zadd(keys.index('dead', 'completed'), 1, 'completed');
    },
    /^misplaced \| completed /,
  ],
  [
    'a job under another name',
    ({ keys }) => redis.rename(keys.index('dead', 'dead'), keys.index('dead', 'ready')),
    /^misplaced \| dead .*does not belong in dead:ready/m,
  ],
  [
    'a job that is ready before its time',
    async ({ keys }) => {
      await redis.del(keys.index('timed', 'timed'));
      await redis.zadd(keys.index('ready', 'timed'), 0, `${'0'.repeat(24)}timed`);
    },
    /^misplaced \| timed /,
  ],
  [
    'a job with the wrong priority among the ready',
    async (one) =>
      redis.zadd(one.keys.index('ready', 'ready'), 0, await one.memberOf('ready', 'ready')),
    /^misplaced \| ready /,
    'ready',
  ],
  [
    'a job at the wrong time',
    async (one) =>
      redis.zadd(one.keys.index('timed', 'timed'), 5, await one.memberOf('timed', 'timed')),
    /^misplaced \| timed /,
  ],
  [
    'a second place of a job at another time',
    ({ keys }) => redis.zadd(keys.index('timed', 'ready'), soon(), '000000000001:ready'),
    /^misplaced \| ready .* does not belong in timed:ready/,
    'ready',
  ],
  [
    'a disabled job that is ready',
    async (one) => {
      const id = await one.memberOf('parked', 'parked');
      await redis.zrem(one.keys.index('parked', 'parked'), id);
      await redis.zadd(one.keys.index('ready', 'parked'), 0, `${'0'.repeat(24)}${id}`);
    },
    /^misplaced /,
  ],
  [
    'a member without a job',
    ({ keys }) => redis.zadd(keys.index('completed', 'completed'), 1, 'nobody'),
    /^remains \| nobody .*completed:completed/,
  ],
  [
    'a due member without a job',
    ({ keys }) => redis.zadd(keys.index('ready', 'ready'), 1, `${'0'.repeat(24)}nobody`),
    /^remains \| nobody .*ready:ready/,
    'ready',
  ],
  [
    'a failed job that is not counted as failed',
    ({ keys }) => redis.del(keys.index('retrying', 'retrying')),
    /^miscounted \| retrying /,
  ],
  [
    'a recurring job at another time in its second index',
    async (one) =>
      redis.zadd(
        one.keys.index('repeating', 'repeating'),
        5,
        await one.memberOf('repeating', 'repeating'),
      ),
    /^miscounted /,
  ],
  [
    'a disabled job that is not listed as such',
    ({ keys }) => redis.del(keys.index('disabled', 'parked')),
    /^miscounted /,
  ],
  [
    'a job that is listed as disabled and is not',
    ({ keys }) => redis.zadd(keys.index('disabled', 'ready'), 0, 'ready'),
    /^miscounted \| ready /,
    'ready',
  ],
];

const ofRuns: Fault[] = [
  [
    'a running job without a lease',
    ({ keys }) => redis.hdel(keys.lease, 'running'),
    /^half-running \| running /,
    'running',
  ],
  [
    'a running job without a lease and without an expiry',
    async ({ keys }) => {
      await redis.hdel(keys.lease, 'running');
      await redis.zrem(keys.leases, 'running');
    },
    /^half-running \| running /,
    'running',
  ],
  [
    'a running job whose lease never expires',
    ({ keys }) => redis.zrem(keys.leases, 'running'),
    /^half-running \| running .* a lease without an expiry/,
  ],
  [
    'a running job that is not listed as such',
    ({ keys }) => redis.del(keys.index('running', 'running')),
    /^half-running \| running .* a lease without a place/,
  ],
  [
    'a waiting job that is listed as running',
    ({ keys }) => redis.zadd(keys.index('running', 'ready'), 5, 'ready'),
    /^half-running \| ready /,
    'ready',
  ],
  [
    'a waiting job with an expiry of a lease',
    ({ keys }) => redis.zadd(keys.leases, soon(), 'ready'),
    /^half-running \| ready /,
    'ready',
  ],
  [
    'a leased job that is not running',
    async ({ keys }) => {
      const entry = (await redis.hget(keys.lease, 'running'))!;
      await redis.hset(keys.lease, 'ready', entry.replace(/running$/, 'ready'));
    },
    /^half-running \| ready /,
  ],
  [
    'a lease that cannot be read',
    ({ keys }) => redis.hset(keys.lease, 'running', 'nonsense'),
    /^illegible-lease \| running /,
    'running',
  ],
  [
    'a lease of another name',
    async ({ keys }) => {
      const entry = (await redis.hget(keys.lease, 'running'))!;
      await redis.hset(keys.lease, 'running', entry.replace(/running$/, 'ready'));
    },
    /^illegible-lease \| running /,
  ],
  [
    'a lease of nobody',
    async ({ keys }) => {
      await redis.hdel(keys.jobs, 'running');
    },
    /^remains \| running .*lease /m,
  ],
  [
    'a fence that was never given',
    ({ keys }) => redis.hset(keys.meta, 'fence', '1'),
    /^counter-behind \| fence /,
  ],
];

const ofRecords: Fault[] = [
  [
    'flags that contradict the rule of a record',
    async (one) => {
      const id = await one.memberOf('repeating', 'repeating');
      await one.rewrite(id, (record) => (record[4] = Number(record[4]) - 2));
    },
    /^wrong-flags /,
  ],
  [
    'flags that contradict what a record has of its own',
    async (one) => one.rewrite('ready', (record) => (record[4] = Number(record[4]) - 1024)),
    /^wrong-flags \| ready /,
    'ready',
  ],
  [
    'a number that was never given',
    ({ keys }) => redis.hset(keys.meta, 'seq', '1'),
    /^counter-behind \| seq /,
  ],
  [
    'a state without a job',
    ({ keys }) => redis.hset(keys.state, 'nobody', '[null]'),
    /^remains \| nobody .*jobs:state/,
  ],
  [
    'a result without a job',
    ({ keys }) => redis.hset(keys.results, 'nobody', '1'),
    /^remains \| nobody .*results/,
  ],
  [
    'a progress without a job',
    async ({ keys }) => {
      await redis.hset(keys.progress, 'nobody', '"far"');
      await redis.hset(keys.meta, 'told', '1');
    },
    /^remains \| nobody .*progress/,
  ],
  [
    'a progress that its job does not tell of',
    async ({ keys }) => {
      await redis.hset(keys.progress, 'ready', '"far"');
      await redis.hset(keys.meta, 'told', '1');
    },
    /^remains \| ready .*progress/,
    'ready',
  ],
  [
    'a history without a job',
    ({ keys }) => redis.lpush(keys.history('nobody'), '["c",1,null,null,1,""]'),
    /^remains \| nobody .*history/,
  ],
  [
    'lines of a handler without a job',
    ({ keys }) => redis.rpush(keys.output('nobody'), '1 1 1:1 x'),
    /^remains \| nobody .*output/,
  ],
];

const ofNames: Fault[] = [
  [
    'a name without a due time',
    ({ keys }) => redis.zrem(keys.due, 'ready'),
    /^late-name \| ready /,
    'ready',
  ],
  [
    'a name with a due time that is too late',
    ({ keys }) => redis.zadd(keys.due, soon(), 'timed'),
    /^late-name \| timed /,
  ],
  [
    'a name nobody knows',
    ({ keys }) => redis.srem(keys.names, 'timed'),
    /^unlisted-name \| timed /,
  ],
  [
    'a due name without jobs that nobody knows',
    ({ keys }) => redis.zadd(keys.due, 1, 'ghost'),
    /^unlisted-name \| ghost /,
  ],
  [
    'a name that is closed without a reason',
    ({ keys }) => redis.zadd(keys.due, '-inf', 'ready'),
    /^broken-gate \| ready /,
    'ready',
  ],
  [
    'a paused name that is open',
    async ({ keys, backend: { manager } }) => {
      await manager.pause({ name: 'timed' });
      await redis.zadd(keys.due, Date.now(), 'timed');
    },
    /^broken-gate \| timed .* open though it is stopped/,
  ],
  [
    'an open name that is to be opened',
    ({ keys }) => redis.zadd(keys.opens, soon(), 'ready'),
    /^broken-gate \| ready /,
    'ready',
  ],
  [
    'limits that cannot be read',
    ({ keys }) => redis.hset(keys.gates, 'narrow', '{nonsense'),
    /^broken-gate \| narrow /,
  ],
  [
    'a gate of which a limit is no number',
    ({ keys }) => redis.hset(keys.gates, 'ready', '{"concurrency":"many","until":"later"}'),
    /^broken-gate \| ready /,
    'ready',
  ],
  [
    'limits that scripts do not look at',
    ({ keys }) => redis.hdel(keys.meta, 'gated'),
    /^forgotten-use \| gated /,
  ],
  [
    'starts of a rate that cannot be read',
    ({ keys }) => redis.set(keys.starts('ready'), 'nonsense', 'PX', 60_000),
    /^broken-rate \| ready /,
    'ready',
  ],
];

const ofKeys: Fault[] = [
  [
    'a run of a key that is over',
    ({ keys }) => redis.sadd(keys.ofKey('lined', 'a', 'runs'), 'front'),
    /^broken-line \| front .* takes it for running/,
    'lined',
  ],
  [
    'a run of a key by nobody',
    ({ keys }) => redis.sadd(keys.ofKey('lined', 'a', 'runs'), 'nobody'),
    /^remains \| nobody .*runs:5:lineda/,
    'lined',
  ],
  [
    'a line that nobody calls',
    ({ keys }) => redis.zrem(keys.keysOf('lined', 'lines'), 'a'),
    /^broken-line \| lined a .* is not listed/,
    'lined',
  ],
  [
    'a job that waits in no line',
    ({ keys }) => redis.del(keys.ofKey('lined', 'a', 'line')),
    /^misplaced \| lined /,
    'lined',
  ],
  [
    'a job in front without a turn',
    ({ keys }) => redis.hdel(keys.turns, 'front'),
    /^misplaced \| front /,
    'lined',
  ],
  [
    'a job with a turn that is not in front',
    ({ keys }) => redis.del(keys.ofKey('lined', 'a', 'heads')),
    /^misplaced \| front /,
    'lined',
  ],
  [
    'a turn of nobody',
    ({ keys }) => redis.hset(keys.turns, 'nobody', '1 1'),
    /^remains \| nobody .*turns/,
    'lined',
  ],
  [
    'a key that is kept by nobody',
    ({ keys }) => redis.set(keys.ofKey('lined', 'a', 'holder'), 'gone'),
    /^broken-line \| lined a .* is kept by gone/,
    'lined',
  ],
  [
    'a fifo key that is kept by a job that has ended',
    async ({ keys, backend: { manager } }) => {
      await manager.setLimits('lined', { key: { concurrency: 1, order: 'fifo' } });
      await redis.set(keys.ofKey('lined', 'a', 'holder'), 'completed');
    },
    /^broken-line \| lined a .* is kept by completed/,
    'lined',
  ],
  [
    'lines that scripts do not look at',
    ({ keys }) => redis.hdel(keys.meta, 'lined'),
    /^forgotten-use \| lined /,
    'lined',
  ],
];

const ofLeads: Fault[] = [
  [
    'a tag that does not lead to its job',
    ({ keys }) => redis.zrem(keys.tag('b'), 'ready'),
    /^broken-tag \| ready /,
    'ready',
  ],
  [
    'a tag that leads to a job without it',
    ({ keys }) => redis.zadd(keys.tag('b'), 1, 'timed'),
    /^broken-tag \| timed /,
  ],
  [
    'a tag that leads to nobody',
    ({ keys }) => redis.zadd(keys.tag('b'), 1, 'nobody'),
    /^remains \| nobody .*tag:b/,
  ],
  [
    'a job that would not be looked for when it expires',
    ({ keys }) => redis.zrem(keys.expiring, 'expiring'),
    /^broken-expiry \| expiring /,
    'expiring',
  ],
  [
    'an expiry of a job that has none',
    ({ keys }) => redis.zadd(keys.expiring, 1, 'ready'),
    /^broken-expiry \| ready /,
    'ready',
  ],
  [
    'an expiry of nobody',
    ({ keys }) => redis.zadd(keys.expiring, 1, 'nobody'),
    /^remains \| nobody .*expiring/,
  ],
  [
    'expiries that scripts do not look at',
    ({ keys }) => redis.hdel(keys.meta, 'expiring'),
    /^forgotten-use \| expiring /,
  ],
  [
    'an ended job that would never go',
    ({ keys }) => redis.zrem(keys.leaving, 'dead'),
    /^broken-retention \| dead /,
  ],
  [
    'a key that leads nowhere',
    ({ keys }) => redis.hset(keys.keys, 'x', 'nobody'),
    /^remains \| nobody .*keys/,
  ],
  [
    'a key that leads to a job without it',
    ({ keys }) => redis.hset(keys.keys, 'x', 'ready'),
    /^broken-key \| ready /,
    'ready',
  ],
  ['a lost key', ({ keys }) => redis.del(keys.keys), /^broken-key /],
  [
    'a time for a key that leads nowhere',
    ({ keys }) => redis.zadd(keys.held, 1, 'x'),
    /^broken-key \| x /,
  ],
  [
    'a key that outlives the end that frees it',
    async (one) => {
      await one.rewrite('completed', (record) => {
        record[4] = Number(record[4]) + 4 + 64;
        record[6] = { ...(record[6] as object), keys: ['x'], frees: ['x'] };
      });
      await redis.hset(one.keys.keys, 'x', 'completed');
    },
    /^broken-key \| completed /,
  ],
];

const ofTheStore: Fault[] = [
  [
    'a key that will vanish',
    ({ keys }) => redis.pexpire(keys.jobs, 60_000),
    /^mortal-key \| jobs /,
  ],
  [
    'a key that will stay',
    ({ keys }) => redis.set(keys.cancelled('x'), ''),
    /^lasting-key \| cancelled:x /,
  ],
  [
    'an entry of the log that is gone',
    ({ keys }) => redis.zadd(keys.logsOfAll, 1, '000000000001ic'),
    /^broken-log \| logs:all /m,
  ],
  [
    'a stream of events that nobody keeps',
    ({ keys }) => redis.xadd(keys.events, '*', 'n', '1', 'at', '1', 'e', '[[]]'),
    /^broken-events /,
  ],
  ['what is fixed in the store', ({ keys }) => redis.hdel(keys.meta, 'layout'), /^store-settings /],
];

const AREAS: readonly (readonly [area: string, faults: readonly Fault[]])[] = [
  ['places', ofPlaces],
  ['runs', ofRuns],
  ['records', ofRecords],
  ['names', ofNames],
  ['keys of jobs', ofKeys],
  ['what leads to jobs', ofLeads],
  ['the store', ofTheStore],
];

/** A missing last part would be taken for a callback. */
const whole = ([fault, plant, found, runs = '']: Fault) => [fault, plant, found, runs] as const;

describe.each(AREAS)('%s', (_, faults) => {
  it.each(faults.map(whole))('finds and mends %s', async (_fault, plant, found, runs) => {
    const due = runs === '' ? 0 : await dueOf(runs);
    await plant(store);

    const looked = await faultsIn(store.backend);
    expect(looked.join('\n')).toMatch(found);
    expect(looked.filter((line) => !line.includes(' | mendable | '))).toEqual([]);
    expect(await faultsIn(store.backend)).toEqual(looked);

    const repaired = await faultsIn(store.backend, true);
    expect(repaired.filter((line) => !line.includes(' | mended | '))).toEqual([]);
    expect(await faultsIn(store.backend)).toEqual([]);
    expect(await violations(redis, store.keys.prefix, store.backend.manager)).toEqual([]);
    expect(runs === '' ? [] : await store.runAll(runs)).toHaveLength(due);
  });
});

it('mends what is left of a key of which all jobs are gone', async () => {
  const { keys, backend } = store;
  await redis.hdel(keys.jobs, 'front', 'lined');
  await redis.del(keys.index('lined', 'lined'));

  await faultsIn(backend, true);

  expect(await faultsIn(backend)).toEqual([]);
  expect(await store.runAll('lined')).toEqual([]);
});

it('lets a line go on of which somebody has lost the times', async () => {
  await redis.del(store.keys.index('lined', 'lined'));

  expect(await store.runAll('lined')).toEqual(['front', 'lined']);
});

it('tells once what many jobs tell', async () => {
  const { keys, backend } = store;
  await redis.hdel(keys.meta, 'seq');

  const found = await faultsIn(backend);

  expect(found).toEqual([expect.stringMatching(/^counter-behind \| seq /)]);
});

/** How many jobs of a name wait to be run, or run. */
async function dueOf(name: string): Promise<number> {
  const counts = await store.backend.manager.counts();
  const { queued = 0, running = 0 } = counts.get(name) ?? {};
  return queued + running;
}
