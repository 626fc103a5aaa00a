import type { Redis } from 'ioredis';
import { DurabilityError } from '../core/errors.js';
import { waitFor } from '../core/worker/wait.js';
import type { BackendWarnings } from './backend-warnings.js';
import { ConfirmedLine } from './confirmed-line.js';
import type { ResolvedDurability } from './durability.js';
import type { Client } from './redis-client.js';
import type { Script } from './script.js';
import { isFull } from './redis-errors.js';
import { ReplicaOutlook } from './replica-outlook.js';
import { evaluated, type ScriptCarrier } from './script-carrier.js';

/** A call that also leases jobs does not keep them waiting for longer. */
const LEASED_JOBS_WAIT_MS = 1_000;
const SAME_WARNING_EVERY_MS = 30_000;
/** A call waits for the calls under way and for its own, once more if the server does not know its script. */
const MOST_ROUNDS = 3;

/** Where `meta` stands among the keys of a script. */
const META = 1;

/** With memory full a call that had something to write has written it, as nothing else can be. */
async function mark(client: Redis, meta: string): Promise<void> {
  try {
    await client.hset(meta, 'asked', '');
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

/** Carries scripts whose writes replicas must confirm: the option `durability`. */
export class ConfirmedWrites implements ScriptCarrier {
  readonly silentMs: number;
  private readonly lines = new WeakMap<Client, ConfirmedLine>();
  /** By the `meta` of a partition: on Cluster each master has replicas of its own. */
  private readonly outlooks = new Map<string, ReplicaOutlook>();
  private silentUntil = -Infinity;

  constructor(
    private readonly durability: ResolvedDurability,
    /** Nobody listens there. On Cluster, where messages do not go the way of writes, there is none. */
    private readonly channel: string | undefined,
    /** The longest that an answer may take, beside what replicas need. */
    private readonly patienceMs: number,
    private readonly warnings: BackendWarnings,
  ) {
    this.silentMs = MOST_ROUNDS * durability.timeoutMs;
  }

  /** Whether replicas are to be asked for a script on the partition with this `meta`. */
  covers({ unconfirmed }: Script, meta: string): boolean {
    if (unconfirmed === 'warns') return this.outlookFor(meta).isWorthAsking;
    return unconfirmed !== undefined;
  }

  async carry(
    client: Client,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    const meta = keys[META]!;
    const line = this.lineOf(client);
    const sent = await evaluated(script, (send) => line.send(meta, () => send(client, keys, args)));
    const { reply } = sent;
    const confirmed = this.outlookFor(meta).noted(sent.confirmed);
    if (script.unconfirmed === 'warns') await this.expect(confirmed);
    else await this.require(confirmed);
    return reply;
  }

  /** @throws DurabilityError */
  private async require(confirmed: Promise<number>): Promise<void> {
    const { replicas, timeoutMs } = this.durability;
    const count = await confirmed;
    if (count < replicas) throw new DurabilityError(count, replicas, timeoutMs);
  }

  private async expect(confirmed: Promise<number>): Promise<void> {
    const judged = confirmed.then((count) => this.warnIfShort(count));
    let failure: { error: unknown } | undefined;
    const ended = judged.catch((error: unknown) => void (failure = { error }));
    await waitFor(ended, LEASED_JOBS_WAIT_MS);
    // Sent again, the call finds out what a new master knows of it.
    if (failure) throw failure.error;
  }

  private warnIfShort(confirmed: number): void {
    const { replicas, timeoutMs } = this.durability;
    const now = performance.now();
    if (confirmed >= replicas || now < this.silentUntil) return;
    this.silentUntil = now + SAME_WARNING_EVERY_MS;
    this.warnings.tell({
      code: 'durability',
      message:
        `Redis stored how jobs ended, but ${confirmed} of ${replicas} replicas confirmed it within ${timeoutMs} ms: ` +
        'after a failover now they may run again. Until replicas confirm again, ended jobs do not wait for them.',
    });
  }

  private outlookFor(meta: string): ReplicaOutlook {
    let outlook = this.outlooks.get(meta);
    if (!outlook) {
      outlook = new ReplicaOutlook(this.durability.replicas);
      this.outlooks.set(meta, outlook);
    }
    return outlook;
  }

  private lineOf(client: Client): ConfirmedLine {
    let line = this.lines.get(client);
    if (!line) {
      const question = {
        ask: (meta: string) => this.ask(client as Redis, meta),
        withinMs: this.durability.timeoutMs,
      };
      line = new ConfirmedLine(client as Redis, question, this.patienceMs);
      this.lines.set(client, line);
    }
    return line;
  }

  /**
   * A call that finds its work done already writes nothing, and WAIT may have nothing to speak for then, though
   * the write of somebody else is on its way. A message goes to every replica behind that write, on Cluster
   * a field that is written anew and never read.
   */
  private async ask(client: Redis, meta: string): Promise<number> {
    const { replicas, timeoutMs } = this.durability;
    const [, confirmed] = await Promise.all([
      this.channel === undefined ? mark(client, meta) : client.publish(this.channel, ''),
      client.wait(replicas, timeoutMs),
    ]);
    return confirmed;
  }
}
