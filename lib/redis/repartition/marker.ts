import { randomToken } from '../../core/job/job-id.js';
import { AgendaError } from '../../core/errors.js';
import { pause } from '../pending-calls.js';
import type { RedisStore } from '../redis-store.js';

/*
 * While the number of partitions is being changed the store says so: processes that open it are refused, and a
 * run that was killed is gone on with from where it was.
 */

const STEPS = ['copy', 'remove', 'rename'] as const;
/**
 * Where the change is: what it has made until it has copied all can be thrown away, from then on it only goes
 * on. */
export type Step = (typeof STEPS)[number];

export interface Change {
  readonly from: number;
  readonly to: number;
  readonly step: Step;
}

/** What the meta of a store says of a change under way. */
export function changeIn(text: string): Change {
  return JSON.parse(text) as Change;
}

export async function markChange(home: RedisStore, change: Change): Promise<void> {
  const { meta } = home.keys;
  await home.connection.commandAt(meta, 'HSET', meta, 'moving', JSON.stringify(change));
}

export async function unmarkChange(home: RedisStore): Promise<void> {
  const { meta } = home.keys;
  await home.connection.commandAt(meta, 'HDEL', meta, 'moving');
}

/** The store is being laid out anew by another run of the same command. */
export class RepartitionRunningError extends AgendaError {
  constructor() {
    super('Another run of this command is at work on the store. Wait for its end.');
  }
}

const LOCK_MS = 5_000;
const RENEW_MS = 1_000;

/** Sees to it that no two runs work on one store: after the work of a killed run it waits until that is known. */
export async function alone<T>(home: RedisStore, work: () => Promise<T>): Promise<T> {
  const key = `${home.keys.prefix}moving:lock`;
  const token = randomToken();
  const ask = (...args: [string, ...string[]]): Promise<unknown> =>
    home.connection.commandAt(key, ...args);
  const deadline = performance.now() + LOCK_MS + RENEW_MS;
  while ((await ask('SET', key, token, 'NX', 'PX', String(LOCK_MS))) === null) {
    // Its own, if the answer to a first try was lost.
    if ((await ask('GET', key)) === token) break;
    if (performance.now() > deadline) throw new RepartitionRunningError();
    await pause(RENEW_MS / 10);
  }
  const renewal = setInterval(() => {
    ask('SET', key, token, 'XX', 'PX', String(LOCK_MS)).catch(() => undefined);
  }, RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await ask('DEL', key).catch(() => undefined);
  }
}
