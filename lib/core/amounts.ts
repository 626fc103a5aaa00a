/*
 * Amounts of time in words: '1 hour and 30 minutes', '2d 12h', 'half an hour', 'two weeks'.
 *
 * The same words serve durations, where a month is 30 days, and dates ('in 2 months'), where it is
 * a step in the calendar; so what is read here is counts of units, not milliseconds.
 */

export type TimeUnit =
  'millisecond' | 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

export interface Amount {
  readonly count: number;
  readonly unit: TimeUnit;
}

/** What reading a text gave: its meaning, or why it has none (a clause for an error message). */
export type Reading<T> = { readonly value: T } | { readonly reason: string };

// `m` is always minutes; months are `mo`.
const UNITS: Record<TimeUnit, string> = {
  millisecond: 'ms millisecond milliseconds',
  second: 's sec secs second seconds',
  minute: 'm min mins minute minutes',
  hour: 'h hr hrs hour hours',
  day: 'd day days',
  week: 'w week weeks',
  month: 'mo mos month months',
  year: 'y year years',
};
const FORTNIGHT = /^fortnights?$/;

const unitOf = new Map<string, TimeUnit>();
for (const [unit, names] of Object.entries(UNITS))
  for (const name of names.split(' ')) unitOf.set(name, unit as TimeUnit);

const SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/**
 * Reads a sum of amounts: every word must have a meaning in it. A unit needs a number, except that
 * 'minute' alone is one minute.
 *
 * @param text - lower case
 */
export function readAmounts(text: string): Reading<Amount[]> {
  const words = text.match(/\d+(?:\.\d+)?|\.\d+|[a-z]+|,|\S/g) ?? [];
  if (words.length === 0) return { reason: 'it is empty' };
  const only = words.length === 1 ? amountOf(1, words[0]!) : undefined;
  if (only) return { value: [only] };

  const amounts: Amount[] = [];
  const cursor = new Words(words);
  while (!cursor.atEnd()) {
    if (amounts.length > 0) takeSeparator(cursor);
    const count = readCount(cursor);
    if (count === undefined) return { reason: `'${cursor.peek() ?? text}' is not understood` };
    const amount = amountOf(count, cursor.peek() ?? '');
    if (!amount) return { reason: missingUnit(cursor.peek()) };
    cursor.next();
    amounts.push(amount);
  }
  return { value: amounts };
}

/** ',' and 'and' between two amounts; both may be left out. */
function takeSeparator(words: Words): void {
  words.take(',');
  words.take('and');
}

/** Walks over the words of a text. */
class Words {
  private position = 0;

  constructor(private readonly words: readonly string[]) {}

  atEnd(): boolean {
    return this.position >= this.words.length;
  }

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
}

/** '5', '1.5', 'twenty-five', 'a', 'half an', 'one and a half'; `undefined` when there is no number. */
function readCount(words: Words): number | undefined {
  if (words.take('half', 'a') || words.take('half', 'an') || words.take('half')) return 0.5;
  if (words.take('a') || words.take('an')) return 1;
  const whole = /\d/.test(words.peek() ?? '') ? Number(words.next()) : readNumberWords(words);
  return whole !== undefined && words.take('and', 'a', 'half') ? whole + 0.5 : whole;
}

/** 'one thousand two hundred and five'. */
function readNumberWords(words: Words): number | undefined {
  const first = readHundreds(words);
  if (first === undefined || !words.take('thousand')) return first;
  return first * 1_000 + (readHundreds(afterAnd(words)) ?? 0);
}

/** 'five hundred', 'two hundred and five', 'twenty-five'. */
function readHundreds(words: Words): number | undefined {
  const first = readTens(words);
  if (first === undefined || !words.take('hundred')) return first;
  return first * 100 + (readTens(afterAnd(words)) ?? 0);
}

/** 'twenty-five', 'twenty five', 'twenty', 'seven'. */
function readTens(words: Words): number | undefined {
  const tens = words.takeFrom(TENS);
  if (tens === undefined) return words.takeFrom(SMALL);
  words.take('-');
  return (tens + 2) * 10 + (words.takeFrom(SMALL.slice(0, 10)) ?? 0);
}

/** Steps over an 'and' inside a number; one before the next amount, or before a half, stays. */
function afterAnd(words: Words): Words {
  const following = words.peek(1) ?? '';
  if (SMALL.includes(following) || TENS.includes(following)) words.take('and');
  return words;
}

function amountOf(count: number, word: string): Amount | undefined {
  if (FORTNIGHT.test(word)) return { count: count * 2, unit: 'week' };
  const unit = unitOf.get(word);
  return unit && { count, unit };
}

const missingUnit = (word: string | undefined): string =>
  word === undefined
    ? 'a number without a unit stands at its end'
    : `'${word}' is not a unit of time`;
