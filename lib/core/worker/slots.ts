import { MAX_BATCH } from '../contracts/job-broker.js';
import type { Handler } from '../handlers/handler-registry.js';

/*
 * Room for attempts: how many run, of each name and in all, and how many more may.
 *
 * Nothing is claimed ahead of a free slot. A slot is taken when an attempt begins and given back
 * when its handler has really returned, which is later than its settlement if the handler ignores
 * its signal: handlers that execute never exceed a limit. What a claim under way has asked for is
 * kept free for it. Each claim asks for the names in another order, one name further, so that no
 * name is always served first.
 */

/** One job name's room. */
export interface Lane {
  readonly name: string;
  readonly concurrency: number;
  readonly lockLimit: number;
  running: number;
  /** What claims under way may bring. */
  promised: number;
  paused: boolean;
}

/** What a claim may ask for. */
export interface Room {
  readonly slots: number;
  readonly names: readonly { readonly name: string; readonly slots: number }[];
}

export class Slots {
  private readonly lanes: Lane[] = [];
  private readonly byName = new Map<string, Lane>();
  private readonly pausedNames = new Set<string>();
  private readonly mostInAll: number;
  private turn = 0;
  private all = 0;
  private promised = 0;
  private allPaused = false;

  constructor(limits: { maxConcurrency: number; lockLimit: number }) {
    this.mostInAll = Math.min(limits.maxConcurrency, limits.lockLimit);
  }

  /** Makes room for a name. */
  open({ name, plan: { concurrency, lockLimit } }: Handler): void {
    if (this.byName.has(name)) return;
    const paused = this.pausedNames.has(name);
    const lane: Lane = { name, concurrency, lockLimit, running: 0, promised: 0, paused };
    this.byName.set(name, lane);
    this.lanes.push(lane);
  }

  /** How many attempts there may be in all. */
  get most(): number {
    return this.mostInAll;
  }

  /** What is free now, at most so many; `undefined` when nothing is. */
  room(atMost: number): Room | undefined {
    const slots = Math.min(this.mostInAll - this.all - this.promised, MAX_BATCH, atMost);
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
    return { slots, names };
  }

  /** Keeps room free for a claim that goes out. */
  promise({ slots, names }: Room): void {
    this.promised += slots;
    for (const { name, slots: most } of names) this.byName.get(name)!.promised += most;
  }

  /** The claim has brought what it brings. */
  redeem({ slots, names }: Room): void {
    this.promised -= slots;
    for (const { name, slots: most } of names) this.byName.get(name)!.promised -= most;
  }

  /** Whether a job of this name could begin now, unless a claim under way brings others. */
  hasRoomFor(name: string): boolean {
    const lane = this.byName.get(name);
    if (!lane || this.allPaused || this.all >= this.mostInAll) return false;
    return freeIn(lane) + lane.promised > 0;
  }

  handles(name: string): boolean {
    return this.byName.has(name);
  }

  take(name: string): void {
    this.byName.get(name)!.running += 1;
    this.all += 1;
  }

  giveBack(name: string): void {
    this.byName.get(name)!.running -= 1;
    this.all -= 1;
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
  lane.paused ? 0 : Math.min(lane.concurrency, lane.lockLimit) - lane.running - lane.promised;
