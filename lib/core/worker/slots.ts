import { MAX_BATCH } from '../contracts/job-broker.js';
import type { Handler } from '../handlers/handler-registry.js';
import { digestOf, type NameDigest, NameGroups } from './name-groups.js';

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
export interface NameRoom {
  readonly name: string;
  concurrency: number;
  readonly lockLimit: number;
  running: number;
  /** Ended, and what their handlers told is not stored yet. */
  untold: number;
  /** What claims under way may bring. */
  promised: number;
  paused: boolean;
  readonly digest: NameDigest;
}

/** What a claim may ask for. */
export interface Room {
  readonly slots: number;
  readonly names: readonly { readonly name: string; readonly slots: number }[];
  /** Tells which names these are, in whatever order: the same text for the same names, in every process. */
  readonly group: string;
  /** How many of the jobs may be on their last start. */
  readonly lastStarts: 0 | 1;
}

export class Slots {
  private readonly rooms: NameRoom[] = [];
  private readonly groups = new NameGroups();
  private readonly byName = new Map<string, NameRoom>();
  private readonly pausedNames = new Set<string>();
  /** Concurrency that was set at run time. */
  private readonly chosen = new Map<string, number>();
  private readonly lockLimit: number;
  private maxConcurrency: number;
  private all = 0;
  private untold = 0;
  private promised = 0;
  private allPaused = false;
  /** How many attempts on their last start are not over, or may come with claims under way. */
  private lastStarts = 0;

  /** @param turn - whose turn it is at first: hosts that start together must not ask for the same names first */
  constructor(
    limits: { maxConcurrency: number; lockLimit: number },
    private turn = 0,
  ) {
    this.lockLimit = limits.lockLimit;
    this.maxConcurrency = limits.maxConcurrency;
  }

  /** Makes room for a name. */
  open({ name, plan: { concurrency: planned, lockLimit } }: Handler): void {
    if (this.byName.has(name)) return;
    const paused = this.pausedNames.has(name);
    const concurrency = this.chosen.get(name) ?? planned;
    const room: NameRoom = {
      name,
      concurrency,
      lockLimit,
      running: 0,
      untold: 0,
      promised: 0,
      paused,
      digest: digestOf(name),
    };
    this.byName.set(name, room);
    this.rooms.push(room);
  }

  /** How many of a name may run from now on; those that run end, also when they are more. */
  setConcurrency(name: string, concurrency: number): void {
    this.chosen.set(name, concurrency);
    const room = this.byName.get(name);
    if (room) room.concurrency = concurrency;
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
    const count = this.rooms.length;
    this.groups.begin();
    for (let i = 0; i < count; i++) {
      const room = this.rooms[(this.turn + i) % count]!;
      const free = freeIn(room);
      if (free <= 0) continue;
      names.push({ name: room.name, slots: Math.min(free, slots) });
      this.groups.add(room.digest);
    }
    if (names.length === 0) return undefined;
    this.turn = (this.turn + 1) % count;
    const lastStarts = this.lastStartIsFree ? 1 : 0;
    return { slots, names, group: this.groups.end(), lastStarts };
  }

  /** The names that a claim cannot ask for, since they have no room now. */
  namesWithout({ names }: Room): string[] {
    if (names.length === this.rooms.length) return [];
    const asked = new Set(names.map(({ name }) => name));
    return this.rooms.filter(({ name }) => !asked.has(name)).map(({ name }) => name);
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
    const room = this.byName.get(name);
    if (!room || this.allPaused || this.all + this.untold >= this.most) return false;
    return freeIn(room) + room.promised > 0;
  }

  /** Whether a claim could ask for jobs of this name now, as far as the name goes. */
  isFree(name: string): boolean {
    const room = this.byName.get(name);
    return room !== undefined && freeIn(room) > 0;
  }

  /** Whether a job that nothing is kept free for may begin. */
  fits(name: string, isLastStart: boolean): boolean {
    if (isLastStart && !this.lastStartIsFree) return false;
    return this.all + this.untold + this.promised < this.most && this.isFree(name);
  }

  /** Whether no job could begin now, even if claims under way bring none. */
  get isTaken(): boolean {
    if (this.allPaused || this.all + this.untold >= this.most) return true;
    return this.rooms.every((room) => freeIn(room) + room.promised <= 0);
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
    for (const room of this.rooms) room.paused = false;
  }

  get running(): number {
    return this.all;
  }

  get isPaused(): boolean {
    return this.allPaused;
  }

  /** The room of each name, for people to see. */
  view(): readonly Readonly<NameRoom>[] {
    return this.rooms;
  }

  private mark(name: string, paused: boolean): void {
    const room = this.byName.get(name);
    if (room) room.paused = paused;
  }
}

const freeIn = (room: NameRoom): number =>
  room.paused
    ? 0
    : Math.min(room.concurrency, room.lockLimit) - room.running - room.untold - room.promised;
