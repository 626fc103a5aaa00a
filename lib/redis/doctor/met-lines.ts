import { scripts } from '../all-scripts.js';
import { inPages } from '../walk-jobs.js';
import type { Examination } from './examination.js';

const LINES_AT_ONCE = 20;
/** A store may have as many keys of names as jobs. */
const MOST_WAITING = 10_000;

/**
 * Keys of names that were met, and whose lines are to be looked at. Many keys of Redis tell of one line: those that are
 * met while it waits make one look.
 */
export class MetLines {
  private readonly waiting = new Map<string, readonly [name: string, key: string]>();

  constructor(
    private readonly examination: Examination,
    private readonly most = MOST_WAITING,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  async add(name: string, key: string): Promise<void> {
    this.waiting.set(`${Buffer.byteLength(name)}:${name}${key}`, [name, key]);
    if (this.waiting.size >= this.most) await this.examine();
  }

  /** Looks at all that wait. */
  async examine(): Promise<void> {
    const lines = [...this.waiting.values()];
    this.waiting.clear();
    for (const some of inPages(lines, LINES_AT_ONCE)) {
      await this.examination.ask(scripts.examineLines, some);
    }
  }
}
