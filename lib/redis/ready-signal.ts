import type { Client } from './redis-client.js';

const signals = new WeakMap<Client, ReadySignal>();

/**
 * Tells when a client has become able to send. Many backends may share a borrowed client, which warns
 * of more than ten listeners: they are told by one, which goes with the last of them.
 */
export class ReadySignal {
  private readonly watchers = new Set<() => void>();
  private readonly tell = (): void => this.watchers.forEach((watcher) => watcher());

  private constructor(private readonly client: Client) {}

  static of(client: Client): ReadySignal {
    const signal = signals.get(client) ?? new ReadySignal(client);
    signals.set(client, signal);
    return signal;
  }

  add(watcher: () => void): void {
    if (this.watchers.size === 0) this.client.on('ready', this.tell);
    this.watchers.add(watcher);
  }

  remove(watcher: () => void): void {
    this.watchers.delete(watcher);
    if (this.watchers.size === 0) this.client.off('ready', this.tell);
  }
}
