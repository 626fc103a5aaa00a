import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startPrivateSentinels, type PrivateSentinels } from '../support/redis-sentinel.mjs';
import type { PrivateRedis } from '../support/redis-server.mjs';
import { isLong, print, Stage } from './support/stage.js';

/* A master behind Sentinel is replaced by its replica, while jobs are added and run. */

const rounds = isLong ? 10 : 1;
/** What any process may say of it: for a while no replica can confirm anything. */
const EXPECTED_WARNING = /\[durability\]|--trace-warnings/;

let servers: PrivateSentinels;
let stage: Stage;
beforeEach(async () => {
  servers = await startPrivateSentinels({ args: ['--appendonly', 'yes'] });
  const sentinels = servers.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const store = {
    redisOptions: { sentinels, name: servers.name },
    durability: { replicas: 1, timeout: '1s' },
  };
  stage = await Stage.on({ store, stop: () => servers.stop() });
}, 60_000);
afterEach(() => stage.close());

describe.each(['killed', 'told to step down'])('when the master is %s', (how) => {
  it(
    'loses nothing that was acknowledged, and works on within seconds of the new one',
    async () => {
      const engine = { lease: 3_000 };
      const crew = [await stage.worker({ engine }), await stage.worker({ engine })];
      const producer = await stage.producer({ data: { ms: 20 } });
      const resumedAfterMs: number[] = [];
      for (let round = 0; round < rounds; round++) {
        await untilAnother(100);
        const [old, next] = await masterAndReplica();
        if (how === 'killed') await old.kill('SIGKILL');
        else await sentinelAgrees('FAILOVER', servers.name);
        await stage.until('there is a new master', () => isMaster(next));
        const promotedAt = Date.now();
        await stage.until('a job has ended since', async () => {
          const completed = await stage.facts.of('completed');
          return completed.some(({ at }) => at > promotedAt);
        });
        const ends = (await stage.facts.of('completed')).map(({ at }) => at);
        resumedAfterMs.push(Math.min(...ends.filter((at) => at > promotedAt)) - promotedAt);
        if (how === 'killed') await old.restart();
        await stage.until('the old one follows it', () => follows(old));
      }
      await untilAnother(50);
      await stage.endAll([producer]);
      await stage.untilAllCompleted();
      await stage.endAll(crew);

      const added = await stage.facts.ids('added');
      const refused = await stage.facts.of('refused');
      const completed = await stage.facts.byId('completed');
      print(`master ${how}`, { added: added.length, refused: refused.length, resumedAfterMs });
      expect(Math.max(...resumedAfterMs)).toBeLessThan(5_000);
      expect(added.filter((id) => !completed.has(id))).toEqual([]);
      // Stored, while no replica was there to confirm it.
      expect(refused.filter(({ why }) => why !== 'DurabilityError')).toEqual([]);
      const { total, failed } = await stage.counts();
      expect(total).toBeGreaterThanOrEqual(added.length);
      expect(total).toBeLessThanOrEqual(added.length + refused.length);
      expect(failed).toBe(0);
      expect(await stage.facts.of('failed')).toEqual([]);
      expect(await stage.violations()).toEqual([]);
      expect(stage.troubles().filter((line) => !EXPECTED_WARNING.test(line))).toEqual([]);
    },
    isLong ? 600_000 : 120_000,
  );
});

async function untilAnother(count: number): Promise<void> {
  const before = (await stage.facts.ids('added')).length;
  await stage.until(`${count} more jobs are added`, async () => {
    return (await stage.facts.ids('added')).length >= before + count;
  });
}

async function masterAndReplica(): Promise<[PrivateRedis, PrivateRedis]> {
  const { master, replica } = servers;
  return (await isMaster(master)) ? [master, replica] : [replica, master];
}

const isMaster = async (server: PrivateRedis): Promise<boolean> =>
  (await replicationOf(server)).includes('role:master');

const follows = async (server: PrivateRedis): Promise<boolean> =>
  (await replicationOf(server)).includes('master_link_status:up');

async function replicationOf({ port }: PrivateRedis): Promise<string> {
  return ask(port, (client) => client.info('replication')).catch(() => '');
}

/** Sentinel refuses while it is busy with the failover before. */
async function sentinelAgrees(...args: [string, ...string[]]): Promise<void> {
  const { port } = servers.sentinels[0]!;
  await stage.until('Sentinel agrees', () =>
    ask(port, (client) => client.call('SENTINEL', ...args)).then(
      () => true,
      () => wait(100, false),
    ),
  );
}

async function ask<T>(port: number, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}
