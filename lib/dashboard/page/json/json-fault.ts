/** Where a text stops being JSON, and what is wrong there. */
export interface JsonFault {
  /** In UTF-16 units from the beginning, for the selection of a text field. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

export type JsonReading = { readonly value: unknown } | { readonly fault: JsonFault };

/** The value of a JSON text. The browser's own errors differ, and some name no place: what is wrong is told by ours. */
export function readJson(text: string): JsonReading {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { fault: faultOf(text) };
  }
}

type Expected = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'next' | 'end';

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']' };
const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}\p{N}_$.+-]+/uy;
const KNOWN_WORDS = new Set(['true', 'false', 'null']);
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class Fault extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

function faultOf(text: string): JsonFault {
  const { offset, message } = new Scan(text).findFault();
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { offset, line, column: offset - before.lastIndexOf('\n'), message };
}

/** Reads a text that is no JSON up to its fault. Open brackets are on a list, so that no depth is too deep. */
class Scan {
  private at = 0;
  private expected: Expected = 'value';
  private readonly open: string[] = [];

  constructor(private readonly text: string) {}

  findFault(): Fault {
    try {
      while (this.at <= this.text.length) this.step();
    } catch (fault) {
      if (fault instanceof Fault) return fault;
      throw fault;
    }
    return new Fault(this.text.length, 'This is no JSON.');
  }

  private step(): void {
    this.skip(SPACE);
    if (this.at >= this.text.length) this.endTooEarly();
    const next = this.text[this.at]!;
    switch (this.expected) {
      case 'first-key':
      case 'key':
        return this.readKey(next);
      case 'colon':
        return this.readColon(next);
      case 'next':
        return this.readNext(next);
      case 'first-value':
      case 'value':
        return this.readValue(next);
      case 'end':
        throw this.fault(`The value has ended, but here is still ${this.seen()}.`);
    }
  }

  private readKey(next: string): void {
    if (next === '}' && this.expected === 'first-key') return this.close();
    if (next === '}') throw this.fault('A comma must not stand before `}`.');
    if (next !== '"') {
      throw this.fault(`Expected the name of a property in double quotes, found ${this.seen()}.`);
    }
    this.readText();
    this.expected = 'colon';
  }

  private readColon(next: string): void {
    if (next !== ':') throw this.fault(`Expected \`:\` after the name, found ${this.seen()}.`);
    this.at += 1;
    this.expected = 'value';
  }

  private readNext(next: string): void {
    const opening = this.open.at(-1)!;
    if (next === CLOSING[opening]) return this.close();
    if (next !== ',') {
      throw this.fault(`Expected \`,\` or \`${CLOSING[opening]}\`, found ${this.seen()}.`);
    }
    this.at += 1;
    this.expected = opening === '{' ? 'key' : 'value';
  }

  private readValue(next: string): void {
    if (next === '{' || next === '[') return this.enter(next);
    if (next === ']' && this.expected === 'first-value') return this.close();
    if (next === ']' && this.open.at(-1) === '[') {
      throw this.fault('A comma must not stand before `]`.');
    }
    if (next === '"') this.readText();
    else this.readWord();
    this.afterValue();
  }

  private enter(opening: string): void {
    this.open.push(opening);
    this.at += 1;
    this.expected = opening === '{' ? 'first-key' : 'first-value';
  }

  private close(): void {
    this.open.pop();
    this.at += 1;
    this.afterValue();
  }

  private afterValue(): void {
    this.expected = this.open.length > 0 ? 'next' : 'end';
  }

  private readText(): void {
    const start = this.at;
    this.at += 1;
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined)
        throw new Fault(start, 'The text that begins here has no closing `"`.');
      if (next === '"') break;
      if (next === '\\') this.readEscape();
      else if (next < ' ')
        throw this.fault('A line break or tab in a text is written `\\n` or `\\t`.');
      else this.at += 1;
    }
    this.at += 1;
  }

  private readEscape(): void {
    if (this.skip(ESCAPE) > 0) return;
    throw this.fault('After `\\` stands one of `" \\ / b f n r t`, or `u` and four digits.');
  }

  private readWord(): void {
    const start = this.at;
    if (this.skip(WORD) === 0) {
      const quotes = this.text[start] === "'" ? ' Texts stand in double quotes.' : '';
      throw this.fault(`Expected a value, found ${this.seen()}.${quotes}`);
    }
    const word = this.text.slice(start, this.at);
    if (KNOWN_WORDS.has(word) || isNumber(word)) return;
    throw new Fault(start, `${shown(word)} is no JSON value. Texts stand in double quotes.`);
  }

  private endTooEarly(): never {
    if (this.open.length === 0) throw this.fault('A value is missing.');
    throw this.fault(`The text ends too early: \`${CLOSING[this.open.at(-1)!]}\` is missing.`);
  }

  private skip(pattern: RegExp): number {
    pattern.lastIndex = this.at;
    const { length } = pattern.exec(this.text)?.[0] ?? '';
    this.at += length;
    return length;
  }

  private seen(): string {
    return shown(String.fromCodePoint(this.text.codePointAt(this.at)!));
  }

  private fault(message: string): Fault {
    return new Fault(this.at, message);
  }
}

const shown = (text: string): string => `\`${text.length > 24 ? `${text.slice(0, 24)}…` : text}\``;

function isNumber(word: string): boolean {
  NUMBER.lastIndex = 0;
  return NUMBER.exec(word)?.[0].length === word.length;
}
