/** What reading a text gave: its meaning, or why it has none (a clause for an error message). */
export type Reading<T> = { readonly value: T } | { readonly reason: string };

/** Thrown where a text stops making sense, however deep in its grammar; the message is the reason of a `Reading`. */
export class NotUnderstood extends Error {}

/** Reads, and tells the reason when the text is not understood. */
export function readingOf<T>(read: () => T): Reading<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof NotUnderstood) return { reason: error.message };
    throw error;
  }
}

// '5', '1.5', '.5' and '16:30' are one word each; '5pm', '2nd' and '1h30m' are several.
const WORD = /\d+(?:[.:]\d+)*|\.\d+|[a-z]+|\S/gu;

/** The words of a text in lower case, read from left to right. Blanks only separate them. */
export class Words {
  private readonly words: readonly string[];
  private position = 0;

  constructor(text: string) {
    this.words = text.toLowerCase().match(WORD) ?? [];
  }

  atStart(): boolean {
    return this.position === 0;
  }

  atEnd(): boolean {
    return this.position >= this.words.length;
  }

  /** A word that comes later; the next one when nothing is said. */
  peek(ahead = 0): string | undefined {
    return this.words[this.position + ahead];
  }

  next(): string | undefined {
    return this.words[this.position++];
  }

  /** Steps over these words if they come next. */
  take(...expected: string[]): boolean {
    if (!expected.every((word, index) => this.peek(index) === word)) return false;
    this.position += expected.length;
    return true;
  }

  /** The place of the next word in a list, stepping over it; `undefined` when it is not in it. */
  takeFrom(list: readonly string[]): number | undefined {
    const index = list.indexOf(this.peek() ?? '');
    if (index < 0) return undefined;
    this.position += 1;
    return index;
  }

  /** To be thrown when the next word has no meaning where it stands. */
  notUnderstood(): NotUnderstood {
    const word = this.peek();
    if (word !== undefined) return new NotUnderstood(`'${word}' is not understood`);
    return new NotUnderstood(this.words.length === 0 ? 'it is empty' : 'its end is missing');
  }
}
