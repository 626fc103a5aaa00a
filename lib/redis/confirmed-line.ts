import type { Redis } from 'ioredis';
import { Patience, PendingCalls } from './pending-calls.js';
import { listening } from './redis-client.js';
import { AnswerTimeout } from './redis-errors.js';

/** What a call brings back. */
export interface Sent {
  readonly reply: unknown;
  /** How many replicas have its write. */
  readonly confirmed: Promise<number>;
}

interface Waiting {
  /** A hash that its script writes, or has. */
  readonly key: string;
  readonly send: () => Promise<unknown>;
  readonly resolve: (sent: Sent) => void;
  readonly reject: (error: unknown) => void;
}

/** How many replicas have what was sent before; Redis may keep the answer for `withinMs`. */
export interface Question {
  /** @param key - of one of the calls */
  readonly ask: (key: string) => Promise<number>;
  readonly withinMs: number;
}

/**
 * Writes over one client, and how many replicas have them.
 *
 * WAIT speaks for the writes of its own connection, and nothing behind it is carried out before it has its
 * answer. So what comes meanwhile is gathered, and one WAIT speaks for all of it.
 */
export class ConfirmedLine {
  private waiting: Waiting[] = [];
  private isBusy = false;
  private readonly patience: Patience;

  /**
   * @param client - ours, and for this alone
   * @param patienceMs - the longest that an answer may take, beside what replicas need
   */
  constructor(
    private readonly client: Redis,
    private readonly question: Question,
    patienceMs: number,
  ) {
    this.patience = new Patience(new PendingCalls(), patienceMs);
  }

  send(key: string, send: () => Promise<unknown>): Promise<Sent> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, send, resolve, reject });
      if (!this.isBusy) void this.sendAll();
    });
  }

  private async sendAll(): Promise<void> {
    this.isBusy = true;
    while (this.waiting.length > 0) await this.sendTogether(this.waiting.splice(0));
    this.isBusy = false;
  }

  private async sendTogether(calls: readonly Waiting[]): Promise<void> {
    const hasHeard = listening(this.client);
    const replies = calls.map(({ send }) => this.patience.wait(send()));
    const { ask, withinMs } = this.question;
    const confirmed = this.patience.wait(ask(calls[0]!.key), Infinity, withinMs);
    calls.forEach(({ resolve, reject }, i) => {
      replies[i]!.then((reply) => resolve({ reply, confirmed }), reject);
    });
    // Who is to be asked later would wait for a dead connection, too.
    replies[0]!.catch((error: unknown) => this.renewAfter(error, !hasHeard()));
    // Calls that failed by themselves do not ask for it.
    await confirmed.catch((error: unknown) => this.renewAfter(error, true));
  }

  private renewAfter(error: unknown, isSilent: boolean): void {
    if (error instanceof AnswerTimeout && isSilent) this.client.disconnect(true);
  }
}
