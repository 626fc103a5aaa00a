import type { KeyLimits } from '../core/contracts/job-broker.js';
import { KeyLine } from './key-line.js';
import type { OrderedList } from './ordered-list.js';
import type { StoredJob } from './stored-job.js';

/** Of so many keys it is looked whether they can be forgotten, whenever there is a new one. */
const FORGOTTEN_AT_ONCE = 2;

/** What the lines of a name's keys need of their lane. */
export interface Front {
  /** The ready jobs of the name. */
  readonly ready: OrderedList<StoredJob>;
  /** The order of claims, by the jobs' own times. */
  readonly compare: (a: StoredJob, b: StoredJob) => number;
  readonly limits: () => KeyLimits | undefined;
  readonly now: () => number;
  /** The name is claimable from then on, perhaps earlier than before. */
  readonly becomesDue: (at: number) => void;
}

/**
 * The lines of the keys of a name. Where the name has limits per key, only so many jobs of each stand among the
 * ready ones, and by their turn: the instant at which they came there, so that keys take turns. The others wait
 * behind them and hide nobody. Without such limits all stand by their own times; what was in a line when
 * limits were changed gets its place when a claim looks.
 */
export class KeyLines {
  /** How many jobs have gone between the lines and the front so far. */
  moves = 0;
  private readonly lines = new Map<string, KeyLine>();
  /** Lines in which something has changed: see `refill`. */
  private readonly touched = new Set<KeyLine>();

  constructor(private readonly front: Front) {}

  /** A job gets its place that is due. */
  stand(job: StoredJob): void {
    const line = this.touch(job);
    const limits = this.front.limits();
    if (!limits) return this.standPlainly(job);
    if (line.isHeldByAnother(job, limits)) return this.getInLine(line, job);
    const last = line.heads.last();
    if (this.isNext(line, job, limits) && line.room(limits, this.front.now()).room > 0) {
      this.becomeHead(line, job, job.happened.nextRunAt!);
    } else if (last && this.front.compare(job, last) < 0) {
      const turn = this.stepDown(line, last);
      this.getInLine(line, last);
      this.becomeHead(line, job, turn);
    } else {
      this.getInLine(line, job);
    }
  }

  /** A job leaves its place that was due, or may have been. */
  leave(job: StoredJob): void {
    const line = this.lineOf(job);
    if (job.turn !== undefined) this.stepDown(line, job);
    else if (!this.front.ready.delete(job) && !line.waiting.delete(job)) return;
    this.touched.add(line);
  }

  /** Takes a job out of the ready ones and lets it run, if its key may. */
  start(job: StoredJob): boolean {
    if (!this.mayStart(job)) return false;
    if (job.turn === undefined) this.front.ready.delete(job);
    else this.stepDown(this.lineOf(job), job);
    this.begin(job);
    this.refill();
    return true;
  }

  /**
   * Whether a job that was met among the ready ones may start. One that may not gets into the line, out of the
   * others' way; one that is not due yet, and is asked for ahead of its time, stays where it is.
   */
  mayStart(job: StoredJob, { isAhead = false } = {}): boolean {
    const limits = this.front.limits();
    if (!limits) return true;
    const now = this.front.now();
    const line = this.lineOf(job);
    const isFree = !line.isHeldByAnother(job, limits);
    if (job.turn !== undefined) {
      const mayRun = line.runsLeft(limits) > 0 && line.startsLeft(limits, now).room > 0;
      if (isFree && mayRun) return true;
      this.stepDown(line, job);
      this.getInLine(line, job);
    } else if (isFree && this.isNext(line, job, limits) && line.room(limits, now).room > 0) {
      return true;
    } else if (isAhead) {
      return false;
    } else {
      // It came here when its name had no such limits.
      this.front.ready.delete(job);
      this.stand(job);
    }
    this.refillOne(line);
    return false;
  }

  /** A job runs that stands nowhere; what is known to run is not counted twice. */
  begin(job: StoredJob): void {
    const line = this.lineOf(job);
    if (line.runs.has(job)) return;
    const limits = this.front.limits();
    line.runs.add(job);
    this.letGo(job);
    if (limits?.rate) this.touch(job).noteStart(limits, this.front.now());
  }

  /** A run is over. */
  end(job: StoredJob): void {
    this.touch(job).runs.delete(job);
  }

  /** A job whose run is over goes on later with what it was about: it keeps a `fifo` key until then. */
  keep(job: StoredJob): void {
    const line = this.lineOf(job);
    if (this.front.limits()?.order === 'fifo' && line.runs.size === 0) line.holder ??= job;
  }

  letGo(job: StoredJob): void {
    if (this.lineOf(job).holder === job) this.touch(job).holder = undefined;
  }

  stop(job: StoredJob, until: number): void {
    const line = this.touch(job);
    line.stoppedUntil = Math.max(line.stoppedUntil, until);
  }

  /** Where something has changed, as many step up as there is room for. */
  refill(): void {
    const lines = [...this.touched];
    this.touched.clear();
    for (const line of lines) this.refillOne(line);
  }

  /** Who may step up by now: keys open by time, or since the limits are others. */
  open(): void {
    const opensAt = this.openings();
    for (const line of this.lines.values()) {
      if (opensAt(line) <= this.front.now()) this.touched.add(line);
    }
    this.refill();
  }

  /** Whether anybody waits behind others of a key. */
  get anyWaits(): boolean {
    return [...this.lines.values()].some(({ waiting }) => waiting.size > 0);
  }

  /** When the next may step up, as far as time decides that. */
  get nextOpening(): number | undefined {
    const first = Math.min(...Array.from(this.lines.values(), this.openings()));
    return first === Infinity ? undefined : Math.max(first, this.front.now());
  }

  /** As plain values. */
  snapshot(): unknown {
    const ids = (jobs: Iterable<StoredJob>) => Array.from(jobs, ({ id }) => id);
    return Array.from(this.lines.values(), ({ key, waiting, heads, runs, holder }) => ({
      key,
      waiting: ids(waiting),
      heads: ids(heads),
      runs: ids(runs).sort(),
      holder: holder?.id,
    }));
  }

  private openings(): (line: KeyLine) => number {
    const limits = this.front.limits();
    const judgedBy = JSON.stringify(limits) ?? '';
    return (line) => {
      if (line.waiting.size === 0) return Infinity;
      return line.judgedBy === judgedBy ? (line.opensAt ?? Infinity) : this.front.now();
    };
  }

  private refillOne(line: KeyLine): void {
    const limits = this.front.limits();
    const now = this.front.now();
    line.judgedBy = JSON.stringify(limits) ?? '';
    for (let job = this.nextOf(line, limits); job; job = this.nextOf(line, limits)) {
      line.waiting.delete(job);
      if (limits) this.becomeHead(line, job, now);
      else this.standPlainly(job);
    }
    line.opensAt = limits && line.waiting.size > 0 ? line.room(limits, now).from : undefined;
    if (line.opensAt !== undefined) this.front.becomesDue(line.opensAt);
    const isForgotten = line.isIdle(now) && this.lines.get(line.key) === line;
    if (isForgotten) this.lines.delete(line.key);
  }

  /** Who may step up next; nobody while there is no room. */
  private nextOf(line: KeyLine, limits: KeyLimits | undefined): StoredJob | undefined {
    if (!limits) return line.waiting.first();
    if (line.room(limits, this.front.now()).room <= 0) return undefined;
    const holder = line.holderUnder(limits);
    if (!holder) return line.waiting.first();
    return line.waiting.has(holder) ? holder : undefined;
  }

  /** Whether nobody of the line comes before a job that is not in it. */
  private isNext(line: KeyLine, job: StoredJob, limits: KeyLimits): boolean {
    const first = line.waiting.first();
    return line.holderUnder(limits) === job || !first || this.front.compare(job, first) < 0;
  }

  private standPlainly(job: StoredJob): void {
    this.front.ready.add(job);
    this.front.becomesDue(job.happened.nextRunAt!);
  }

  private becomeHead(line: KeyLine, job: StoredJob, turn: number): void {
    this.moves++;
    job.turn = turn;
    line.heads.add(job);
    this.front.ready.add(job);
    this.front.becomesDue(turn);
  }

  /** @returns the turn it had */
  private stepDown(line: KeyLine, job: StoredJob): number {
    const turn = job.turn!;
    this.front.ready.delete(job);
    line.heads.delete(job);
    job.turn = undefined;
    return turn;
  }

  private getInLine(line: KeyLine, job: StoredJob): void {
    this.moves++;
    line.waiting.add(job);
  }

  private touch(job: StoredJob): KeyLine {
    const line = this.lineOf(job);
    this.touched.add(line);
    return line;
  }

  private lineOf({ asked: { key = '' } }: StoredJob): KeyLine {
    let line = this.lines.get(key);
    if (!line) {
      this.forgetIdle();
      this.lines.set(key, (line = new KeyLine(key, this.front.compare)));
    }
    return line;
  }

  private forgetIdle(): void {
    let left = FORGOTTEN_AT_ONCE;
    for (const [key, line] of this.lines) {
      if (left-- === 0) return;
      this.lines.delete(key);
      if (!line.isIdle(this.front.now())) this.lines.set(key, line);
    }
  }
}
