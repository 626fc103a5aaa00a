import { type LoggedLines, OUTPUT_LIMITS } from '../contracts/job-broker.js';
import { cutToBytes } from '../cut.js';

/** What of it goes into one call. */
export interface Told {
  /** Its newest progress; left out: it has told none since. */
  readonly progress?: unknown;
  readonly lines?: LoggedLines;
}

const FRAME_BYTES = 256;

/** What a handler has told and the store does not know yet: the newest progress, and as many lines as are kept. */
export class Untold {
  private progress: { readonly value: unknown; readonly bytes: number } | undefined;
  private lines: { readonly text: string; readonly bytes: number }[] = [];
  private bytesOfLines = 0;
  /** How many lines the attempt has logged. */
  private count = 0;

  /** @param text - the progress as JSON */
  tell(value: unknown, text: string): void {
    this.progress = { value, bytes: text.length * 3 };
  }

  log(line: string): void {
    const text = cutToBytes(line, OUTPUT_LIMITS.bytes);
    this.count += 1;
    this.add([{ text, bytes: Buffer.byteLength(text) }]);
  }

  get isEmpty(): boolean {
    return this.progress === undefined && this.lines.length === 0;
  }

  /** No less than its bytes in a call. */
  get bytes(): number {
    return FRAME_BYTES + (this.progress?.bytes ?? 0) + this.bytesOfLines;
  }

  forgetProgress(): void {
    this.progress = undefined;
  }

  take(): Told {
    const { progress, lines } = this;
    this.progress = undefined;
    this.lines = [];
    this.bytesOfLines = 0;
    const logged = { first: this.count - lines.length + 1, lines: lines.map(({ text }) => text) };
    return {
      ...(progress && { progress: progress.value }),
      ...(lines.length > 0 && { lines: logged }),
    };
  }

  /** It did not arrive, or nobody knows; what was told since is newer. */
  putBack({ progress, lines }: Told): void {
    if (progress !== undefined) this.progress ??= { value: progress, bytes: sizeOf(progress) };
    if (!lines) return;
    const newer = this.lines;
    this.lines = [];
    this.bytesOfLines = 0;
    this.add(lines.lines.map((text) => ({ text, bytes: Buffer.byteLength(text) })));
    this.add(newer);
  }

  private add(lines: readonly { readonly text: string; readonly bytes: number }[]): void {
    for (const line of lines) {
      this.lines.push(line);
      this.bytesOfLines += line.bytes;
    }
    // What the store would drop need not be sent.
    while (this.lines.length > OUTPUT_LIMITS.lines || this.bytesOfLines > OUTPUT_LIMITS.bytes) {
      this.bytesOfLines -= this.lines.shift()!.bytes;
    }
  }
}

const sizeOf = (progress: unknown): number => JSON.stringify(progress).length * 3;
