import { type LoggedLines, OUTPUT_LIMITS } from '../core/contracts/job-broker.js';
import type { LinesPage, LinesQuery } from '../core/contracts/job-manager.js';

interface Line {
  /** Its number among the lines of the job. */
  readonly number: number;
  readonly text: string;
  readonly bytes: number;
}

/** What handlers of a job have logged: the newest lines. */
export class JobOutput {
  private kept: Line[] = [];
  /** How many lines there were in all. */
  private count = 0;
  /** Of the attempt that has logged last: its fence, and the number of its newest line. */
  private attempt = { fence: 0, known: 0 };

  /** Lines that came before are not kept twice. */
  write(fence: number, { first, lines }: LoggedLines): void {
    if (this.attempt.fence !== fence) this.attempt = { fence, known: 0 };
    lines.forEach((text, i) => {
      const own = first + i;
      if (own <= this.attempt.known) return;
      this.count += own - this.attempt.known;
      this.attempt.known = own;
      this.kept.push({ number: this.count, text, bytes: Buffer.byteLength(text) });
    });
    this.dropOldest();
  }

  page({ limit, behind, newestFirst = false }: LinesQuery): LinesPage {
    const isMeant = ({ number }: Line) =>
      behind === undefined || (newestFirst ? number < behind : number > behind);
    const found = this.kept.filter(isMeant);
    if (newestFirst) found.reverse();
    const lines = found.slice(0, limit).map(({ number, text }) => ({ number, text }));
    return { lines, more: found.length > limit };
  }

  private dropOldest(): void {
    let bytes = 0;
    const isTooMuch = (line: Line, i: number) => {
      bytes += line.bytes;
      return bytes > OUTPUT_LIMITS.bytes || i >= OUTPUT_LIMITS.lines;
    };
    const kept = this.kept.toReversed();
    const tooMany = kept.findIndex(isTooMuch);
    this.kept = (tooMany < 0 ? kept : kept.slice(0, tooMany)).reverse();
  }
}
