import { takeAmounts } from '../amounts.js';
import { NotUnderstood, Words } from '../words.js';
import { type CalendarSteps, stepsOf } from './calendar-steps.js';
import { type DayPart, takeClock, takeDayPart, type WrittenClock } from './clock-time.js';
import type { Day } from './day.js';
import { takeDay } from './day-words.js';

/*
 * Dates in words.
 *
 * A phrase is made of pieces: a day, a clock, a part of the day, and a shift ('2 weeks from', '1
 * month from now'). Every word must belong to a piece, and no piece comes twice; in which order they
 * come does not matter ('5pm tonight', 'tonight at 5'), except that what a 'from' counts from
 * follows it. Reading knows nothing of the present; what a phrase means in it is told by
 * `phrase-instant.ts`.
 */

export interface Phrase {
  readonly day?: Day;
  readonly clock?: WrittenClock;
  readonly part?: DayPart;
  readonly shift?: Shift;
  /** 'GMT' or 'UTC' after the clock of a date with its year. */
  readonly isUtc?: true;
}

/** An amount of time away from the present, or from what the rest of the phrase says. */
export interface Shift {
  readonly steps: CalendarSteps;
  readonly kind: ShiftKind;
}

type ShiftKind = keyof typeof GOES_WITH;

/** Which phrases each kind of shift goes with: whether their meaning together is beyond doubt. */
const GOES_WITH = {
  // '10 minutes', 'two hours later', '5 weeks ago', 'now'
  alone: (rest: Phrase) => isEmpty(rest),
  // 'in 2 days at 5pm'
  in: (rest: Phrase, steps: CalendarSteps) =>
    isEmpty(rest) || (!rest.day && steps.milliseconds === 0),
  // 'tomorrow afternoon at 4:30pm 1 month from now'; but whose wednesday is 'wednesday 2 weeks from now'?
  fromNow: (rest: Phrase, steps: CalendarSteps) =>
    isEmpty(rest) || ((!rest.day || rest.day.isCounted === true) && steps.milliseconds === 0),
  // '2 hours from noon', '2 years from yesterday at 5pm'
  from: (rest: Phrase) => !isEmpty(rest),
};

/**
 * Reads a date in words.
 *
 * @throws NotUnderstood when a word has no meaning, or pieces do not go together
 */
export function readPhrase(text: string): Phrase {
  const words = new Words(text);
  let phrase: Phrase = {};
  do phrase = joined(phrase, takePiece(words));
  while (!words.atEnd());
  checkCompany(phrase);
  return phrase;
}

function takePiece(words: Words): Phrase {
  const day = takeDay(words);
  if (day) return day;
  const part = takeDayPart(words);
  if (part) return { part };
  const clock = takeClock(words);
  if (clock) return { clock };
  if (words.take('gmt') || words.take('utc')) return { isUtc: true };
  return { shift: takeShift(words) };
}

/** 'now', 'in 10 minutes', '10 minutes from now', 'two hours later', '5 weeks ago', '2 weeks from'. */
function takeShift(words: Words): Shift {
  if (words.take('now')) return { steps: stepsOf([], 1), kind: 'alone' };
  if (words.take('in')) return { steps: stepsOf(takeAmounts(words), 1), kind: 'in' };
  const isFirst = words.atStart();
  const amounts = takeAmounts(words);
  if (words.take('ago')) return { steps: stepsOf(amounts, -1), kind: 'alone' };
  const steps = stepsOf(amounts, 1);
  if (words.take('from', 'now')) return { steps, kind: 'fromNow' };
  if (isFirst && words.take('from')) {
    if (words.atEnd()) throw words.notUnderstood();
    return { steps, kind: 'from' };
  }
  words.take('later');
  return { steps, kind: 'alone' };
}

function joined(phrase: Phrase, piece: Phrase): Phrase {
  const twice = Object.keys(piece).find((name) => name in phrase);
  if (twice !== undefined) throw new NotUnderstood(`it has ${TWICE[twice as keyof Phrase]}`);
  return { ...phrase, ...piece };
}

const TWICE: Record<keyof Phrase, string> = {
  day: 'two days',
  clock: 'two times of day',
  part: 'two parts of the day',
  shift: 'two amounts of time in different places',
  isUtc: 'two zones',
};

function checkCompany({ shift, isUtc, ...rest }: Phrase): void {
  if (isUtc && !(rest.day?.fixed && rest.clock))
    throw new NotUnderstood('GMT goes only with a date and clock whose year is written too');
  if (shift && !GOES_WITH[shift.kind](rest, shift.steps))
    throw new NotUnderstood('its amount of time does not go with the rest');
}

const isEmpty = ({ day, clock, part }: Phrase): boolean => !day && !clock && !part;
