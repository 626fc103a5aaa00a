import { checkKnownKeys, InvalidOptionError } from '../../core/index.js';
import { trueOrFalse, wholeNumber } from '../../core/options/checks.js';
import type {
  AddBody,
  BulkBody,
  CancelBody,
  ChangeScheduleBody,
  DeadBody,
  PauseBody,
  RequeueBody,
  RescheduleBody,
  UpdateBody,
} from '../api/index.js';

/*
 * Bodies of requests, as strictly as the options of the engine: what a body does not know, and what has another type,
 * is a mistake that is told, and nothing has happened then. What texts mean is the engine's to judge.
 */

/** Of instants, rules and zones, in characters. */
const MOST_WORDS = 256;
/** Of what people say to people, in characters. */
const MOST_REASON = 1_000;
const MOST_BULK = 200;
const MOST_NAMES = 200;
const MOST_DEAD = 10_000;

type Reader<Body> = { readonly [Key in keyof Body]-?: (path: string, value: unknown) => Body[Key] };

/**
 * A copy of a body, with what it knows and nothing else.
 *
 * @throws InvalidOptionError
 */
function read<Body>(body: unknown, parts: Reader<Body>): Body {
  checkKnownKeys('body', body, Object.keys(parts));
  const given = body as Record<string, unknown>;
  const known = Object.entries<(path: string, value: unknown) => unknown>(parts);
  const copy = known.map(([key, part]) => [key, part(`body.${key}`, given[key])]);
  return Object.fromEntries(copy.filter(([, value]) => value !== undefined)) as Body;
}

export const emptyBody = (body: unknown): Record<string, never> => read(body, {});

export const requeueBody = (body: unknown): RequeueBody =>
  read<RequeueBody>(body, { data: asItIs, runAt: maybe(words), resetAttempts: maybe(trueOrFalse) });

export const cancelBody = (body: unknown): CancelBody =>
  read<CancelBody>(body, { reason: maybe(reason) });

export function updateBody(body: unknown): UpdateBody {
  const update = read<UpdateBody>(body, { data: asItIs, priority: maybe(finiteNumber) });
  if (Object.keys(update).length > 0) return update;
  throw new InvalidOptionError('body', body, 'data or a priority, or both');
}

export const rescheduleBody = (body: unknown): RescheduleBody =>
  read<RescheduleBody>(body, { runAt: words });

export const changeScheduleBody = (body: unknown): ChangeScheduleBody =>
  read<ChangeScheduleBody>(body, { interval: words, timezone: maybe(words) });

export const addBody = (body: unknown): AddBody =>
  read<AddBody>(body, {
    name: words,
    data: asItIs,
    runAt: maybe(words),
    priority: maybe(finiteNumber),
  });

const BULK_ACTIONS: readonly BulkBody['action'][] = [
  'requeue',
  'promote',
  'cancel',
  'disable',
  'enable',
  'remove',
];

export const bulkBody = (body: unknown): BulkBody =>
  read<BulkBody>(body, { action: oneOf(BULK_ACTIONS), ids: listOf(MOST_BULK) });

export const pauseBody = (body: unknown): PauseBody =>
  read<PauseBody>(body, { reason: maybe(reason) });

/** Of both: which dead letters, and how many at most. */
export function deadBody(body: unknown): DeadBody & { readonly limit: number } {
  const { limit = 1_000, ...filter } = read<DeadBody>(body, {
    names: maybe(listOf(MOST_NAMES)),
    reason: maybe(words),
    olderThan: maybe(wordsOrNumber),
    all: maybe(onlyTrue),
    limit: maybe((path, value) => wholeNumber(path, value, 1, MOST_DEAD)),
  });
  const { all, ...criteria } = filter;
  const isSaid = Object.keys(criteria).length > 0;
  if (isSaid !== (all === true)) return { ...filter, limit };
  const expected = 'names, a reason or an age of dead letters; or `{ "all": true }` alone';
  throw new InvalidOptionError('body', body, expected);
}

// ── parts ──────────────────────────────────────────────────────────────────────────────────────

type Part<T> = (path: string, value: unknown) => T;

const asItIs: Part<unknown> = (_, value) => value;

function maybe<T>(part: Part<T>): Part<T | undefined> {
  return (path, value) => (value === undefined ? undefined : part(path, value));
}

const words = text(MOST_WORDS);
const reason = text(MOST_REASON);

function text(most: number): Part<string> {
  return (path, value) => {
    if (typeof value === 'string' && value !== '' && value.length <= most) return value;
    throw new InvalidOptionError(path, value, `a text of 1 to ${most} characters`);
  };
}

function wordsOrNumber(path: string, value: unknown): string | number {
  return typeof value === 'number' ? value : words(path, value);
}

function finiteNumber(path: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new InvalidOptionError(path, value, 'a finite number');
}

function onlyTrue(path: string, value: unknown): true {
  if (value === true) return true;
  throw new InvalidOptionError(path, value, 'true, or left out');
}

function oneOf<T extends string>(known: readonly T[]): Part<T> {
  return (path, value) => {
    const found = known.find((word) => word === value);
    if (found !== undefined) return found;
    throw new InvalidOptionError(path, value, `one of ${known.join(', ')}`);
  };
}

/** Each text once. */
function listOf(most: number): Part<readonly string[]> {
  return (path, value) => {
    if (Array.isArray(value) && value.length >= 1 && value.length <= most) {
      return [...new Set(value.map((item, at) => words(`${path}[${at}]`, item)))];
    }
    throw new InvalidOptionError(path, value, `a list of 1 to ${most} texts`);
  };
}
