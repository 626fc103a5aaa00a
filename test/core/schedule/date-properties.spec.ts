import fc from 'fast-check';
import { InvalidOptionError, InvalidScheduleError } from '../../../lib/core/errors.js';
import { durationOption, parseDuration } from '../../../lib/core/duration.js';
import { compileRepeatRule } from '../../../lib/core/schedule/compile-repeat-rule.js';
import { parseDate } from '../../../lib/core/schedule/date.js';
import { ACCEPTED_TEXTS, NOW } from './accepted-dates.js';

const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/Sao_Paulo',
];

const zone = fc.constantFrom(...ZONES);
// Where clocks change in these zones.
const CHANGES = [
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2018-02-18T02:00:00Z',
  '2018-11-04T03:00:00Z',
].map((text) => Date.parse(text));
const present = fc.oneof(
  fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2035, 0, 1) }),
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -100_000_000, max: 20_000_000 }))
    .map(([change, away]) => change + away),
);
const accepted = fc.constantFrom(...ACCEPTED_TEXTS);

it('means the same in other cases and with more blanks', () => {
  fc.assert(
    fc.property(
      accepted,
      present,
      zone,
      fc.infiniteStream(fc.boolean()),
      (text, now, timezone, coins) => {
        const coin = () => coins.next().value as boolean;
        const cased = text
          .split('')
          .map((letter) => (coin() ? letter.toUpperCase() : letter.toLowerCase()));
        const written = ` ${cased.map((letter) => (letter === ' ' && coin() ? ' \t ' : letter)).join('')} `;

        expect(parseDate(written, { now, timezone })).toBe(parseDate(text, { now, timezone }));
      },
    ),
    { numRuns: 1_000 },
  );
});

it('is understood at every present', () => {
  fc.assert(
    fc.property(accepted, present, zone, (text, now, timezone) => {
      expect(parseDate(text, { now, timezone })).not.toBeNaN();
    }),
    { numRuns: 1_000 },
  );
});

it('is refused with a word more, wherever it stands', () => {
  const withWord = (text: string, word: string, place: number) =>
    text.split(' ').toSpliced(place, 0, word).join(' ');
  const places = (text: string) => [...text.split(' ').keys(), text.split(' ').length];
  const read = (text: string) => () => parseDate(text, { now: NOW });

  for (const text of ACCEPTED_TEXTS)
    for (const word of ['please', 'the', 'on', 'about', '-', '?', '1999999'])
      for (const place of places(text))
        expect(read(withWord(text, word, place))).toThrow(InvalidScheduleError);

  const junk = fc.string({
    unit: fc.constantFrom(...'bcfgjklqxz'.split('')),
    minLength: 2,
    maxLength: 8,
  });
  fc.assert(
    fc.property(accepted, junk, fc.nat(), (text, word, anywhere) => {
      const place = places(text)[anywhere % places(text).length]!;

      expect(read(withWord(text, word, place))).toThrow(InvalidScheduleError);
    }),
  );
});

describe('a text of any kind', () => {
  const WORDS = [...new Set(ACCEPTED_TEXTS.flatMap((text) => text.split(' ')))];
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'0123456789:.,-+/ apmt*?#@hlw'.split('')) }),
    // The words of the language in any order come close to being understood.
    fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }).map((words) => words.join(' ')),
  );
  const anyPresent = fc.integer({ min: -62_000_000_000_000, max: 253_000_000_000_000 });

  it('is an instant or an InvalidScheduleError as a date', () => {
    fc.assert(
      fc.property(anyText, anyPresent, zone, (text, now, timezone) => {
        const instant = orRefused(() => parseDate(text, { now, timezone }));

        expect(instant === undefined || Number.isInteger(instant)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is a duration of 1 ms or more, or refused', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ms = orRefused(() => parseDuration(text));

        expect(ms === undefined || (Number.isInteger(ms) && ms >= 1)).toBe(true);
        expect(orRefused(() => durationOption('lease', text))).toBe(ms);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a rule that has a next run, or an InvalidScheduleError', () => {
    fc.assert(
      fc.property(anyText, zone, fc.constantFrom('interval', 'at'), (text, timezone, field) => {
        const first = orRefused(() =>
          compileRepeatRule({ [field]: text, timezone }, 'mail').first(NOW),
        );

        expect(first === undefined || first! >= NOW).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  function orRefused<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof InvalidScheduleError || error instanceof InvalidOptionError)
        return undefined;
      throw error;
    }
  }
});

describe('on the clock of the wall, as Intl shows it,', () => {
  const clock = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  const two = (value: number) => String(value).padStart(2, '0');

  it('a clock alone comes within a day and a change of clocks, when a daily rule has its first run', () => {
    fc.assert(
      fc.property(clock, present, zone, ([hour, minute], now, timezone) => {
        const text = `${hour}:${two(minute)}`;
        const instant = parseDate(text, { now, timezone });

        expect(instant).toBeGreaterThan(now);
        expect(instant).toBeLessThanOrEqual(now + 26 * 3_600_000);
        expect(instant).toBe(compileRepeatRule({ at: text, timezone }, 'mail').first(now));
      }),
      { numRuns: 2_000 },
    );
  });

  it('tomorrow at a clock shows that clock on the next date, unless the clocks left it out', () => {
    fc.assert(
      fc.property(clock, present, zone, ([hour, minute], now, timezone) => {
        const instant = parseDate(`tomorrow at ${hour}:${two(minute)}`, { now, timezone });
        const shown = wallClock(instant, timezone);
        const wanted = `${nextDate(wallClock(now, timezone).slice(0, 10))} ${two(hour)}:${two(minute)}`;

        expect(shown === wanted || isLeftOut(wanted, instant, timezone)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  /** '2026-03-04 10:20' */
  function wallClock(instant: number, timeZone: string): string {
    const format = new Intl.DateTimeFormat('sv', {
      timeZone,
      dateStyle: 'short',
      timeStyle: 'short',
    });
    return format.format(instant);
  }

  function nextDate(date: string): string {
    return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
  }

  /** Whether no minute around the instant shows that clock. */
  function isLeftOut(wanted: string, instant: number, timezone: string): boolean {
    for (let minute = -180; minute <= 180; minute += 1)
      if (wallClock(instant + minute * 60_000, timezone) === wanted) return false;
    return true;
  }
});
