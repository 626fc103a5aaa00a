import { createHash } from 'node:crypto';

/*
 * A short text for a set of names, the same in every process, whatever the order they come in. Each name has a
 * digest of 64 bits, made once; the set has those of its names, laid over each other bit by bit. So a set costs a
 * claim next to nothing, and its text is written anew only when it is another set than before.
 */

/** 64 bits, in halves. */
export type NameDigest = readonly [high: number, low: number];

export function digestOf(name: string): NameDigest {
  const bytes = createHash('sha1').update(name).digest();
  return [bytes.readInt32BE(0), bytes.readInt32BE(4)];
}

export class NameGroups {
  private high = 0;
  private low = 0;
  private last = { high: 0, low: 0, text: textOf(0, 0) };

  /** A new set. */
  begin(): void {
    this.high = 0;
    this.low = 0;
  }

  /** With this name; each once. */
  add([high, low]: NameDigest): void {
    this.high ^= high;
    this.low ^= low;
  }

  end(): string {
    const { high, low, last } = this;
    if (last.high === high && last.low === low) return last.text;
    const text = textOf(high, low);
    this.last = { high, low, text };
    return text;
  }
}

const textOf = (high: number, low: number): string => `${part(high)}${part(low)}`;
const part = (half: number): string => (half >>> 0).toString(36).padStart(7, '0');
