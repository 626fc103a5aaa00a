import { createHash } from 'node:crypto';
import { durationOption } from '../duration.js';
import { InvalidJobError, InvalidOptionError } from '../errors.js';
import type { Due } from '../job/due.js';
import { checkText, randomToken } from '../job/job-id.js';
import {
  REPLACED_PARTS,
  type Dedupe,
  type DedupedJob,
  type NewJob,
  type ReplacedPart,
} from '../job/job-record.js';
import { optionsObject, trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { DedupeOptions } from './job-options.js';

const KEYS_OF = {
  debounce: ['key', 'mode', 'for', 'maxWait', 'leading'],
  latest: ['key', 'mode'],
  replace: ['key', 'mode', 'replace'],
} as const;

/**
 * A job that is added with a key. A debounced one is due by its debounce alone.
 *
 * @param isTimed - the caller said when the job runs
 * @throws InvalidOptionError
 * @throws InvalidJobError for a key that cannot be one, or that is made of a field the data is without
 */
export function withDedupe(
  job: NewJob,
  option: DedupeOptions,
  { isTimed }: { readonly isTimed: boolean },
): DedupedJob {
  if (job.idempotency) {
    throw new InvalidOptionError(
      'idempotencyKey',
      job.idempotency.key,
      'left out where there is `dedupe`',
    );
  }
  const dedupe = readDedupe(option, job.data);
  const due = dedupe.mode === 'debounce' ? firstDue(dedupe, isTimed) : job.due;
  return { ...job, due, dedupe, nonce: job.nonce ?? randomToken() };
}

function readDedupe(option: DedupeOptions, data: string | undefined): Dedupe {
  const { mode } = optionsObject('dedupe', option);
  if (!isMode(mode)) {
    throw new InvalidOptionError('dedupe.mode', mode, "'debounce', 'latest' or 'replace'");
  }
  checkKnownKeys('dedupe', option, KEYS_OF[mode]);
  const key = keyOf(option.key, data);
  switch (option.mode) {
    case 'debounce':
      return { key, mode: 'debounce', ...readDebounce(option) };
    case 'latest':
      return { key, mode: 'latest' };
    case 'replace':
      return { key, mode: 'replace', takes: readTakes(option.replace) };
  }
}

const isMode = (mode: unknown): mode is Dedupe['mode'] =>
  typeof mode === 'string' && Object.hasOwn(KEYS_OF, mode);

type DebounceOptions = Extract<DedupeOptions, { mode: 'debounce' }>;
type Debounce = Extract<Dedupe, { mode: 'debounce' }>;

function readDebounce({
  for: time,
  maxWait,
  leading,
}: DebounceOptions): Omit<Debounce, 'key' | 'mode'> {
  const forMs = durationOption('dedupe.for', time);
  const isLeading = leading !== undefined && trueOrFalse('dedupe.leading', leading);
  if (maxWait === undefined) return { forMs, ...(isLeading && { leading: true }) };
  if (isLeading) {
    throw new InvalidOptionError(
      'dedupe.maxWait',
      maxWait,
      'left out where the first call is `leading`: nothing puts its run off',
    );
  }
  return { forMs, maxWaitMs: durationOption('dedupe.maxWait', maxWait) };
}

function firstDue({ forMs, maxWaitMs = Infinity, leading }: Debounce, isTimed: boolean): Due {
  if (isTimed) {
    const remedy = 'another one where a time is given: a debounced job runs when `for` says';
    throw new InvalidOptionError('dedupe.mode', 'debounce', remedy);
  }
  return { delayMs: leading ? 0 : Math.min(forMs, maxWaitMs) };
}

function readTakes(parts: unknown = ['data']): readonly ReplacedPart[] {
  const known: readonly unknown[] = REPLACED_PARTS;
  if (Array.isArray(parts) && parts.length > 0 && parts.every((part) => known.includes(part))) {
    return [...new Set(parts as ReplacedPart[])];
  }
  const remedy = "a list with one or more of 'data', 'nextRunAt' and 'priority'";
  throw new InvalidOptionError('dedupe.replace', parts, remedy);
}

function keyOf(key: unknown, data: string | undefined): string {
  if (!Array.isArray(key)) {
    checkText('dedupe.key', key);
    return key;
  }
  if (key.length === 0 || key.some((path) => typeof path !== 'string' || path === '')) {
    const remedy = "text, or a list of fields of the data such as ['userId', 'order.id']";
    throw new InvalidOptionError('dedupe.key', key, remedy);
  }
  return keyOfFields(key as string[], data);
}

/** The same for the same values of the same fields, in whatever order they are named. */
function keyOfFields(paths: readonly string[], data: string | undefined): string {
  const given = data === undefined ? undefined : (JSON.parse(data) as unknown);
  const values = Object.fromEntries(paths.map((path) => [path, valueAt(path, given)]));
  const digest = createHash('sha256').update(stableJson(values)).digest('base64url');
  return `fields:${digest}`;
}

/** @throws InvalidJobError when there is none */
function valueAt(path: string, data: unknown): unknown {
  let value = data;
  for (const part of path.split('.')) {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    if (!isThere) {
      throw new InvalidJobError(`data.${path}`, undefined, 'there: `dedupe.key` is made of it');
    }
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** JSON with the members of objects in one order. */
const stableJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
