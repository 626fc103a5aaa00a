import { LONGEST_DURATION } from '../duration.js';
import type { Claimed, ClaimRequest, StandBy } from '../contracts/job-broker.js';

/*
 * How a host stands by in one partition: it may be left asleep there, since the store wakes it, or another of its
 * group, when there is something to do (see `StandBy` in the contract).
 *
 * Whoever the store counts on must be there. So a host that was woken and cannot take the job passes that on, and
 * one that takes no more jobs leaves.
 */

/** In no group. */
const NONE = '';
/** For how long it counts as standing by beyond two looks of its own, in ms. */
const MARGIN_MS = 5_000;

export class StandingBy {
  private readonly forMs: number;
  /** The group in which the store counts on this host. */
  private was = NONE;
  /** What the last claim said: the next one mostly says the same. */
  private note: StandBy | undefined;
  /** The group in which the store has to be told not to do so. */
  private leaving = NONE;
  /** The names it was woken for and has no room for. */
  private readonly refused = new Set<string>();

  constructor(lookEveryMs: number) {
    this.forMs = Math.min(2 * lookEveryMs + MARGIN_MS, LONGEST_DURATION);
  }

  /** What a claim says that asks for jobs of the names of this group. */
  in(group: string): StandBy {
    const { was, forMs, note } = this;
    if (note?.group === group && note.was === was) return note;
    return (this.note = { group, was, forMs });
  }

  /** What a claim says that asks for none: the store must not count on this host. */
  farewell(): Pick<ClaimRequest, 'names' | 'standBy'> {
    const group = this.leaving;
    const names = Array.from(this.refused, (name) => ({ name, slots: 0 }));
    this.refused.clear();
    this.leaving = NONE;
    this.was = NONE;
    return { names, standBy: { group, was: group, forMs: this.forMs } };
  }

  /** A claim was answered. */
  learnFrom({ slots, standBy }: ClaimRequest, { standsBy = false }: Claimed): void {
    if (!standBy) return;
    // Where a claim was under way beside a farewell, it stands by in the group of that one.
    if (slots === 0 && this.was !== standBy.group) return;
    this.was = standsBy ? standBy.group : NONE;
  }

  /** Takes no more jobs, for now at least. */
  leave(): void {
    if (this.was !== NONE) this.leaving = this.was;
  }

  /** It was woken for a job of this name, and has no room for it. @returns whether others have to be told */
  refuse(name: string): boolean {
    if (this.was === NONE) return false;
    this.leave();
    this.refused.add(name);
    return true;
  }

  /** Whether the store has to be told not to count on this host. */
  get hasFarewell(): boolean {
    return this.leaving !== NONE;
  }

  get isStanding(): boolean {
    return this.was !== NONE;
  }
}
