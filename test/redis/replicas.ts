import { Redis } from 'ioredis';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { until } from './support.js';

/** A replica does not wait for others before it copies. */
const AT_ONCE = ['--repl-diskless-sync-delay', '0'];

export const startMaster = (): Promise<PrivateRedis> => startPrivateRedis({ args: AT_ONCE });

/** A master and a replica that has caught up. */
export async function startPair(): Promise<{ master: PrivateRedis; replica: PrivateRedis }> {
  const master = await startMaster();
  return { master, replica: await startReplicaOf(master) };
}

export async function startReplicaOf(master: { readonly port: number }): Promise<PrivateRedis> {
  const args = [...AT_ONCE, '--replicaof', '127.0.0.1', `${master.port}`];
  const replica = await startPrivateRedis({ args });
  await untilConfirmed(master);
  return replica;
}

/** Until a replica confirms what is written now; it may have been silent. */
export async function untilConfirmed({ port }: { readonly port: number }): Promise<void> {
  await asked({ url: `redis://127.0.0.1:${port}` }, async (client) => {
    await until(async () => {
      await client.publish('a message reaches replicas too', '');
      return (await client.wait(1, 1_000)) > 0;
    });
  });
}

export async function asked<T>(
  { url }: { readonly url: string },
  ask: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = new Redis(url);
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}
