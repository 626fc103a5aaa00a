import { NotUnderstood, type Reading, readingOf, Words } from './words.js';

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

/** What one of each unit is; a fortnight is two weeks. */
const unitOf = new Map<string, Amount>([
  ['fortnight', { count: 2, unit: 'week' }],
  ['fortnights', { count: 2, unit: 'week' }],
]);
for (const [unit, names] of Object.entries(UNITS))
  for (const name of names.split(' ')) unitOf.set(name, { count: 1, unit: unit as TimeUnit });

const SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const ONES = SMALL.slice(1, 10);
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const FIRST_WORDS_OF_COUNTS = new Set([...SMALL, ...TENS, 'a', 'an', 'half']);
const DIGITS = /^\d*\.?\d+$/;

/** Reads a text that is a sum of amounts and nothing else; a unit alone, as in 'minute', is one of it. */
export function readAmounts(text: string): Reading<Amount[]> {
  return readingOf(() => {
    const words = new Words(text);
    const amounts = isUnit(words.peek()) ? [takeUnit(words, 1)] : takeAmounts(words);
    if (!words.atEnd()) throw words.notUnderstood();
    return amounts;
  });
}

/**
 * Takes amounts as long as they follow one another, with ',' and 'and' between them or without.
 *
 * @throws NotUnderstood when there is none, and after a ',' or 'and' that no amount follows
 */
export function takeAmounts(words: Words): Amount[] {
  const amounts = [takeAmount(words)];
  while (takeSeparator(words) || beginsAmount(words)) amounts.push(takeAmount(words));
  return amounts;
}

/** Whether a word is the name of a unit of time. */
export const isUnit = (word: string | undefined): boolean => unitOf.has(word ?? '');

/** Whether an amount comes next. A number alone may also be a date or a time of day. */
function beginsAmount(words: Words): boolean {
  const word = words.peek() ?? '';
  if (!DIGITS.test(word)) return FIRST_WORDS_OF_COUNTS.has(word);
  return isUnit(words.peek(1)) || words.peek(1) === 'and';
}

/** ',' and 'and' between two amounts. */
function takeSeparator(words: Words): boolean {
  const comma = words.take(',');
  return words.take('and') || comma;
}

function takeAmount(words: Words): Amount {
  const count = takeCount(words);
  if (count !== undefined) return takeUnit(words, count);
  if (isUnit(words.peek())) throw new NotUnderstood(`'${words.peek()}' has no number`);
  throw words.notUnderstood();
}

function takeUnit(words: Words, count: number): Amount {
  const word = words.next();
  if (word === undefined) throw new NotUnderstood('a number without a unit stands at its end');
  const one = unitOf.get(word);
  if (!one) throw new NotUnderstood(`'${word}' is not a unit of time`);
  return { count: count * one.count, unit: one.unit };
}

/** '5', '1.5', 'twenty-five', 'a', 'half an', 'one and a half'; `undefined` when there is no number. */
function takeCount(words: Words): number | undefined {
  if (words.take('half', 'a') || words.take('half', 'an') || words.take('half')) return 0.5;
  if (words.take('a') || words.take('an')) return 1;
  const whole = DIGITS.test(words.peek() ?? '') ? Number(words.next()) : takeNumberWords(words);
  return whole !== undefined && words.take('and', 'a', 'half') ? whole + 0.5 : whole;
}

/** 'one thousand two hundred and five'. */
function takeNumberWords(words: Words): number | undefined {
  const first = takeHundreds(words);
  if (first === undefined || !words.take('thousand')) return first;
  return first * 1_000 + (takeHundreds(afterAnd(words)) ?? 0);
}

/** 'five hundred', 'two hundred and five', 'twenty-five'. */
function takeHundreds(words: Words): number | undefined {
  const first = takeTens(words);
  if (first === undefined || !words.take('hundred')) return first;
  return first * 100 + (takeTens(afterAnd(words)) ?? 0);
}

/** 'twenty-five', 'twenty five', 'twenty', 'seven'. */
function takeTens(words: Words): number | undefined {
  const tens = words.takeFrom(TENS);
  if (tens === undefined) return words.takeFrom(SMALL);
  const hyphen = words.take('-');
  const ones = words.takeFrom(ONES);
  if (hyphen && ones === undefined) throw words.notUnderstood();
  return (tens + 2) * 10 + (ones === undefined ? 0 : ones + 1);
}

/** Steps over an 'and' inside a number; one before the next amount, or before a half, stays. */
function afterAnd(words: Words): Words {
  const following = words.peek(1) ?? '';
  if (SMALL.includes(following) || TENS.includes(following)) words.take('and');
  return words;
}
