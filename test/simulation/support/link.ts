import { ConnectionError } from '../../../lib/core/errors.js';
import type { NotificationChannelState } from '../../../lib/core/contracts/notification-channel.js';
import type { Random } from '../../support/random.js';
import { after } from './virtual-time.js';

/** How long a message is on its way: mostly a little, at times long. */
const COMMON_MS = { least: 1, most: 3 };
const SLOW_MS = { least: 10, most: 60 };
const SLOW_SHARE = 0.01;

/**
 * The way between one process and the store. What has been sent arrives, whatever happens to the sender; an answer,
 * and news, reach only who is there and connected.
 */
export class Link {
  private isDead = false;
  private isCut = false;
  private readonly watchers = new Set<(state: NotificationChannelState) => void>();

  constructor(private readonly random: Random) {}

  get isUp(): boolean {
    return !this.isDead && !this.isCut;
  }

  /** The process is gone, without a word: nothing goes out any more, and nothing is heard. */
  die(): void {
    this.isDead = true;
  }

  /** The network is gone: calls fail, and the process knows. */
  cut(): void {
    this.isCut = true;
    this.tell('reconnecting');
  }

  mend(): void {
    this.isCut = false;
    this.tell('connected');
  }

  /** Carries a call to the store, and its answer back. */
  async call<T>(act: () => Promise<T>): Promise<T> {
    if (this.isDead) return never();
    if (this.isCut) return this.failed(true);
    await this.onItsWay();
    const answer = act();
    // An error is an answer, too.
    await Promise.allSettled([answer]);
    await this.onItsWay();
    if (this.isDead) return never();
    if (this.isCut) return this.failed(false);
    return answer;
  }

  /** Carries a piece of news from the store. */
  async hear(act: () => void): Promise<void> {
    await this.onItsWay();
    if (this.isUp) act();
  }

  onChange(watcher: (state: NotificationChannelState) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private tell(state: NotificationChannelState): void {
    if (!this.isDead) for (const watcher of this.watchers) watcher(state);
  }

  private async failed(wasNotSent: boolean): Promise<never> {
    await this.onItsWay();
    throw new ConnectionError('The network is gone.', wasNotSent);
  }

  private onItsWay(): Promise<void> {
    const { least, most } = this.random.happens(SLOW_SHARE) ? SLOW_MS : COMMON_MS;
    return after(this.random.between(least, most));
  }
}

/** What a process waits for that is gone. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {});
