import type { Cluster, Redis } from 'ioredis';
import { slotOf } from './hash-slots.js';
import { Patience, PendingCalls } from './pending-calls.js';
import type { Client } from './redis-client.js';
import { MasterUnknown } from './redis-errors.js';

/** So far apart, at least, are two looks at who has which slots: many calls may ask for them at once. */
const LOOK_EVERY_MS = 200;

/*
 * A Cluster client keeps the map of the slots and a connection to each node. Which of these a call takes, and
 * what becomes of it when that one breaks, we decide ourselves: the client would send a call whose answer was lost to another node,
 * without telling, and would not notice when a node has fallen silent.
 *
 * While a slot moves to another node, a script that meets a key that has gone already, or was never there, ends
 * in its middle. So each call also names a key that never exists: while one of its keys is missing, Redis
 * refuses it before it begins (TRYAGAIN), and it is repeated until the slot has arrived. An ASK would lead to
 * the same answer of the other node.
 */

/** @returns a key beside the given one that nobody ever writes */
export const neverWritten = (key: string): string => `${key}:never`;

/** Which connection of a Cluster client leads to the master of a key. */
export class ClusterRoutes {
  private readonly found = new Map<string, Redis>();
  /** By address: a new connection to a slow node inherits it. */
  private readonly patiences = new Map<string, Patience>();
  private lookAgainAt = -Infinity;
  private chosen: Redis | undefined;
  private avoided: Client | undefined;

  /** @param isOurs - whether the client may be told to begin anew */
  constructor(
    private readonly cluster: Cluster,
    private readonly isOurs: boolean,
    private readonly calls: PendingCalls,
    private readonly mostPatienceMs: number,
  ) {}

  /** @throws MasterUnknown while nobody has the slot, or the one who had it has gone */
  masterOf(key: string): Redis {
    const address = this.cluster.slots[slotOf(key)]?.[0];
    const node = address === undefined ? undefined : this.nodeAt(address);
    if (!node || this.cluster.status !== 'ready') throw new MasterUnknown();
    return node;
  }

  /**
   * Any of them, one that is well if possible, and the same one as long as it is: news that goes over one node stays
   * in order.
   *
   * @throws MasterUnknown
   */
  anyMaster(): Redis {
    const masters = this.cluster.nodes('master');
    const well = masters.filter((node) => node.status === 'ready' && node !== this.avoided);
    if (this.chosen && well.includes(this.chosen)) return this.chosen;
    const choice = well.length > 0 ? well : masters;
    const node = choice[Math.floor(Math.random() * choice.length)];
    if (!node) throw new MasterUnknown();
    this.chosen = node;
    return node;
  }

  /** News did not get through to it: the next goes over another one, if one is well. */
  avoid(node: Client): void {
    this.avoided = node;
  }

  /** A call has failed: perhaps the map is old. */
  lookAnew(): void {
    const { cluster } = this;
    const now = performance.now();
    if (cluster.status !== 'ready' || now < this.lookAgainAt) return;
    this.lookAgainAt = now + LOOK_EVERY_MS;
    cluster.refreshSlotsCache((error) => {
      if (error) this.startAnew();
    });
  }

  patienceWith(node: Redis): Patience {
    const address = addressOfNode(node);
    let patience = this.patiences.get(address);
    if (!patience) {
      this.forgetLeft();
      patience = new Patience(this.calls, this.mostPatienceMs);
      this.patiences.set(address, patience);
    }
    return patience;
  }

  /**
   * No node that it knows of answers, and no connection is left: where they have moved only those know by which the client
   * began.
   */
  private startAnew(): void {
    const { cluster } = this;
    const hasAny = cluster.nodes().some(({ status }) => status === 'ready');
    if (this.isOurs && !hasAny && cluster.status === 'ready') cluster.disconnect(true);
  }

  private nodeAt(address: string): Redis | undefined {
    const known = this.found.get(address);
    if (known && isInUse(known)) return known;
    this.forgetClosed();
    const node = this.cluster.nodes().find((each) => addressOfNode(each) === address);
    if (!node || !isInUse(node)) return undefined;
    this.found.set(address, node);
    return node;
  }

  /** Nodes come and go, and may have another address each time. */
  private forgetClosed(): void {
    for (const [address, node] of this.found) if (!isInUse(node)) this.found.delete(address);
  }

  private forgetLeft(): void {
    const addresses = new Set(this.cluster.nodes().map(addressOfNode));
    for (const address of this.patiences.keys()) {
      if (!addresses.has(address)) this.patiences.delete(address);
    }
  }
}

/** One that has closed never connects again: the client makes another. */
const isInUse = ({ status }: Redis): boolean => status !== 'end' && status !== 'close';

export const addressOfNode = ({ options }: Redis): string => `${options.host}:${options.port}`;
