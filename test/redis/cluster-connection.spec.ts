import { Cluster } from 'ioredis';
import {
  BackendClosedError,
  ConnectionError,
  DurabilityError,
  IncompatibleStoreError,
} from '../../lib/core/errors.js';
import { newJobId, toJobId } from '../../lib/core/job/job-id.js';
import { partitionPrefix } from '../../lib/redis/keys.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { startPrivateCluster, type PrivateCluster } from '../support/redis-cluster.mjs';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { asked } from './replicas.js';
import { claim, completed, job, newPrefix, until } from './support.js';

/** One on each master, as they are at the start. */
const PARTITIONS = 3;

const cleanups: (() => unknown)[] = [];
let cluster: PrivateCluster;

beforeAll(async () => void (cluster = await startPrivateCluster()), 60_000);
afterAll(() => cluster?.stop());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const portOf = ({ port }: PrivateRedis): { host: string; port: number } => ({
  host: '127.0.0.1',
  port,
});

function backendAt(more: Partial<RedisBackendOptions> = {}): RedisBackend {
  const way = more.redis || more.cluster ? {} : { cluster: { nodes: cluster.nodes.map(portOf) } };
  const backend = new RedisBackend({
    keyPrefix: newPrefix(),
    partitions: PARTITIONS,
    ...way,
    ...more,
  });
  backend.onWarning(() => undefined);
  cleanups.push(() => backend.disconnect());
  cleanups.push(() => backend.notificationChannel.disconnect());
  return backend;
}

async function openBackend(more: Partial<RedisBackendOptions> = {}): Promise<RedisBackend> {
  const backend = backendAt(more);
  await backend.connect();
  // Each master knows the scripts, and has a connection.
  await Promise.all(jobsOfAll(backend).map((each) => backend.broker.enqueue([each])));
  return backend;
}

/** A job of each partition. */
const jobsOfAll = (backend: RedisBackend) =>
  Array.from({ length: PARTITIONS }, (_, partition) => jobIn(backend, partition));

function jobIn({ broker }: RedisBackend, partition: number) {
  let id = newJobId();
  while (broker.partitionOf(id) !== partition) id = newJobId();
  return job({ id });
}

const claimIn = (partition: number, slots = 10) => ({ ...claim(slots), partition });

async function queuedIn(backend: RedisBackend): Promise<number> {
  return (await backend.manager.counts()).get('mail')!.queued;
}

/** A way to each node that can be cut and swallowed, and a client that takes it. */
class Doors {
  private constructor(readonly proxies: readonly TcpProxy[]) {}

  static async open(): Promise<Doors> {
    const proxies = await Promise.all(cluster.nodes.map(({ port }) => TcpProxy.to(port)));
    cleanups.push(() => Promise.all(proxies.map((proxy) => proxy.close())));
    return new Doors(proxies);
  }

  get options() {
    const pairs = cluster.nodes.map(
      ({ port }, i) =>
        [`127.0.0.1:${port}`, { host: '127.0.0.1', port: this.proxies[i]!.port }] as const,
    );
    const nodes = this.proxies.map(({ port }) => ({ host: '127.0.0.1', port }));
    return { nodes, options: { natMap: Object.fromEntries(pairs) } };
  }

  /** The one that leads to the master of a partition now. */
  async to(backend: RedisBackend, keyPrefix: string, partition: number): Promise<TcpProxy> {
    const port = await masterOf(keyPrefix, partition);
    return this.proxies[cluster.nodes.findIndex((node) => node.port === port)]!;
  }

  get joined(): number[] {
    return this.proxies.map(({ joined }) => joined);
  }

  get open(): number {
    return this.proxies.reduce((sum, { open }) => sum + open, 0);
  }
}

async function slotOf(keyPrefix: string, partition: number): Promise<number> {
  const key = `${partitionPrefix(keyPrefix, partition, PARTITIONS)}meta`;
  return asked(cluster.nodes[0]!, (client) => client.cluster('KEYSLOT', key));
}

/** The port of the master that has a partition. */
async function masterOf(keyPrefix: string, partition: number): Promise<number> {
  const slot = await slotOf(keyPrefix, partition);
  const ranges = await slotRanges();
  return ranges.find(([first, last]) => first <= slot && slot <= last)![2][1];
}

const slotRanges = () => asked(cluster.nodes[0]!, (client) => client.cluster('SLOTS'));

const nodeAt = (port: number): PrivateRedis => cluster.nodes.find((node) => node.port === port)!;

describe('calls', () => {
  it('go to the master that has the partition', async () => {
    const keyPrefix = newPrefix();
    await openBackend({ keyPrefix });
    const copied = await Promise.all(
      Array.from({ length: PARTITIONS }, async (_, partition) =>
        asked(nodeAt(await masterOf(keyPrefix, partition)), (client) =>
          client.hlen(`${partitionPrefix(keyPrefix, partition, PARTITIONS)}jobs`),
        ),
      ),
    );

    expect(copied).toEqual([1, 1, 1]);
  });

  it('are stored once although their answer was lost', async () => {
    const doors = await Doors.open();
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix, cluster: doors.options });
    const proxy = await doors.to(backend, keyPrefix, 1);
    proxy.cutOn('evalsha');
    const [added] = await backend.broker.enqueue([jobIn(backend, 1)]);

    expect(added!.created).toBe(true);
    expect(await queuedIn(backend)).toBe(PARTITIONS + 1);
  });

  it('renew the connection that has fallen silent, and no other, while those to other masters go on', async () => {
    const doors = await Doors.open();
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix, cluster: doors.options });
    const proxy = await doors.to(backend, keyPrefix, 0);
    const others = doors.proxies.filter((each) => each !== proxy);
    const before = others.map(({ joined }) => joined);
    const joined = proxy.joined;
    proxy.swallow('everything');
    let isThrough = false;
    const adding = backend.broker
      .enqueue([jobIn(backend, 0)])
      .finally(() => void (isThrough = true));
    for (let i = 0; i < 20; i++) await backend.broker.enqueue([jobIn(backend, 1 + (i % 2))]);
    const wasHeldUp = !isThrough;
    const [added] = await adding;

    expect([wasHeldUp, added!.created]).toEqual([true, true]);
    expect(proxy.joined).toBeGreaterThan(joined);
    // Whoever is asked for the map is asked over a connection of its own, which lives for a moment.
    expect(others.every(({ joined: now }, i) => now <= before[i]! + 2)).toBe(true);
  });

  it('do not begin while their slot moves, and go on when it has arrived', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix });
    const slot = await slotOf(keyPrefix, 2);
    const from = nodeAt(await masterOf(keyPrefix, 2));
    const to = nodeAt(await masterOf(keyPrefix, 0));
    const move = await Move.begin(slot, from, to);
    const jobs = `${partitionPrefix(keyPrefix, 2, PARTITIONS)}jobs`;
    let isThrough = false;
    const adding = backend.broker
      .enqueue([jobIn(backend, 2)])
      .finally(() => void (isThrough = true));
    await backend.broker.enqueue([jobIn(backend, 0)]);
    // Some keys are there, the others here: nothing may be written at either place.
    await move.keys(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stored = await Promise.all(
      [from, to].map((node) =>
        asked(node, async (client) => {
          await client.asking();
          return client.hlen(jobs).catch(() => 0);
        }),
      ),
    );
    const waited = !isThrough;
    await move.keys();
    await move.end();
    const [added] = await adding;
    const { jobs: claimed } = await backend.broker.settleAndClaim([], claimIn(2));
    await Move.all(slot, to, from);

    expect([waited, Math.max(...stored), added!.created]).toEqual([true, 1, true]);
    expect(claimed).toHaveLength(2);
    const { answers } = await backend.broker.settleAndClaim(
      claimed.map(({ lease }) => completed(lease)),
      claimIn(2, 0),
    );
    expect(answers).toEqual(['ok', 'ok']);
  }, 20_000);
});

/** A slot on its way from one node to another. */
class Move {
  private constructor(
    private readonly slot: number,
    private readonly from: PrivateRedis,
    private readonly to: PrivateRedis,
    private readonly toId: string,
  ) {}

  static async begin(slot: number, from: PrivateRedis, to: PrivateRedis): Promise<Move> {
    const idOf = (node: PrivateRedis) => asked(node, (client) => client.cluster('MYID'));
    const [fromId, toId] = (await Promise.all([from, to].map(idOf))) as [string, string];
    await asked(to, (client) => client.cluster('SETSLOT', slot, 'IMPORTING', fromId));
    await asked(from, (client) => client.cluster('SETSLOT', slot, 'MIGRATING', toId));
    return new Move(slot, from, to, toId);
  }

  static async all(slot: number, from: PrivateRedis, to: PrivateRedis): Promise<void> {
    const move = await Move.begin(slot, from, to);
    await move.keys();
    await move.end();
  }

  /** Moves so many of the keys, or all. */
  async keys(count = 1_000): Promise<void> {
    await asked(this.from, async (client) => {
      const keys = await client.cluster('GETKEYSINSLOT', this.slot, count);
      if (keys.length === 0) return;
      await client.call(
        'MIGRATE',
        '127.0.0.1',
        `${this.to.port}`,
        '',
        '0',
        '5000',
        'KEYS',
        ...keys,
      );
    });
  }

  async end(): Promise<void> {
    for (const node of [this.to, this.from]) {
      await asked(node, (client) => client.cluster('SETSLOT', this.slot, 'NODE', this.toId));
    }
  }
}

describe('a start', () => {
  it('fails at once where nobody listens, naming the nodes', async () => {
    const backend = backendAt({ cluster: { nodes: [1, 2] } });
    const startedAt = performance.now();
    const error = await backend.connect().catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain('127.0.0.1:1, 127.0.0.1:2');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('needs one of its nodes only', async () => {
    const last = cluster.nodes.at(-1)!;
    const backend = await openBackend({ cluster: { nodes: [1, portOf(last)] } });

    expect(await queuedIn(backend)).toBe(PARTITIONS);
  });

  it('gathers nothing while it waits for a Cluster that is away', async () => {
    const options = { clusterRetryStrategy: () => 5 };
    const redis = new Cluster([1, 2], { ...options, slotsRefreshTimeout: 50 });
    let failures = 0;
    redis.on('error', () => void (failures += 1));
    cleanups.push(() => redis.disconnect());
    const backend = backendAt({ redis, waitForRedis: true });
    const connecting = backend.connect().catch((error: unknown) => error);
    await until(() => failures > 20);
    const { offlineQueue } = redis as unknown as { offlineQueue: { length: number } };
    const gathered = offlineQueue.length + redis.listenerCount('ready');
    await backend.disconnect();

    expect(gathered).toBeLessThan(5);
    expect(await connecting).toBeInstanceOf(BackendClosedError);
  });

  it('says that a server is no node of a Cluster', async () => {
    const { port } = new URL(process.env.TEST_REDIS_URL!);
    const backend = backendAt({ cluster: { nodes: [Number(port)] } });

    await expect(backend.connect()).rejects.toThrow(IncompatibleStoreError);
    await expect(backend.connect()).rejects.toThrow('no node of a Cluster');
  });

  it('says that a server is one', async () => {
    const backend = new RedisBackend({ connectionString: cluster.nodes[0]!.url });
    cleanups.push(() => backend.disconnect());

    await expect(backend.connect()).rejects.toThrow(IncompatibleStoreError);
    await expect(backend.connect()).rejects.toThrow('cluster: { nodes');
  });

  it('says that the password is wrong', async () => {
    const server = await startPrivateRedis({ args: ['--cluster-enabled', 'yes'] });
    cleanups.push(() => server.stop());
    await asked(server, (client) => client.config('SET', 'requirepass', 's3cret'));
    const backend = backendAt({
      cluster: { nodes: [portOf(server)], options: { redisOptions: { password: 'wrong' } } },
    });
    const error = await backend.connect().catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain('does not let us in');
    expect(String(error)).not.toContain('s3cret');
  });

  it('refuses a prefix of the nodes, which would stand before some keys only', () => {
    const options = { redisOptions: { keyPrefix: 'x:' } };
    expect(() => backendAt({ cluster: { nodes: [1], options } })).toThrow(
      'cluster.options.redisOptions.keyPrefix',
    );
  });
});

describe('an end', () => {
  it('lets go of every connection', async () => {
    const doors = await Doors.open();
    const backend = await openBackend({
      cluster: doors.options,
      durability: { replicas: 1, timeout: '1s' },
    });
    await backend.notificationChannel.connect();
    await backend.notificationChannel.disconnect();
    await backend.disconnect();
    await until(() => doors.open === 0);

    await expect(backend.broker.enqueue([job()])).rejects.toThrow(BackendClosedError);
  });

  it('leaves a borrowed client as it was', async () => {
    const redis = new Cluster(cluster.nodes.map(portOf));
    cleanups.push(() => redis.disconnect());
    await redis.ping();
    // One that is on its way has listeners of the client's own.
    await Promise.all(redis.nodes().map((node) => node.ping()));
    const listeners = () => [
      ...redis.eventNames().map((name) => [name, redis.listenerCount(name)]),
      ...redis.nodes().map((node) => node.listenerCount('ready')),
    ];
    const before = listeners();
    const backend = await openBackend({ redis, durability: { replicas: 1, timeout: '1s' } });
    await backend.notificationChannel.connect();
    await backend.notificationChannel.disconnect();
    await backend.disconnect();

    expect(listeners()).toEqual(before);
    expect(await redis.ping()).toBe('PONG');
  });

  it('removes everything, in all partitions', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix });
    await backend.removeEverything();
    const left = await Promise.all(
      cluster.nodes
        .slice(0, 3)
        .map((node) => asked(node, (client) => client.keys(`*${keyPrefix}*`))),
    );

    expect(left.flat()).toEqual([]);
  });
});

describe('durability', () => {
  const durability = { replicas: 1, timeout: 500 };

  it('answers an add when a replica of that master has the job', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix, durability });
    const added = jobIn(backend, 1);
    await backend.broker.enqueue([added]);
    const replica = await replicaOf(await masterOf(keyPrefix, 1));
    const copied = await asked(replica, async (client) => {
      await client.readonly();
      return client.hexists(`${partitionPrefix(keyPrefix, 1, PARTITIONS)}jobs`, added.id);
    });

    expect(copied).toBe(1);
  });

  describe.each(['its own', 'a borrowed'])(
    'by %s client, while the replica of a master is silent',
    (whose) => {
      const keyPrefix = newPrefix();
      let backend: RedisBackend;
      beforeEach(async () => {
        const redis = new Cluster(cluster.nodes.map(portOf), {
          redisOptions: { commandTimeout: 100 },
        });
        cleanups.push(() => redis.disconnect());
        const way = whose === 'its own' ? {} : { redis };
        backend = await openBackend({ ...way, keyPrefix, durability });
        const replica = await replicaOf(await masterOf(keyPrefix, 0));
        await replica.kill('SIGSTOP');
        cleanups.push(async () => {
          await replica.kill('SIGCONT');
          await cluster.untilWhole();
        });
      });

      it('rejects an add there, and no other', async () => {
        const [there, elsewhere] = await Promise.all(
          [0, 1].map((partition) =>
            backend.broker.enqueue([jobIn(backend, partition)]).catch((error: unknown) => error),
          ),
        );

        expect(there).toBeInstanceOf(DurabilityError);
        expect(elsewhere).toEqual([expect.objectContaining({ created: true })]);
      });

      it('lets settlements there no longer ask, and those elsewhere ask on', async () => {
        const there = nodeAt(await masterOf(keyPrefix, 0));
        const elsewhere = nodeAt(await masterOf(keyPrefix, 1));
        const settle = async (partition: number) => {
          const { jobs } = await backend.broker.settleAndClaim([], claimIn(partition));
          const settlements = jobs.map(({ lease }) => completed(lease));
          await backend.broker.settleAndClaim(settlements, claimIn(partition, 0));
        };
        const careless = backendAt({ keyPrefix });
        await settle(0);
        await settle(1);
        const before = [await timesAsked(there), await timesAsked(elsewhere)];
        for (const partition of [0, 1]) {
          await careless.broker.enqueue([jobIn(careless, partition)]);
          await settle(partition);
        }

        expect(await timesAsked(there)).toBe(before[0]);
        expect(await timesAsked(elsewhere)).toBe(before[1]! + 1);
      });

      it('rejects the add of a job in place that no replica has yet', async () => {
        const careless = backendAt({ keyPrefix });
        await careless.connect();
        const added = jobIn(backend, 0);
        await careless.broker.enqueue([{ ...added, nonce: 'aa' }]);

        await expect(backend.broker.enqueue([{ ...added, nonce: 'bb' }])).rejects.toThrow(
          DurabilityError,
        );
      });
    },
  );
});

/** How many times a master was asked for its replicas. */
async function timesAsked(master: PrivateRedis): Promise<number> {
  const stats = await asked(master, (client) => client.info('commandstats'));
  return Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

async function replicaOf(port: number): Promise<PrivateRedis> {
  const [, , , replica] = (await slotRanges()).find(([, , master]) => master[1] === port)!;
  return nodeAt(replica![1]);
}

describe('news', () => {
  it('goes on over another node when the connection breaks, and says so', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix });
    const other = await openBackend({ keyPrefix });
    const channel = backend.notificationChannel;
    const states: string[] = [];
    const heard: string[] = [];
    channel.on('stateChange', (state) => void states.push(state));
    await channel.connect();
    channel.subscribe(({ jobId }) => void heard.push(jobId));
    const before = await subscribedAt();
    await other.notificationChannel.connect();
    for (const node of cluster.nodes) {
      await asked(node, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    }
    await until(() => states.filter((state) => state === 'connected').length === 2);
    const after = await subscribedAt();
    const told = newJobId();
    await until(async () => {
      await other.notificationChannel.publish(newsOf(told));
      return heard.includes(told);
    });

    expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
    // Each of the two listens at one of the masters; where one was cut off it has gone to another.
    expect(before.length).toBeGreaterThan(0);
    expect(after.length).toBeGreaterThan(0);
  });

  it('is told over another node when the one that it went over has fallen silent', async () => {
    const doors = await Doors.open();
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix, cluster: doors.options });
    const listening = await openBackend({ keyPrefix });
    await Promise.all([backend, listening].map((each) => each.notificationChannel.connect()));
    const heard: string[] = [];
    listening.notificationChannel.subscribe(({ jobId }) => void heard.push(jobId));
    const before = doors.proxies.map(({ commands }) => commands);
    await backend.notificationChannel.publish(newsOf(newJobId()));
    await until(() => heard.length === 1);
    const taken = doors.proxies.find(({ commands }, i) => commands > before[i]!)!;
    taken.swallow('everything');
    const told = newJobId();
    await backend.notificationChannel.publish(newsOf(newJobId())).catch(() => undefined);
    await backend.notificationChannel.publish(newsOf(told));
    await until(() => heard.includes(told));

    expect(heard).toHaveLength(2);
  });

  it('tells of the names that may have work in any partition when it was cut off', async () => {
    const backend = await openBackend();
    const channel = backend.notificationChannel;
    await channel.connect();
    const heard: string[] = [];
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    await Promise.all(
      [0, 1, 2].map((partition) =>
        backend.broker.enqueue([{ ...jobIn(backend, partition), name: `in-${partition}` }]),
      ),
    );
    heard.length = 0;
    for (const node of cluster.nodes) {
      await asked(node, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    }
    await until(() => new Set(heard).size === 4);

    expect([...new Set(heard)].sort()).toEqual(['in-0', 'in-1', 'in-2', 'mail']);
  });
});

const newsOf = (jobId: string) => ({
  jobId: toJobId(jobId),
  jobName: 'mail',
  nextRunAt: new Date(),
  priority: 0,
  timestamp: new Date(),
});

describe('a master that dies', () => {
  it('is replaced: calls to it wait and go through, those to others go on, and news comes again', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix });
    const channel = backend.notificationChannel;
    await channel.connect();
    const [lost, ...others] = await Promise.all(
      [0, 1, 2].map((partition) => masterOf(keyPrefix, partition)),
    );
    const dead = nodeAt(lost!);
    await dead.kill();
    const killedAt = performance.now();
    let isThrough = false;
    const adding = Promise.all(
      Array.from({ length: 20 }, () => backend.broker.enqueue([jobIn(backend, 0)])),
    ).finally(() => void (isThrough = true));
    let meanwhile = 0;
    while (!isThrough) {
      await backend.broker.enqueue([jobIn(backend, 1 + (meanwhile % 2))]);
      meanwhile += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const added = await adding;
    const tookMs = performance.now() - killedAt;
    await until(() => channel.state === 'connected');
    await dead.restart();
    await cluster.untilWhole();

    expect(others).not.toContain(lost);
    expect(added.flat().every(({ created }) => created)).toBe(true);
    expect(meanwhile).toBeGreaterThan(50);
    // The Cluster itself needs its node timeout of a second, and an election.
    expect(tookMs).toBeLessThan(8_000);
  }, 60_000);

  it('leaves no call hanging: what nobody can answer ends when its time is over, and tells of the node', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ keyPrefix, retryFor: 500 });
    const dead = nodeAt(await masterOf(keyPrefix, 1));
    await dead.kill();
    const error = await backend.broker
      .enqueue([jobIn(backend, 1)])
      .catch((reason: unknown) => reason);
    await dead.restart();
    await cluster.untilWhole();

    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ outcomeKnown: expect.any(Boolean) });
    expect(String(error)).toContain(`127.0.0.1:`);
  }, 60_000);
});

it('goes on when all nodes have gone and come back', async () => {
  // What the user says of single nodes must not keep the client from beginning anew.
  const options = { clusterNodeRetryStrategy: () => 50 };
  const backend = await openBackend({
    retryFor: '60 seconds',
    cluster: { nodes: cluster.nodes.map(portOf), options },
  });
  const channel = backend.notificationChannel;
  await channel.connect();
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  const adding = Promise.all(
    [0, 1, 2].map((partition) => backend.broker.enqueue([jobIn(backend, partition)])),
  );
  await until(() => channel.state === 'reconnecting');
  await Promise.all(cluster.nodes.map((node) => node.restart()));
  const added = await adding;
  await until(() => channel.state === 'connected');
  await cluster.untilWhole();

  expect(added.flat().map(({ created }) => created)).toEqual([true, true, true]);
}, 90_000);

/** At which node somebody listens. */
async function subscribedAt(): Promise<number[]> {
  const counts = await Promise.all(
    cluster.nodes.map((node) =>
      asked(
        node,
        async (client) => (await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string,
      ),
    ),
  );
  return counts.flatMap((list, i) => (list.trim() === '' ? [] : [i]));
}
