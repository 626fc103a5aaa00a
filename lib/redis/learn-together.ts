import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';

/** Reads anew which names are held together. @param ask - `runEarly` while the connection is being opened */
export async function learnTogether(
  store: RedisStore,
  ask: 'run' | 'runEarly' = 'run',
): Promise<void> {
  const askedAt = performance.now();
  const names: string[] = [];
  let cursor = '0';
  do {
    const [, next, ...page] = await store[ask](scripts.pageTogether, [cursor]);
    names.push(...page);
    cursor = next!;
  } while (cursor !== '0');
  store.together.learn(names, askedAt);
}

/**
 * Before jobs are added: a name that was held together once may not be any longer. Those that share nothing with
 * others do not wait for the answer: they may live anywhere, and are added also while the whole is away.
 */
export async function freshTogether<Job extends { readonly name: string }>(
  store: RedisStore,
  jobs: readonly Job[],
  sharesAny: (job: Job) => boolean,
): Promise<void> {
  const { together } = store;
  if (together.isFresh) return;
  const held = jobs.filter(({ name }) => together.has(name));
  if (held.length === 0) return;
  const reading = together.once(() => learnTogether(store));
  if (held.some(sharesAny)) await reading;
  else reading.catch(() => undefined);
}

/** A partition has refused jobs of these names: whatever the list says, they live in another one. */
export async function meetTogether(store: RedisStore, names: readonly string[]): Promise<void> {
  await learnTogether(store);
  store.together.add(names);
}
