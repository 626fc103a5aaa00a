import { InvalidOptionError } from '../errors.js';
import { checkText } from '../job/job-id.js';
import type { Job } from '../job/job.js';
import type { TimingChange } from '../job/job-timing.js';
import { trueOrFalse } from '../options/checks.js';
import { FOREIGN_RULE_WORDS } from '../options/foreign-words.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { DateOptions, EveryOptions } from './job-options.js';

export const DATE_KEYS: readonly (keyof DateOptions)[] = [
  'timezone',
  'startDate',
  'endDate',
  'skipDays',
];
export const EVERY_KEYS: readonly (keyof EveryOptions)[] = [
  ...DATE_KEYS,
  'skipImmediate',
  'key',
  'catchUp',
  'priority',
];

/** @throws InvalidOptionError, InvalidJobError for what is wrong whenever it is said */
export function checkEveryOptions(options: EveryOptions): void {
  checkKnownKeys('', options, EVERY_KEYS, FOREIGN_RULE_WORDS);
  trueOrFalse('skipImmediate', options.skipImmediate ?? false);
  if (options.key !== undefined) checkText('key', options.key);
}

/**
 * Makes an unsaved job the one recurring job of its name and key.
 *
 * @throws InvalidScheduleError for a rule that is not understood or never runs
 * @throws InvalidOptionError
 */
export function makeRecurring(job: Job, interval: string | number, options: EveryOptions): void {
  checkEveryOptions(options);
  const { skipImmediate = false, key, catchUp, priority } = options;
  if (typeof interval !== 'string' && typeof interval !== 'number') {
    throw new InvalidOptionError('interval', interval, 'a duration or a cron rule');
  }
  job.attrs.type = 'single';
  if (key !== undefined) job.attrs.repeatKey = key;
  if (catchUp !== undefined) job.attrs.catchUp = catchUp;
  if (priority !== undefined) job.priority(priority);
  job.change({ ...limitsOf(options), rule: { interval, skipImmediate } });
}

/** Whether the dates of a job are limited, so that the limits must be stored with it. */
export const hasLimits = ({ startDate, endDate, skipDays }: DateOptions): boolean =>
  startDate !== undefined || endDate !== undefined || skipDays !== undefined;

/** What is said about the dates of a job, without other options. */
export function limitsOf(options: DateOptions): TimingChange {
  const given = DATE_KEYS.filter((key) => options[key] !== undefined);
  return Object.fromEntries(given.map((key) => [key, options[key]]));
}
