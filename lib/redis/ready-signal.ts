import type { Cluster, Redis } from 'ioredis';
import type { Client } from './redis-client.js';

const signals = new WeakMap<Client, ReadySignal>();

/**
 * Tells when a client has become able to send, of a Cluster each time one of its nodes has. Many backends may share a borrowed client, which warns
 * of more than ten listeners: they are told by one, which goes with the last of them.
 */
export class ReadySignal {
  private readonly watchers = new Set<() => void>();
  private readonly tell = (): void => this.watchers.forEach((watcher) => watcher());
  private readonly watch = (node: Redis): void => void node.on('ready', this.tell);

  private constructor(private readonly client: Client) {}

  static of(client: Client): ReadySignal {
    const signal = signals.get(client) ?? new ReadySignal(client);
    signals.set(client, signal);
    return signal;
  }

  add(watcher: () => void): void {
    if (this.watchers.size === 0) this.listen();
    this.watchers.add(watcher);
  }

  remove(watcher: () => void): void {
    this.watchers.delete(watcher);
    if (this.watchers.size === 0) this.forget();
  }

  private listen(): void {
    this.client.on('ready', this.tell);
    if (!this.client.isCluster) return;
    this.client.on('+node', this.watch);
    this.nodes.forEach(this.watch);
  }

  private forget(): void {
    this.client.off('ready', this.tell);
    if (!this.client.isCluster) return;
    this.client.off('+node', this.watch);
    for (const node of this.nodes) node.off('ready', this.tell);
  }

  private get nodes(): Redis[] {
    return (this.client as Cluster).nodes();
  }
}
