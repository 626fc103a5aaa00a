import type { Pruned } from '../contracts/job-broker.js';
import { errorOf } from '../job/thrown.js';
import { Timer } from './timer.js';

/*
 * Removes ended jobs that have outstayed their retention, of whatever name. Every host does it, on a timer
 * of its own with jitter, so history shrinks without traffic; that several do is harmless. A pass goes
 * page by page and lets other work in between. A pass also finds the names that nobody handles.
 */

/** How exact the age of a retention is. Of several partitions a host tidies each half as often. */
const PERIOD_MS = 30_000;

export const pruneEvery = (partitions: number): number =>
  partitions === 1 ? PERIOD_MS : 2 * PERIOD_MS;

export interface JanitorHooks {
  prune(cursor: string): Promise<Pruned>;
  /** Names with due jobs that no process has ever registered. */
  unhandled(names: readonly string[]): void;
  failed(error: Error): void;
  /** A whole pass has succeeded. */
  recovered(): void;
}

export class Janitor {
  private readonly timer = new Timer(() => void this.look());
  private isOn = false;
  private looking = false;
  /** Where the pass under way goes on; empty between two. */
  private cursor = '';

  constructor(
    private readonly hooks: JanitorHooks,
    private readonly periodMs: number,
  ) {}

  start(): void {
    this.isOn = true;
    this.cursor = '';
    // Soon, but not in the same instant as the other processes of a deploy.
    this.timer.startIn((this.periodMs / 10) * Math.random());
  }

  stop(): void {
    this.isOn = false;
    this.timer.stop();
  }

  private async look(): Promise<void> {
    // A page that was under way at a stop may not have its answer yet at the next start: it plans the rest.
    if (this.looking) return;
    this.looking = true;
    try {
      const { next, unhandled } = await this.hooks.prune(this.cursor);
      this.cursor = next ?? '';
      if (unhandled) this.hooks.unhandled(unhandled);
      // A later page may fail again, as it did in the pass before.
      if (this.cursor === '') this.hooks.recovered();
    } catch (thrown) {
      this.cursor = '';
      if (this.isOn) this.hooks.failed(errorOf(thrown));
    }
    this.looking = false;
    if (this.isOn) this.planNext();
  }

  private planNext(): void {
    if (this.cursor !== '') this.timer.startIn(0);
    else this.timer.startIn(this.periodMs * (0.75 + Math.random() / 4));
  }
}
