import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpProxy } from '../support/tcp-proxy.js';
import { resolveRedisOptions } from '../../lib/redis/redis-options.js';
import { RedisSubscriber } from '../../lib/redis/redis-subscriber.js';
import { until } from './support.js';

/** Lets clients through to Redis, or hangs up on them at once; notes when they came. */
class Door {
  readonly arrivals: number[] = [];
  isOpen = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    const { port } = new URL(process.env.TEST_REDIS_URL!);
    server.on('connection', (client) => {
      this.arrivals.push(performance.now());
      if (!this.isOpen) return void client.destroy();
      const redis = connect(Number(port), '127.0.0.1');
      client.pipe(redis).pipe(client);
      for (const socket of [client, redis]) this.sockets.add(socket.on('error', () => {}));
    });
  }

  static async make(): Promise<Door> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Door(server);
  }

  get options() {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  get gaps(): number[] {
    return this.arrivals.slice(1).map((at, i) => at - this.arrivals[i]!);
  }

  /** Cuts the connections that are there. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let door: Door;
let subscriber: RedisSubscriber;
let subscribed: number;
beforeEach(async () => {
  door = await Door.make();
  subscribed = 0;
  const { endpoint } = resolveRedisOptions({ redisOptions: door.options });
  subscriber = new RedisSubscriber(endpoint, () => ['news'], {
    message: () => {},
    subscribed: () => (subscribed += 1),
    lost: () => {},
    error: () => {},
  });
});
afterEach(async () => {
  await subscriber.stop();
  await door.close();
});

it('tries again after gaps that double, from 100 ms on, until one attempt succeeds', async () => {
  await subscriber.start();
  await until(() => door.arrivals.length === 5);
  const gaps = door.gaps;
  door.isOpen = true;
  await until(() => subscribed === 1);

  gaps.forEach((gap, i) => expect(gap).toBeGreaterThanOrEqual(100 * 2 ** i - 5));

  const before = door.arrivals.length;
  const cutAt = performance.now();
  door.cut();
  await until(() => subscribed === 2);
  // Had the success not counted, the next gap would be 3.2 s.
  expect(door.arrivals[before]! - cutAt).toBeLessThan(1_600);
  expect(door.arrivals).toHaveLength(before + 1);
}, 20_000);

it('waits no longer when somebody knows that Redis is back', async () => {
  await subscriber.start();
  await until(() => door.arrivals.length === 4);
  door.isOpen = true;
  // The next attempt would come after 800 ms, if nobody hurried.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const hurriedAt = performance.now();
  subscriber.hurry();
  await until(() => subscribed === 1);

  expect(door.arrivals[4]! - hurriedAt).toBeLessThan(400);
});

it('is asked whether it still hears when somebody else had to connect anew', async () => {
  const proxy = await TcpProxy.to(door.options.port);
  door.isOpen = true;
  const { endpoint } = resolveRedisOptions({ connectionString: proxy.url });
  let timesSubscribed = 0;
  const deaf = new RedisSubscriber(endpoint, () => ['news'], {
    message: () => {},
    subscribed: () => (timesSubscribed += 1),
    lost: () => {},
    error: () => {},
  });
  await deaf.start();
  proxy.swallow('everything');

  deaf.hurry();
  await until(() => timesSubscribed === 2);

  // By itself it would have asked after ten seconds of silence.
  expect(proxy.joined).toBe(2);
  await deaf.stop();
  await proxy.close();
}, 8_000);

it('tries no more when it is stopped between two attempts', async () => {
  await subscriber.start();
  await until(() => door.arrivals.length === 2);
  await subscriber.stop();
  const { length } = door.arrivals;
  await new Promise((resolve) => setTimeout(resolve, 600));

  expect(door.arrivals).toHaveLength(length);
});
