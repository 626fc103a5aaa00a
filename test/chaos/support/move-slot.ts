import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { PrivateRedis } from '../../support/redis-server.mjs';

/** How long each key takes: long enough for calls to meet a slot of which a part has gone. */
const PAUSE_MS = 10;

/**
 * Moves a slot to another master, key by key, as `redis-cli --cluster reshard` does.
 * Goes on only when a call has met the slot half gone (TRYAGAIN), and ends only when one has met it empty (ASK).
 */
export async function moveSlot(
  slot: number,
  from: PrivateRedis,
  to: PrivateRedis,
  masters: readonly PrivateRedis[],
): Promise<void> {
  const [source, target] = [new Redis(from.url), new Redis(to.url)];
  const others = masters
    .filter((node) => node !== from && node !== to)
    .map(({ url }) => new Redis(url));
  try {
    const [sourceId, targetId] = [await idOf(source), await idOf(target)];
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId);
    for (let moved = 0; ; moved++) {
      const [key] = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 1)) as string[];
      if (key === undefined) break;
      await source.call('MIGRATE', '127.0.0.1', to.port, key, 0, 5_000);
      await (moved === 0 ? nextAnswer(source, 'TRYAGAIN') : wait(PAUSE_MS));
    }
    await nextAnswer(source, 'ASK');
    for (const node of [target, source, ...others]) {
      await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
    }
  } finally {
    for (const node of [source, target, ...others]) node.disconnect();
  }
}

const idOf = async (node: Redis): Promise<string> => (await node.call('CLUSTER', 'MYID')) as string;

/** Waits until a server has answered with a word of error once more; not at all where it does not count them. */
async function nextAnswer(node: Redis, word: string): Promise<void> {
  const before = await errorsOf(node);
  while (before !== undefined && (await errorsOf(node))?.get(word) === before.get(word)) {
    await wait(PAUSE_MS);
  }
}

/** How often the servers have answered with each word of error; nothing before Redis 6.2, which does not count them. */
export async function errorsAnswered(nodes: readonly PrivateRedis[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { url } of nodes) {
    const node = new Redis(url);
    const errors = await errorsOf(node).finally(() => node.disconnect());
    for (const [word, count] of errors ?? []) counts.set(word, (counts.get(word) ?? 0) + count);
  }
  return counts;
}

/** The words of error a server has answered with, and how often; undefined before Redis 6.2. */
async function errorsOf(node: Redis): Promise<Map<string, number> | undefined> {
  const told = await node.info('errorstats');
  if (!told.includes('# Errorstats')) return undefined;
  const lines = told.matchAll(/^errorstat_(\w+):count=(\d+)/gm);
  return new Map([...lines].map(([, word, count]) => [word!, Number(count)]));
}
