import { MAX_BATCH } from '../contracts/job-broker.js';
import type { Handler } from '../handlers/handler-registry.js';

/*
 * Room for attempts: how many run, of each name and in all, and how many more may.
 *
 * Nothing is claimed ahead of a free slot. A slot is taken when an attempt begins and given back
 * when its handler has really returned, which is later than its settlement if the handler ignores
 * its signal: handlers that execute never exceed a limit. An attempt that has ended keeps its room while
 * what its handler told is not stored: handlers may be faster than the store. What a claim under way has
 * asked for is kept free for it. Each claim asks for the names in another order, one name further, so that no
 * name is always served first.
 *
 * THE POISON GUARD. A job on its last start has no rescue left: if this run loses its process, it is
 * buried. It shares its process with no other such job: a claim may bring one, and none while one runs
 * here, or may come with another claim. It counts until its attempt is over: a handler that goes on after
 * that, which may be for ever, must not keep all of them waiting.
 * The reason: a job that kills its process takes down those beside it; they are rescued together, claimed
 * together, and lost together again, and nobody can tell which of them did it.
 * But every loss of an innocent one was a loss of the poison, too. So when an innocent job has no rescue
 * left, the poison has none either, and from then on they do not meet: the poison is buried alone.
 *
 * Where a claim finds more than a hundred such jobs in its way, it may bring all that stand behind the
 * hundredth: so many did not die of each other but were lost with their hosts, and work must go on.
 *
 * What this does not cover: a second poison job, or a process lost for another reason besides, before the
 * innocent has had its run; a poison job that kills its process after its attempt is over; a name that allows
 * fewer rescues than that of the poison, or none; and runs by hand, which are beside all limits.
 */

/** One job name's room. */
export interface Lane {
  readonly name: string;
  concurrency: number;
  readonly lockLimit: number;
  running: number;
  /** Ended, and what their handlers told is not stored yet. */
  untold: number;
  /** What claims under way may bring. */
  promised: number;
  paused: boolean;
}

/** What a claim may ask for. */
export interface Room {
  readonly slots: number;
  readonly names: readonly { readonly name: string; readonly slots: number }[];
  /** How many of the jobs may be on their last start. */
  readonly lastStarts: 0 | 1;
}

export class Slots {
  private readonly lanes: Lane[] = [];
  private readonly byName = new Map<string, Lane>();
  private readonly pausedNames = new Set<string>();
  /** Concurrency that was set at run time. */
  private readonly chosen = new Map<string, number>();
  private readonly lockLimit: number;
  private maxConcurrency: number;
  private turn = 0;
  private all = 0;
  private untold = 0;
  private promised = 0;
  private allPaused = false;
  /** How many attempts on their last start are not over, or may come with claims under way. */
  private lastStarts = 0;

  constructor(limits: { maxConcurrency: number; lockLimit: number }) {
    this.lockLimit = limits.lockLimit;
    this.maxConcurrency = limits.maxConcurrency;
  }

  /** Makes room for a name. */
  open({ name, plan: { concurrency: planned, lockLimit } }: Handler): void {
    if (this.byName.has(name)) return;
    const paused = this.pausedNames.has(name);
    const concurrency = this.chosen.get(name) ?? planned;
    const lane: Lane = { name, concurrency, lockLimit, running: 0, untold: 0, promised: 0, paused };
    this.byName.set(name, lane);
    this.lanes.push(lane);
  }

  /** How many of a name may run from now on; those that run end, also when they are more. */
  setConcurrency(name: string, concurrency: number): void {
    this.chosen.set(name, concurrency);
    const lane = this.byName.get(name);
    if (lane) lane.concurrency = concurrency;
  }

  /** How many may run in all from now on; those that run end, also when they are more. */
  setMaxConcurrency(maxConcurrency: number): void {
    this.maxConcurrency = maxConcurrency;
  }

  /** How many handlers there may be in all. */
  get concurrency(): number {
    return this.maxConcurrency;
  }

  /** How many attempts there may be in all. */
  get most(): number {
    return Math.min(this.maxConcurrency, this.lockLimit);
  }

  /** What is free now, at most so many; `undefined` when nothing is. */
  room(atMost: number): Room | undefined {
    const free = this.most - this.all - this.untold - this.promised;
    const slots = Math.min(free, MAX_BATCH, atMost);
    if (slots <= 0 || this.allPaused) return undefined;
    const names: { name: string; slots: number }[] = [];
    const count = this.lanes.length;
    for (let i = 0; i < count; i++) {
      const lane = this.lanes[(this.turn + i) % count]!;
      const free = freeIn(lane);
      if (free > 0) names.push({ name: lane.name, slots: Math.min(free, slots) });
    }
    if (names.length === 0) return undefined;
    this.turn = (this.turn + 1) % count;
    return { slots, names, lastStarts: this.lastStartIsFree ? 1 : 0 };
  }

  /** Keeps room free for a claim that goes out. */
  promise({ slots, names, lastStarts }: Room): void {
    this.promised += slots;
    this.lastStarts += lastStarts;
    for (const { name, slots: most } of names) this.byName.get(name)!.promised += most;
  }

  /** The claim has brought what it brings. */
  redeem({ slots, names, lastStarts }: Room): void {
    this.promised -= slots;
    this.lastStarts -= lastStarts;
    for (const { name, slots: most } of names) this.byName.get(name)!.promised -= most;
  }

  /** Whether a job of this name could begin now, unless a claim under way brings others. */
  hasRoomFor(name: string): boolean {
    const lane = this.byName.get(name);
    if (!lane || this.allPaused || this.all + this.untold >= this.most) return false;
    return freeIn(lane) + lane.promised > 0;
  }

  /** Whether a job on its last start could begin now. */
  get lastStartIsFree(): boolean {
    return this.lastStarts === 0;
  }

  handles(name: string): boolean {
    return this.byName.has(name);
  }

  /** An attempt begins. */
  take(name: string, isLastStart = false): void {
    this.byName.get(name)!.running += 1;
    this.all += 1;
    if (isLastStart) this.lastStarts += 1;
  }

  /** An attempt on its last start is over, whether its handler has returned or not. */
  endLastStart(): void {
    this.lastStarts -= 1;
  }

  /** Its handler has returned. */
  giveBack(name: string): void {
    this.byName.get(name)!.running -= 1;
    this.all -= 1;
  }

  /** An attempt has ended, and what its handler told is to be stored first. */
  keepForUntold(name: string): void {
    this.byName.get(name)!.untold += 1;
    this.untold += 1;
  }

  /** That is stored. */
  freeFromUntold(name: string): void {
    this.byName.get(name)!.untold -= 1;
    this.untold -= 1;
  }

  /** No more jobs of this name, or of any; those that run go on. */
  pause(name?: string): void {
    if (name === undefined) {
      this.allPaused = true;
      return;
    }
    this.pausedNames.add(name);
    this.mark(name, true);
  }

  /** Takes a pause back; without a name all of them. */
  resume(name?: string): void {
    if (name !== undefined) {
      this.pausedNames.delete(name);
      this.mark(name, false);
      return;
    }
    this.allPaused = false;
    this.pausedNames.clear();
    for (const lane of this.lanes) lane.paused = false;
  }

  get running(): number {
    return this.all;
  }

  get isPaused(): boolean {
    return this.allPaused;
  }

  /** The room of each name, for people to see. */
  view(): readonly Readonly<Lane>[] {
    return this.lanes;
  }

  private mark(name: string, paused: boolean): void {
    const lane = this.byName.get(name);
    if (lane) lane.paused = paused;
  }
}

const freeIn = (lane: Lane): number =>
  lane.paused
    ? 0
    : Math.min(lane.concurrency, lane.lockLimit) - lane.running - lane.untold - lane.promised;
