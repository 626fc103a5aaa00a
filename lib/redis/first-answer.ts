import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { pause } from './pending-calls.js';
import type { Client } from './redis-client.js';
import { isPassing, isUnreachable, isUnreachableGroup } from './redis-errors.js';

const PAUSE_MS = 20;

/**
 * Until Redis answers. Gives up at once where nobody listens, unless it was told to wait.
 *
 * @param isOver - whether nobody wants to know any more
 */
export async function firstAnswer(
  client: Client,
  waits: boolean,
  isOver: () => boolean,
): Promise<void> {
  for (;;) {
    try {
      return await answer(client);
    } catch (error) {
      if (isOver() || !isPassing(error)) throw error;
      if (!waits && nobodyListens(client, error)) throw error;
      await pause(PAUSE_MS);
    }
  }
}

function nobodyListens(client: Client, error: unknown): boolean {
  // Sentinels name a master that has gone until another is elected.
  return isUnreachableGroup(error) || (isUnreachable(error) && !asksSentinels(client));
}

/** Answers at once, if only that it has ended. */
const isSettled = ({ status }: Client): boolean => status === 'ready' || status === 'end';

const asksSentinels = (client: Client): boolean =>
  !client.isCluster && Boolean((client as Redis).options.sentinels);

/** Rejects with what went wrong, which the client itself does not say. */
async function answer(client: Client): Promise<void> {
  let cause: unknown;
  let tell: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (tell = reject));
  failed.catch(() => undefined);
  const remember = (error: unknown): void => {
    cause ??= error;
    // These go on by themselves, and keep what they were asked meanwhile.
    if (client.isCluster || asksSentinels(client)) tell(error);
  };
  client.on('error', remember);
  try {
    if (client.status === 'wait') await Promise.race([client.connect(), failed]);
    // It would keep every question of a long wait, and ask them all in the end.
    if (client.isCluster && !isSettled(client)) await once(client, 'ready');
    await Promise.race([client.ping(), failed]);
    if (!client.isCluster) await selectAgain(client as Redis);
  } catch (error) {
    throw cause ?? error;
  } finally {
    client.off('error', remember);
  }
}

/** A client selects its database when it connects, but goes on in database 0 when it is refused. */
async function selectAgain(client: Redis): Promise<void> {
  const database = client.condition?.select ?? 0;
  if (database > 0) await client.select(database);
}
