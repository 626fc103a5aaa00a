import { inAll } from '../partitions.js';
import type { RedisStore } from '../redis-store.js';

/** Adds what each partition answers; the second word of the command is its key. */
export async function sum(
  store: RedisStore,
  command: (partition: RedisStore, number: number) => [string, string, ...string[]],
): Promise<number> {
  const answers = await inAll(store, (partition, number) => {
    const words = command(partition, number);
    return store.connection.commandAt(words[1], ...words);
  });
  return answers.reduce<number>((total, answer) => total + Number(answer), 0);
}
