import { Redis, type RedisOptions } from 'ioredis';
import { ConnectionError, DurabilityError } from '../../lib/core/errors.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { startPrivateSentinels, type PrivateSentinels } from '../support/redis-sentinel.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { asked, startPair, untilConfirmed } from './replicas.js';
import { claim, completed, isAtLeast, job, newPrefix, until } from './support.js';

const cleanups: (() => unknown)[] = [];
let servers: PrivateSentinels;

beforeAll(async () => void (servers = await startPrivateSentinels()), 60_000);
afterAll(() => servers?.stop());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const sentinels = () => servers.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));

function backendAt(
  redisOptions: RedisOptions = {},
  more: Partial<RedisBackendOptions> = {},
): RedisBackend {
  const way =
    more.redis || more.connectionString
      ? {}
      : { redisOptions: { sentinels: sentinels(), name: servers.name, ...redisOptions } };
  const backend = new RedisBackend({ keyPrefix: newPrefix(), ...way, ...more });
  backend.onWarning(() => undefined);
  cleanups.push(() => backend.disconnect());
  cleanups.push(() => backend.notificationChannel.disconnect());
  return backend;
}

const askSentinel = async (...args: [string, ...string[]]): Promise<unknown> => {
  const sentinel = new Redis(sentinels()[0]!);
  try {
    return await sentinel.call('SENTINEL', ...args);
  } finally {
    sentinel.disconnect();
  }
};

async function masterPort(): Promise<number> {
  const [, port] = (await askSentinel('get-master-addr-by-name', servers.name)) as string[];
  return Number(port);
}

const serverAt = (port: number) =>
  [servers.master, servers.replica].find((server) => server.port === port)!;

/** Lets the replica take over, and waits until the old master follows it. */
async function failOver(): Promise<void> {
  const old = await masterPort();
  // Sentinel wants some peace between two of them.
  await until(() =>
    askSentinel('FAILOVER', servers.name).then(
      () => true,
      () => false,
    ),
  );
  await until(async () => (await masterPort()) !== old);
  await untilConfirmed({ port: await masterPort() });
}

describe('a start', () => {
  it('finds the master', async () => {
    const backend = backendAt();
    await backend.connect();
    const [added] = await backend.broker.enqueue([job()]);

    expect(added!.created).toBe(true);
  });

  it('needs one of the sentinels only', async () => {
    const backend = backendAt({ sentinels: [{ host: '127.0.0.1', port: 1 }, ...sentinels()] });
    await backend.connect();

    expect((await backend.manager.counts()).size).toBe(0);
  });

  it('fails at once where no sentinel listens, and names them', async () => {
    const backend = backendAt({ sentinels: [{ host: '127.0.0.1', port: 1 }] });
    const error = await backend.connect().catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain('sentinels 127.0.0.1:1');
  });

  it('fails at once where none knows a master of that name', async () => {
    const backend = backendAt({ name: 'another' });

    await expect(backend.connect()).rejects.toThrow(ConnectionError);
  });

  it('gives a sentinel its own password, and says when that is wrong', async () => {
    const setPassword = (client: Redis) => client.acl('SETUSER', 'default', 'resetpass', '>s3cret');
    // Before it a Sentinel takes no password while it runs.
    if (!(await askSentinelServer((client) => isAtLeast(client, 6, 2)))) return;
    await askSentinelServer(setPassword);
    cleanups.push(() =>
      askSentinelServer((client) => client.acl('SETUSER', 'default', 'nopass'), 's3cret'),
    );
    const right = backendAt({ sentinelPassword: 's3cret' });
    await right.connect();
    const error = await backendAt({ sentinelPassword: 'wrong' })
      .connect()
      .catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain('does not let us in');
    expect(String(error)).not.toContain('s3cret');
  });
});

async function askSentinelServer<Answer>(
  ask: (client: Redis) => Promise<Answer>,
  password?: string,
): Promise<Answer> {
  const client = new Redis({ ...sentinels()[0]!, ...(password && { password }) });
  const answer = await ask(client);
  client.disconnect();
  return answer;
}

describe('a failover', () => {
  it('that was planned rejects no call, and news comes again', async () => {
    const backend = backendAt({}, { durability: { replicas: 1, timeout: '1s' } });
    await backend.connect();
    await backend.notificationChannel.connect();
    await backend.broker.enqueue([job()]);
    const old = await masterPort();
    const refused: unknown[] = [];
    let isOver = false;
    const adding = (async () => {
      for (; !isOver; await new Promise((resolve) => setTimeout(resolve, 5))) {
        await backend.broker
          .enqueue([job()])
          .catch((error: unknown) => error instanceof DurabilityError || refused.push(error));
      }
    })();
    await failOver();
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    const { answers } = await backend.broker.settleAndClaim(
      jobs.map(({ lease }) => completed(lease)),
      claim(0),
    );
    isOver = true;
    await adding;
    await until(() => backend.notificationChannel.state === 'connected');

    expect(await masterPort()).not.toBe(old);
    expect(refused).toEqual([]);
    expect(answers).toEqual(['ok']);
  }, 60_000);

  it('leaves nobody at a master that has become a replica without a word', async () => {
    const pair = await startPair();
    cleanups.push(() => Promise.all([pair.master.stop(), pair.replica.stop()]));
    const proxy = await TcpProxy.to(pair.master.port);
    cleanups.push(() => proxy.close());
    const backend = backendAt({}, { connectionString: proxy.url });
    await backend.connect();
    await asked(pair.replica, (client) => client.replicaof('NO', 'ONE'));
    // Nobody cuts the connection of the backend when the roles change.
    await asked(pair.master, (client) => client.replicaof('127.0.0.1', pair.replica.port));
    const { joined } = proxy;
    const adding = backend.broker.enqueue([job()]);
    await until(() => proxy.joined > joined);
    proxy.redirect(pair.replica.port);

    expect((await adding)[0]!.created).toBe(true);
  });
});

it('durability asks the replicas of the master there is, beside a borrowed client, too', async () => {
  const redis = new Redis({ sentinels: sentinels(), name: servers.name });
  redis.on('error', () => undefined);
  cleanups.push(() => redis.disconnect());
  const keyPrefix = newPrefix();
  const backend = backendAt({}, { redis, keyPrefix, durability: { replicas: 1, timeout: 500 } });
  await backend.connect();
  const master = serverAt(Number(await portOfMaster(redis)));
  const replica = master === servers.master ? servers.replica : servers.master;
  const [added] = await backend.broker.enqueue([job()]);
  const copied = await asked(replica, (client) =>
    client.hexists(`${keyPrefix}jobs`, added!.job.id),
  );
  await replica.kill('SIGSTOP');
  const error = await backend.broker.enqueue([job()]).catch((reason: unknown) => reason);
  await replica.kill('SIGCONT');

  expect(copied).toBe(1);
  expect(error).toBeInstanceOf(DurabilityError);
});

/** The port of the server that the client speaks to. */
async function portOfMaster(client: Redis): Promise<string> {
  return /tcp_port:(\d+)/.exec(await client.info('server'))![1]!;
}

it('goes on when the only sentinel has gone while the master is well', async () => {
  const backend = backendAt();
  await backend.connect();
  await servers.sentinels[0]!.kill('SIGSTOP');
  cleanups.push(() => servers.sentinels[0]!.kill('SIGCONT'));

  expect((await backend.broker.enqueue([job()]))[0]!.created).toBe(true);
});
