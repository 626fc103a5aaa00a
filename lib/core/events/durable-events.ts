import { EVENTS_PAGE, type EventsPage, type StoredEvent } from '../contracts/event-store.js';
import type { JobManager } from '../contracts/job-manager.js';
import type { NotificationChannel } from '../contracts/notification-channel.js';
import { ConnectionError, InvalidOptionError } from '../errors.js';
import type { JobName } from '../job/job-types.js';
import { abortSignal } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { nameList } from '../options/name-list.js';
import { DURABLE_EVENT_KINDS, type DurableEvent, type DurableEventKind } from './durable-event.js';
import type { ErrorSink } from './job-events.js';

/*
 * Readers of the durable stream. A reader asks for the next page when its caller wants the next event; when
 * there is none it asks again after a second, or soon after news of any job. It holds no connection of its
 * own, and a reader that nobody asks costs nothing.
 */

export interface EventStreamOptions {
  /**
   * Where to begin: with the oldest event that is kept, with the next one that comes, or behind the event
   * with this cursor.
   *
   * @default 'end'
   */
  from?: 'start' | 'end' | (string & {});
  /** Only events of these job names, and those of all names together. @default all */
  names?: readonly JobName[];
  /** @default all */
  kinds?: readonly DurableEventKind[];
  /** Ends the iteration. */
  signal?: AbortSignal;
}

const LOOK_EVERY_MS = 1_000;
/** News comes in showers: one look for each of them is enough. */
const AFTER_NEWS_MS = 50;

export interface DurableEventsTools {
  readonly manager: JobManager;
  readonly channel: NotificationChannel | undefined;
  /** Takes errors of a store that is away, which end no reader. */
  readonly report: ErrorSink;
}

export class DurableEvents {
  private readonly readers = new Set<AbortController>();

  constructor(private readonly tools: DurableEventsTools) {}

  /** @throws InvalidOptionError */
  read(options: EventStreamOptions): AsyncGenerator<DurableEvent, void, undefined> {
    checkKnownKeys('options', options, ['from', 'names', 'kinds', 'signal']);
    const { from = 'end', names, kinds, signal } = options;
    if (typeof from !== 'string') {
      throw new InvalidOptionError('from', from, "'start', 'end' or the cursor of an event");
    }
    const isMeant = eventTest(names, kinds);
    return this.iterate(from, isMeant, signal && abortSignal('signal', signal));
  }

  /** Ends every reader. */
  close(): void {
    for (const reader of this.readers) reader.abort();
  }

  private async *iterate(
    from: string,
    isMeant: (event: StoredEvent) => boolean,
    given: AbortSignal | undefined,
  ): AsyncGenerator<DurableEvent, void, undefined> {
    const reader = new AbortController();
    const { signal } = reader;
    const end = (): void => reader.abort();
    const forget = (): void => {
      this.readers.delete(reader);
      given?.removeEventListener('abort', end);
    };
    signal.addEventListener('abort', forget);
    this.readers.add(reader);
    given?.addEventListener('abort', end);
    if (given?.aborted) end();
    try {
      for (let cursor = from; !signal.aborted;) {
        const page = await this.pageAt(cursor, signal);
        if (!page) return;
        cursor = page.cursor;
        for (const event of page.events) {
          if (signal.aborted) return;
          if (isMeant(event)) yield durableEvent(event);
        }
        if (page.events.length === 0) await this.untilNews(signal);
      }
    } finally {
      forget();
    }
  }

  /** Waits for a store that is away. @returns nothing when the reader has ended */
  private async pageAt(from: string, signal: AbortSignal): Promise<EventsPage | undefined> {
    let isReported = false;
    while (!signal.aborted) {
      try {
        const page = await this.tools.manager.readEvents({ from, limit: EVENTS_PAGE });
        if (page.isKept) return page;
        throw new InvalidOptionError('events.durable', false, NOT_KEPT);
      } catch (thrown) {
        if (signal.aborted) break;
        if (!(thrown instanceof ConnectionError)) throw thrown;
        if (!isReported) this.tools.report(thrown);
        isReported = true;
        await this.untilNews(signal);
      }
    }
    return undefined;
  }

  private untilNews(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        unsubscribe?.();
        signal.removeEventListener('abort', go);
        resolve();
      };
      let timer = setTimeout(go, LOOK_EVERY_MS);
      const unsubscribe = this.tools.channel?.subscribe(() => {
        clearTimeout(timer);
        timer = setTimeout(go, AFTER_NEWS_MS);
        unsubscribe?.();
      });
      signal.addEventListener('abort', go);
    });
  }
}

const NOT_KEPT =
  'on for an engine of this store before its events are read (`events: { durable: true }`)';

/** @throws InvalidOptionError */
function eventTest(
  names: readonly JobName[] | undefined,
  kinds: readonly DurableEventKind[] | undefined,
): (event: StoredEvent) => boolean {
  const meantNames = names && new Set(nameList('names', names));
  const meantKinds = kinds && new Set(kinds);
  const unknown = [...(meantKinds ?? [])].find((kind) => !DURABLE_EVENT_KINDS.includes(kind));
  if (unknown !== undefined) {
    throw new InvalidOptionError('kinds', unknown, `of ${DURABLE_EVENT_KINDS.join(', ')}`);
  }
  return ({ kind, name }) =>
    (!meantKinds || meantKinds.has(kind)) && (!meantNames || name === null || meantNames.has(name));
}

function durableEvent(stored: StoredEvent): DurableEvent {
  const { kind, id, name, at, attempt, host, reason, nextRunAt, cursor } = stored;
  return {
    kind,
    ...(id !== null && { id }),
    ...(name !== null && { name }),
    at: new Date(at),
    ...(attempt !== null && { attempt }),
    ...(host !== null && { host }),
    ...(reason !== null && { reason }),
    ...(nextRunAt !== null && { nextRunAt: new Date(nextRunAt) }),
    cursor,
  };
}
