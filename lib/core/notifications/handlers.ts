import type { Unsubscribe } from '../contracts/notification-channel.js';
import { InvalidOptionError } from '../errors.js';

type Handler<News> = (news: News) => unknown;

interface Entry<News> {
  readonly handler: Handler<News>;
}

/** Functions that want to hear, in the order they came. One that throws or rejects disturbs no other. */
export class Handlers<News> {
  // Never changed in place: a telling under way goes on with the handlers it began with.
  private entries: readonly Entry<News>[] = [];

  /** @param changed - called after one came or went */
  constructor(private readonly changed: () => void = () => {}) {}

  get size(): number {
    return this.entries.length;
  }

  /**
   * One function added twice is told twice.
   *
   * @throws InvalidOptionError for anything but a function
   */
  add(handler: Handler<News>): Unsubscribe {
    if (typeof handler !== 'function') {
      throw new InvalidOptionError('handler', handler, 'a function');
    }
    const entry = { handler };
    this.replace([...this.entries, entry]);
    return () => this.drop(entry);
  }

  /** Takes the newest one of this function away. */
  remove(handler: Handler<News>): void {
    const entry = this.entries.findLast((one) => one.handler === handler);
    if (entry) this.drop(entry);
  }

  clear(): void {
    if (this.size > 0) this.replace([]);
  }

  /** Calls each of them; what one throws, or rejects with, goes to `failed`. */
  tell(news: News, failed: (thrown: unknown) => void): void {
    for (const { handler } of this.entries) {
      try {
        const returned = handler(news);
        if (returned !== null && typeof returned === 'object') {
          Promise.resolve(returned).catch(failed);
        }
      } catch (thrown) {
        failed(thrown);
      }
    }
  }

  private drop(entry: Entry<News>): void {
    if (this.entries.includes(entry)) this.replace(this.entries.filter((one) => one !== entry));
  }

  private replace(entries: readonly Entry<News>[]): void {
    this.entries = entries;
    this.changed();
  }
}
