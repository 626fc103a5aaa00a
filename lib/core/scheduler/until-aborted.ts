import { orAborted } from '../or-aborted.js';

/** The items of a source until the signal fires, also while the source keeps silent; then it is asked to end. */
export async function* untilAborted<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item, void, void> {
  if (!signal) return yield* source as AsyncIterable<Item, void>;
  const items = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    while (!signal.aborted) {
      const next = await orAborted(items.next(), signal);
      if (next?.done) isOver = true;
      if (!next || next.done) return;
      yield next.value;
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    if (!isOver) await end(items, signal.aborted);
  }
}

/** One that keeps silent may never answer, and what it says then is nobody's business. */
async function end(items: AsyncIterator<unknown>, isSilent: boolean): Promise<void> {
  const ended = items.return?.();
  if (isSilent) ended?.catch(() => {});
  else await ended;
}
