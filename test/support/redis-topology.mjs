// The servers that the spec files of one test run share. Environment variables of the run choose them:
//   TEST_REDIS_TOPOLOGY    standalone (when left out), cluster or sentinel
//   TEST_REDIS_PARTITIONS  over how many partitions the stores of the tests are spread; 1 when left out
//   TEST_REDIS_SERVER      the program that is started; see redis-binary.mjs
import { startPrivateCluster } from './redis-cluster.mjs';
import { startPrivateSentinels } from './redis-sentinel.mjs';
import { findOrStartRedis } from './redis-server.mjs';

/** On a busy machine servers may be silent for seconds, and none is to take over from another here. */
const PATIENCE_MS = 30_000;

const STARTS = { standalone: startStandalone, cluster: startCluster, sentinel: startSentinel };

/** `{ how, url, endpoint, stop() }`: `endpoint` are the options that name them, `url` is a single server for who needs one. */
export async function startTopology() {
  const topology = process.env.TEST_REDIS_TOPOLOGY ?? 'standalone';
  const start = STARTS[topology];
  if (start) return start();
  throw new Error(
    `TEST_REDIS_TOPOLOGY is one of ${Object.keys(STARTS).join(', ')}, not ${topology}.`,
  );
}

async function startStandalone() {
  const redis = await findOrStartRedis();
  return { ...redis, endpoint: { connectionString: redis.url } };
}

async function startCluster() {
  const [cluster, single] = await Promise.all([
    startPrivateCluster({ nodeTimeoutMs: PATIENCE_MS }),
    findOrStartRedis(),
  ]);
  const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  return {
    url: single.url,
    how: `a Cluster of 3 masters and 3 replicas, beside ${single.how}`,
    endpoint: { cluster: { nodes } },
    stop: async () => void (await Promise.all([cluster.stop(), single.stop()])),
  };
}

async function startSentinel() {
  const servers = await startPrivateSentinels({ downAfterMs: PATIENCE_MS });
  const { name, master, sentinels } = servers;
  const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  return {
    url: master.url,
    how: 'a master with a replica, behind Sentinel',
    endpoint: { redisOptions: { sentinels: addresses, name } },
    stop: () => servers.stop(),
  };
}
