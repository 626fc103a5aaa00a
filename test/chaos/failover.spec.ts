import { Engine } from '../../lib/core/engine.js';
import { ConnectionError, DurabilityError } from '../../lib/core/errors.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { asked, startMaster, startReplicaOf } from '../redis/replicas.js';
import type { PrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { isLong } from './support/stage.js';

const ADDERS = 8;
const rounds = isLong ? 20 : 2;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

it(
  'loses no acknowledged job when the master dies and its replica takes over, and soon works on',
  async () => {
    let master = await startMaster();
    cleanups.push(() => master.stop());
    let [link, replica] = await linkedReplicaOf(master);
    const proxy = await TcpProxy.to(master.port);
    cleanups.push(() => proxy.close());
    const producer = engineAt(proxy);
    const worker = engineAt(proxy);
    const completed = new Set<string>();
    const startedAt: number[] = [];
    const begin = () => void startedAt.push(performance.now());
    worker.handlers.define('mail', begin, { concurrency: 20 });
    const resumedAfterMs: number[] = [];
    worker.events.on('completed', ({ job }) => void completed.add(job.id));
    await Promise.all([producer.connect(), worker.connect()]);
    await worker.workerHost.start();
    const load = new Load(producer);

    for (let round = 0; round < rounds; round++) {
      await load.untilAnother(200);
      // What is added from here on the replica never hears of.
      link.swallow();
      await wait(100);
      await master.kill('SIGKILL');
      // For a moment clients find a replica that is none yet to write to.
      proxy.redirect(replica.port);
      await wait(200);
      await asked(replica, (client) => client.replicaof('NO', 'ONE'));
      const promotedAt = performance.now();
      while (!(startedAt.at(-1)! > promotedAt)) await wait(5);
      resumedAfterMs.push(startedAt.at(-1)! - promotedAt);
      await master.stop();
      master = replica;
      [link, replica] = await linkedReplicaOf(master);
      // With a replica adds are acknowledged again.
      await load.untilAnother(200);
    }
    await load.end();
    await allCompleted(producer);
    // A claim that goes with ends may wait a second for a replica that is not there yet.
    expect(Math.max(...resumedAfterMs)).toBeLessThanOrEqual(2_500);

    const stored = await numbersIn(producer);
    expect(load.acknowledged.filter((n) => !stored.includes(n))).toEqual([]);
    expect(stored).toHaveLength(new Set(stored).size);
    expect(load.refusals.filter((error) => !isExpected(error))).toEqual([]);
    expect(completed.size).toBeGreaterThanOrEqual(load.acknowledged.length);
  },
  isLong ? 600_000 : 60_000,
);

/** A replica, and its way to its master. */
async function linkedReplicaOf(master: PrivateRedis): Promise<[TcpProxy, PrivateRedis]> {
  const link = await TcpProxy.to(master.port);
  cleanups.push(() => link.close());
  const replica = await startReplicaOf(link);
  cleanups.push(() => replica.stop());
  return [link, replica];
}

function engineAt(proxy: TcpProxy): Engine {
  const backend = new RedisBackend({
    connectionString: proxy.url,
    durability: { replicas: 1, timeout: '1s' },
  });
  const engine = new Engine(backend, { lease: '3s' }, { onUnheardError: () => undefined });
  engine.events.on('warning', () => undefined);
  cleanups.push(() => engine.close());
  return engine;
}

/** Adds jobs without a pause, each with a number of its own. */
class Load {
  readonly acknowledged: number[] = [];
  readonly refusals: unknown[] = [];
  private next = 0;
  private isOver = false;
  private readonly adders: Promise<void>[];

  constructor(private readonly producer: Engine) {
    this.adders = Array.from({ length: ADDERS }, () => this.add());
  }

  /** Waits for so many acknowledgements more. */
  async untilAnother(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    while (this.acknowledged.length < goal) await wait(5);
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.adders);
  }

  private async add(): Promise<void> {
    while (!this.isOver) {
      const n = this.next++;
      try {
        await this.producer.scheduler.now('mail', { n });
        this.acknowledged.push(n);
      } catch (error) {
        this.refusals.push(error);
      }
      await wait(2);
    }
  }
}

/** The call was stored and not copied, or nobody was there to store it. */
const isExpected = (error: unknown): boolean =>
  error instanceof DurabilityError || error instanceof ConnectionError;

async function allCompleted({ parts }: Engine): Promise<void> {
  for (;;) {
    const counts = (await parts.manager.counts(['mail'])).get('mail')!;
    if (counts.completed === counts.total) return;
    await wait(50);
  }
}

async function numbersIn({ parts }: Engine): Promise<number[]> {
  const { jobs } = await parts.manager.query({ name: 'mail' });
  return jobs.map(({ data }) => (data as { n: number }).n);
}
