import { pause } from './pending-calls.js';
import type { Client } from './redis-client.js';
import { isPassing, isUnreachable } from './redis-errors.js';

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
      if (isUnreachable(error) && !waits) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/** Rejects with what went wrong, which the client itself does not say. */
async function answer(client: Client): Promise<void> {
  let cause: unknown;
  const remember = (error: unknown): void => void (cause ??= error);
  client.on('error', remember);
  try {
    if (client.status === 'wait') await client.connect();
    await client.ping();
  } catch (error) {
    throw cause ?? error;
  } finally {
    client.off('error', remember);
  }
}
