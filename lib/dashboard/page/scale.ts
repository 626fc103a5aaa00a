/** The upper end of an axis that begins at 0, and where it has lines, 0 included. */
export interface Scale {
  readonly top: number;
  readonly ticks: readonly number[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Lengths of time that people count in. */
const TIME_STEPS = [
  ...[5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
];

/** For whole numbers: steps of 1, 2 or 5 times a power of ten, about `lines` of them. */
export function countScale(most: number, lines = 3): Scale {
  return scaleBy(Math.max(1, decimalStep(most / lines)), most);
}

/** For lengths of time in ms: below five seconds as numbers, above in steps that clocks have. */
export function durationScale(mostMs: number, lines = 3): Scale {
  const least = mostMs / lines;
  if (least <= 2 * SECOND) return scaleBy(Math.max(1, decimalStep(least)), mostMs);
  const step = TIME_STEPS.find((one) => one >= least);
  return scaleBy(step ?? decimalStep(least / DAY) * DAY, mostMs);
}

/** The position of each value on a length, as from the top of a drawing. */
export function heightOf(value: number, scale: Scale, length: number): number {
  return length - (value / scale.top) * length;
}

function scaleBy(step: number, most: number): Scale {
  const count = Math.max(1, Math.ceil(most / step));
  return {
    top: count * step,
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
  };
}

/** The least of 1, 2, 5 times a power of ten that is no less. */
function decimalStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}
