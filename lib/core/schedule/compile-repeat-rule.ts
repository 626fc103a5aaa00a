import { DURATION_EXAMPLES, parseDuration } from '../duration.js';
import { InvalidOptionError, InvalidScheduleError } from '../errors.js';
import { CLOCK_EXAMPLES, readClockTime } from './clock-time.js';
import { CronRule } from './cron.js';
import { CRON_EXAMPLES, looksLikeCron } from './cron-fields.js';
import { DateLimits } from './date-limits.js';
import { CronOccurrences, IntervalOccurrences, type Occurrences } from './occurrences.js';
import { RepeatRule } from './repeat-rule.js';
import { Zone } from './zone.js';

/** A rule as it is stored with its job (`RepeatFacts` of the job record). */
export interface RepeatRuleFields {
  /**
   * A duration (see `Duration`), or a cron rule: five fields, or six with seconds first, of `*`,
   * lists, ranges, steps, names of months and weekdays, `?`, `L` (last day of the month, `5L` its
   * last Friday), `1#2` (its second Monday) and `H` (a value made from the job's name); or one of
   * `@yearly` `@annually` `@monthly` `@weekly` `@daily` `@midnight` `@hourly` `@minutely`
   * `@secondly` `@weekdays` `@weekends`. It goes before `at`.
   */
  interval?: string | number | null;
  /** A daily time of day: `'3:30pm'`, `'15:30'`, `'at 9'`, `'noon'`, `'9 in the evening'`. */
  at?: string | null;
  /** IANA name; the zone of the process when left out. Cron, `at` and `skipDays` live in it. */
  timezone?: string | null;
  startDate?: Date | number | null;
  endDate?: Date | number | null;
  skipDays?: readonly number[] | null;
  /** Missed occurrences: one run at once for the latest of them, or none. @default 'latest' */
  catchUp?: 'latest' | 'skip' | null;
}

// Workers ask for the rule at every settlement; the same few hundred rules come again and again.
const RULES_KEPT = 1_000;
const compiled = new Map<string, RepeatRule>();

/**
 * Checks a rule and makes it ready to be asked. Compiled rules are remembered.
 *
 * @param jobName - what `H` in a cron rule is made from
 * @throws InvalidScheduleError for an interval, a cron rule, a time of day, a zone or a date limit
 * that is not understood, or that leaves no run
 * @throws InvalidOptionError for another `catchUp`
 */
export function compileRepeatRule(fields: RepeatRuleFields, jobName: string): RepeatRule {
  const key = cacheKey(fields, jobName);
  const known = compiled.get(key);
  const rule = known ?? compile(fields, jobName);
  // Deleted and set again, so that the oldest of the map is the least used one.
  if (known) compiled.delete(key);
  else if (compiled.size >= RULES_KEPT) compiled.delete(compiled.keys().next().value!);
  compiled.set(key, rule);
  return rule;
}

function cacheKey(fields: RepeatRuleFields, jobName: string): string {
  const { interval, at, timezone, startDate, endDate, skipDays, catchUp } = fields;
  // Numbers as texts: JSON has no NaN.
  const numbers = [interval, startDate, endDate].map((value) =>
    typeof value === 'string' ? [value] : String(value && Number(value)),
  );
  return JSON.stringify([...numbers, at, timezone, skipDays, catchUp, jobName]);
}

function compile(fields: RepeatRuleFields, jobName: string): RepeatRule {
  const zone = Zone.of(fields.timezone);
  const catchUp = fields.catchUp ?? 'latest';
  if (catchUp !== 'latest' && catchUp !== 'skip')
    throw new InvalidOptionError('catchUp', catchUp, "'latest' or 'skip'");
  const limits = DateLimits.of(fields);
  const { occurrences, spelling } = compileOccurrences(fields, zone, jobName);
  const skipDays = [...limits.skipDays].sort((a, b) => a - b);
  const zoneMatters = occurrences.onCalendar || skipDays.length > 0;
  const identity = [
    spelling,
    zoneMatters && fields.timezone ? zone.name : '',
    Number.isFinite(limits.start) ? limits.start : '',
    Number.isFinite(limits.end) ? limits.end : '',
    skipDays.join(','),
  ];
  return new RepeatRule(identity.join('|'), occurrences, limits, catchUp);
}

function compileOccurrences(
  { interval, at }: RepeatRuleFields,
  zone: Zone,
  jobName: string,
): { occurrences: Occurrences; spelling: string } {
  if (interval !== undefined && interval !== null) {
    return typeof interval === 'string' && looksLikeCron(interval)
      ? cron(interval, zone, jobName)
      : everySoOften(interval);
  }
  if (typeof at === 'string') return daily(at, zone);
  throw new InvalidScheduleError(at ?? interval, 'a rule needs an interval or a time of day', [
    ...DURATION_EXAMPLES,
    ...CRON_EXAMPLES,
  ]);
}

function cron(text: string, zone: Zone, jobName: string) {
  const rule = CronRule.parse(text, zone, jobName);
  return {
    occurrences: new CronOccurrences(rule),
    spelling: `cron ${text.trim().toLowerCase().replace(/\s+/g, ' ')}`,
  };
}

function everySoOften(interval: string | number) {
  const ms = parseInterval(interval);
  return { occurrences: new IntervalOccurrences(ms), spelling: `every ${ms}` };
}

function parseInterval(interval: string | number): number {
  try {
    return parseDuration(interval);
  } catch (error) {
    if (!(error instanceof InvalidScheduleError)) throw error;
    throw new InvalidScheduleError(interval, error.reason, [
      ...DURATION_EXAMPLES,
      ...CRON_EXAMPLES,
    ]);
  }
}

function daily(at: string, zone: Zone) {
  const reading = readClockTime(at);
  if ('reason' in reading) throw new InvalidScheduleError(at, reading.reason, CLOCK_EXAMPLES);
  const { hour, minute, second } = reading.value;
  const rule = CronRule.parse(`${second} ${minute} ${hour} * * *`, zone);
  return {
    occurrences: new CronOccurrences(rule),
    spelling: `daily ${hour}:${minute}:${second}`,
  };
}
