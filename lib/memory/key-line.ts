import type { KeyLimits } from '../core/contracts/job-broker.js';
import { OrderedList } from './ordered-list.js';
import { StartLog, type Permission } from './start-log.js';
import type { StoredJob } from './stored-job.js';

/** The due and running jobs of one key of a name. */
export class KeyLine {
  /** Due, and behind others of the key: in the order of claims. */
  readonly waiting: OrderedList<StoredJob>;
  /** Those that stand among the ready ones of the name, in the same order. */
  readonly heads: OrderedList<StoredJob>;
  readonly runs = new Set<StoredJob>();
  /** Who keeps a `fifo` key while it waits for its next attempt: nobody else starts. */
  holder: StoredJob | undefined;
  /** Nothing of the key starts before: somebody outside asked for that. */
  stoppedUntil = -Infinity;
  /** From when on one more may step up, where time decides that. */
  opensAt: number | undefined;
  /** The limits by which it was seen last how many may step up. */
  judgedBy = '';
  private readonly starts = new StartLog();

  constructor(
    readonly key: string,
    compare: (a: StoredJob, b: StoredJob) => number,
  ) {
    this.waiting = new OrderedList(compare);
    this.heads = new OrderedList(compare);
  }

  holderUnder({ order }: KeyLimits): StoredJob | undefined {
    return order === 'fifo' ? this.holder : undefined;
  }

  isHeldByAnother(job: StoredJob, limits: KeyLimits): boolean {
    return (this.holderUnder(limits) ?? job) !== job;
  }

  /** How many more may run by their number. */
  runsLeft({ order, concurrency = Infinity }: KeyLimits): number {
    return (order === 'fifo' ? 1 : concurrency) - this.runs.size;
  }

  /** How many may start by the rate; if none may, from when on the next one may. */
  startsLeft({ rate }: KeyLimits, now: number): Permission {
    if (!rate) return { room: Infinity, from: now };
    const { room, from } = this.starts.permission(rate, now);
    if (this.stoppedUntil <= now) return { room, from };
    return { room: 0, from: room > 0 ? this.stoppedUntil : Math.max(from, this.stoppedUntil) };
  }

  /** How many more may stand in front; and where only the rate is in the way, from when on one more may. */
  room(limits: KeyLimits, now: number): { readonly room: number; readonly from?: number } {
    const heads = this.heads.size;
    const byRuns = this.runsLeft(limits) - heads;
    const byRate = this.startsLeft(limits, now);
    if (byRate.room > heads || byRuns <= 0) return { room: Math.min(byRuns, byRate.room - heads) };
    return heads === 0 ? { room: 0, from: byRate.from } : { room: 0 };
  }

  noteStart({ rate }: KeyLimits, now: number): void {
    if (rate) this.starts.note(rate, 1, now);
  }

  /** Nothing stands or runs here, and nothing has to be remembered. */
  isIdle(now: number): boolean {
    const isEmpty = this.waiting.size === 0 && this.heads.size === 0 && this.runs.size === 0;
    return isEmpty && !this.holder && this.stoppedUntil <= now && this.starts.isOver(now);
  }
}
