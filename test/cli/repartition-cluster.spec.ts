import { jest } from '@jest/globals';
import type { RedisBackendOptions } from '../../lib/redis/index.js';
import { newPrefix } from '../redis/support.js';
import { startPrivateCluster, type PrivateCluster } from '../support/redis-cluster.mjs';
import { engineOn, everythingIn, fillStore } from './full-store.js';
import { command } from './support.js';

jest.setTimeout(120_000);

let cluster: PrivateCluster;

beforeAll(async () => {
  cluster = await startPrivateCluster();
});

afterAll(() => cluster.stop());

it.each([
  [1, 8],
  [8, 3],
  [3, 1],
])('moves a store over the nodes of a Cluster, from %i to %i partitions', async (from, to) => {
  const { url, port } = cluster.nodes[0]!;
  const keyPrefix = newPrefix();
  const store: RedisBackendOptions = {
    cluster: { nodes: [{ host: '127.0.0.1', port }] },
    keyPrefix,
    partitions: from,
  };
  await fillStore(store);
  const before = await everythingIn(store);

  const { code, said } = await command(
    ...['repartition', '--cluster', '--url', url, '--prefix', keyPrefix],
    ...['--from', `${from}`, '--to', `${to}`],
  );

  expect({ code, said }).toMatchObject({
    code: 0,
    said: expect.stringContaining(`${to} partitions`),
  });
  expect(await everythingIn({ ...store, partitions: to })).toEqual(before);
});

it('adds, finds and counts jobs on a Cluster, however many partitions they are spread over', async () => {
  const { url, port } = cluster.nodes[0]!;
  const keyPrefix = newPrefix();
  const engine = engineOn({
    cluster: { nodes: [{ host: '127.0.0.1', port }] },
    keyPrefix,
    partitions: 8,
  });
  await engine.connect();
  await engine.close();
  const where = ['--cluster', '--url', url, '--prefix', keyPrefix];

  const { code } = await command('enqueue', 'mail', '--id', 'one', ...where);
  const { out } = await command('counts', 'mail', '--json', ...where);
  const shown = await command('show', 'one', ...where);

  expect([code, shown.code]).toEqual([0, 0]);
  expect(JSON.parse(out).total).toMatchObject({ queued: 1, total: 1 });
});
