import { differencesOf, shown } from './partial-match.js';

/** What a test expects of jobs. */
export interface Expected {
  /** What they have done or are about to do: `scheduled`, `completed`, … */
  readonly what: string;
  readonly name: string;
  /** Part of their data; `undefined`: any. */
  readonly data: unknown;
  /** How many there are; `undefined`: one at least. */
  readonly count: number | undefined;
  readonly time?: ExpectedTime | undefined;
}

/** When they are due: both ends included, in ms. */
export interface ExpectedTime {
  readonly from: number;
  readonly to: number;
  /** In the words of the test. */
  readonly text: string;
}

/** What there is of that kind, of any name. */
export interface Candidate {
  readonly name: string;
  readonly data: unknown;
  /** When it is due, or was over; in ms. */
  readonly at: number;
  readonly error?: Error | undefined;
}

export interface Verdict {
  readonly holds: boolean;
  /** What is said when it holds and should not. */
  readonly found: string;
  /** What is said when it does not hold. */
  readonly missing: string;
}

const SHOWN = 5;

/** Whether there is what is expected, and how it is instead. */
export function judge(expected: Expected, candidates: readonly Candidate[]): Verdict {
  const ofName = candidates.filter(({ name }) => name === expected.name);
  const judged = ofName.map((candidate) => ({
    candidate,
    differences: [
      ...timeDifference(expected.time, candidate),
      ...differencesOf(expected.data, candidate.data),
    ],
  }));
  const matches = judged.filter(({ differences }) => differences.length === 0);
  const { count } = expected;
  const holds = count === undefined ? matches.length > 0 : matches.length === count;
  const all = judged.toSorted((a, b) => a.differences.length - b.differences.length);
  const list = all.length > 0 ? linesOf(expected, all) : otherNames(expected, candidates);
  return {
    holds,
    found: `Expected no ${wishOf(expected)}, but there ${are(matches.length)}.\n${list}`,
    missing: `Expected ${howMany(count)} ${wishOf(expected)}, but there ${are(matches.length)}.\n${list}`,
  };
}

function timeDifference(time: ExpectedTime | undefined, { at }: Candidate): string[] {
  if (!time || (at >= time.from && at <= time.to)) return [];
  const off =
    at < time.from ? `${inWords(time.from - at)} too early` : `${inWords(at - time.to)} too late`;
  return [`time: ${off}`];
}

const wishOf = ({ what, name, data, time }: Expected): string =>
  `${what} job "${name}"` +
  (data === undefined ? '' : ` with ${shown(data)}`) +
  (time ? ` ${time.text}` : '');

const howMany = (count: number | undefined): string => (count === undefined ? 'a' : `${count} ×`);

const are = (count: number): string => (count === 1 ? 'is 1' : `are ${count || 'none'}`);

interface Judged {
  readonly candidate: Candidate;
  readonly differences: readonly string[];
}

function linesOf({ what, name }: Expected, judged: readonly Judged[]): string {
  const more = judged.length > SHOWN ? [`  … and ${judged.length - SHOWN} more`] : [];
  const lines = judged
    .slice(0, SHOWN)
    .flatMap(({ candidate, differences }) => [
      `  ${differences.length === 0 ? '✓' : '✗'} ${textOf(candidate)}`,
      ...differences.map((difference) => `      ${difference}`),
    ]);
  return [`Of "${name}", ${what}:`, ...lines, ...more].join('\n');
}

const textOf = ({ at, data, error }: Candidate): string =>
  `${new Date(at).toISOString()} ${data === undefined ? 'without data' : shown(data)}` +
  (error ? ` (${error.message})` : '');

function otherNames({ what }: Expected, candidates: readonly Candidate[]): string {
  if (candidates.length === 0) return `No job at all is ${what}.`;
  const counts = new Map<string, number>();
  for (const { name } of candidates) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].map(([name, count]) => `"${name}" (${count})`);
  return `There are other ${what} jobs: ${names.join(', ')}.`;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['ms', 1],
] as const;

/** A length of time, in its two largest units. */
export function inWords(ms: number): string {
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count} ${unit}${count > 1 && unit !== 'ms' ? 's' : ''}`);
  }
  return parts.slice(0, 2).join(' ') || '0 ms';
}
