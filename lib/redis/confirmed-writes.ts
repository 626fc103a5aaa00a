import type { Redis } from 'ioredis';
import { DurabilityError } from '../core/errors.js';
import { waitFor } from '../core/worker/wait.js';
import type { BackendWarnings } from './backend-warnings.js';
import { ConfirmedLine } from './confirmed-line.js';
import type { ResolvedDurability } from './durability.js';
import type { Client } from './redis-client.js';
import type { Script } from './script.js';
import { evaluated, type ScriptCarrier } from './script-carrier.js';

/** A call that also leases jobs does not keep them waiting for longer. */
const LEASED_JOBS_WAIT_MS = 1_000;
/** So long after replicas were missing a call that would only warn asks for them again. */
const ASK_AGAIN_MS = 5_000;
const SAME_WARNING_EVERY_MS = 30_000;
/** A call waits for the calls under way and for its own, once more if the server does not know its script. */
const MOST_ROUNDS = 3;

/** Carries scripts whose writes replicas must confirm: the option `durability`. */
export class ConfirmedWrites implements ScriptCarrier {
  readonly silentMs: number;
  private readonly lines = new WeakMap<Client, ConfirmedLine>();
  /** Calls that wait for replicas now. */
  private asking = 0;
  private areMissing = false;
  private askAgainAt = -Infinity;
  private silentUntil = -Infinity;

  constructor(
    private readonly durability: ResolvedDurability,
    /** Nobody listens there. */
    private readonly channel: string,
    /** The longest that an answer may take, beside what replicas need. */
    private readonly patienceMs: number,
    private readonly warnings: BackendWarnings,
  ) {
    this.silentMs = MOST_ROUNDS * durability.timeoutMs;
  }

  /**
   * Whether replicas are to be asked. While they are missing, settlements would be held up for nothing, by
   * their own calls and by those that must wait: they ask now and then.
   */
  covers({ unconfirmed }: Script): boolean {
    if (unconfirmed === 'warns' && this.areMissing) {
      return this.asking === 0 && performance.now() >= this.askAgainAt;
    }
    return unconfirmed !== undefined;
  }

  async carry(
    client: Client,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    const line = this.lineOf(client);
    const { reply, confirmed } = await evaluated(script, (send) =>
      line.send(() => send(client, keys, args)),
    );
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

  private lineOf(client: Client): ConfirmedLine {
    let line = this.lines.get(client);
    if (!line) {
      const question = {
        ask: () => this.ask(client as Redis),
        withinMs: this.durability.timeoutMs,
      };
      line = new ConfirmedLine(client as Redis, question, this.patienceMs);
      this.lines.set(client, line);
    }
    return line;
  }

  /**
   * A call that finds its work done already writes nothing, and WAIT may have nothing to speak for then, though
   * the write of somebody else is on its way. A message goes to every replica behind that write.
   */
  private async ask(client: Redis): Promise<number> {
    const { replicas, timeoutMs } = this.durability;
    this.asking += 1;
    try {
      const [, confirmed] = await Promise.all([
        client.publish(this.channel, ''),
        client.wait(replicas, timeoutMs),
      ]);
      this.areMissing = confirmed < replicas;
      this.askAgainAt = performance.now() + ASK_AGAIN_MS;
      return confirmed;
    } finally {
      this.asking -= 1;
    }
  }
}
