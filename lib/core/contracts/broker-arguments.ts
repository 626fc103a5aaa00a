import { durationOption, LONGEST_DURATION } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkDeathReason } from '../job/death-reason.js';
import type { Due } from '../job/due.js';
import { LATEST_INSTANT } from '../job/instant.js';
import { checkVersion } from '../job/data-version.js';
import { readHeaders } from '../job/job-headers.js';
import { checkText } from '../job/job-id.js';
import { encodeProgress } from '../job/job-progress.js';
import {
  REPLACED_PARTS,
  type Dedupe,
  type DedupedJob,
  type Idempotency,
  type NewJob,
} from '../job/job-record.js';
import { checkTags } from '../job/tags.js';
import { wholeNumber } from '../options/checks.js';
import {
  MAX_BATCH,
  OUTPUT_LIMITS,
  type ClaimOneRequest,
  type ClaimRequest,
  type JobBroker,
  type LoggedLines,
  type NameSettings,
  type Renewed,
  type Settlement,
  type StandBy,
} from './job-broker.js';
import { checkLimits } from './limit-arguments.js';

/*
 * What every broker refuses before it looks at anything else, so that all of them refuse the same,
 * with the same words. A batch with one bad part is refused whole.
 */

/** @throws InvalidOptionError, InvalidJobError */
export function checkEnqueue(jobs: readonly NewJob[]): void {
  checkBatch('jobs', jobs);
  for (const job of jobs) {
    checkText('name', job.name);
    checkText('id', job.id);
    if (!Number.isFinite(job.priority)) {
      throw new InvalidOptionError('priority', job.priority, 'a finite number');
    }
    checkDue(job.due);
    if (job.idempotency) checkIdempotency(job.idempotency);
    if (job.key !== undefined) checkText('key', job.key);
    if (job.tags) checkTags(job.tags);
    if (job.expires) checkDue(job.expires);
    if (job.version !== undefined) checkVersion('version', job.version);
    if (job.context) readHeaders('context', job.context);
    if (job.dedupe) throw new InvalidOptionError('dedupe', job.dedupe, 'a call of its own');
  }
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkDedupe({ dedupe, ...job }: DedupedJob): void {
  checkEnqueue([job]);
  if (job.idempotency) {
    throw new InvalidOptionError('idempotency', job.idempotency, 'left out beside `dedupe`');
  }
  if (!/^[0-9a-f]+$/.test(job.nonce)) {
    throw new InvalidOptionError('nonce', job.nonce, 'hex digits, new for every call');
  }
  checkText('dedupe.key', dedupe.key);
  checkMode(dedupe);
}

function checkMode(dedupe: Dedupe): void {
  switch (dedupe.mode) {
    case 'debounce':
      checkDuration('dedupe.forMs', dedupe.forMs);
      if (dedupe.maxWaitMs !== undefined) checkDuration('dedupe.maxWaitMs', dedupe.maxWaitMs);
      return;
    case 'replace':
      checkTakes(dedupe.takes);
      return;
    case 'latest':
      return;
    default:
      throw new InvalidOptionError(
        'dedupe.mode',
        (dedupe as { mode: unknown }).mode,
        "'debounce', 'latest' or 'replace'",
      );
  }
}

function checkTakes(takes: readonly string[]): void {
  const known: readonly string[] = REPLACED_PARTS;
  if (takes.length > 0 && takes.every((part) => known.includes(part))) return;
  throw new InvalidOptionError(
    'dedupe.takes',
    takes,
    "a list with one or more of 'data', 'nextRunAt' and 'priority'",
  );
}

function checkIdempotency({ key, release, holdMs }: Idempotency): void {
  checkText('idempotencyKey', key);
  if (release === 'finish') return;
  if (release !== 'removal' && release !== 'time') {
    throw new InvalidOptionError('release', release, "'removal', 'finish' or 'time'");
  }
  checkDuration('holdMs', holdMs);
}

/** @throws InvalidOptionError */
export function checkSettleAndClaim(
  settlements: readonly Settlement[],
  { leaseMs, slots, names, lastStarts = 0, standBy }: ClaimRequest,
): void {
  checkBatch('settlements', settlements);
  settlements.forEach(checkSettlement);
  checkDuration('leaseMs', leaseMs);
  checkSlots('slots', slots, MAX_BATCH);
  for (const one of names) checkSlots('names.slots', one.slots, Infinity);
  checkSlots('lastStarts', lastStarts, 1);
  if (standBy) checkStandBy(standBy);
}

function checkStandBy({ group, was, forMs }: StandBy): void {
  if (!/^\S+$/.test(group)) {
    throw new InvalidOptionError('standBy.group', group, 'text without spaces');
  }
  if (!/^\S*$/.test(was)) throw new InvalidOptionError('standBy.was', was, 'a group, or empty');
  checkDuration('standBy.forMs', forMs);
}

/**
 * A broker of several partitions speaks to one of them.
 *
 * @throws InvalidOptionError for one that there is not, and for a settlement of a job of another one
 */
export function checkClaimPartition(
  settlements: readonly Settlement[],
  { partition = 0 }: ClaimRequest,
  broker: Pick<JobBroker, 'partitions' | 'partitionOf'>,
): void {
  checkPartition(partition, broker);
  if (broker.partitions === 1) return;
  for (const { lease } of settlements) {
    const its = broker.partitionOf(lease.id);
    if (its === partition) continue;
    const expected = `${partition}, as the claim says: settle job ${lease.id} in a call to its own partition`;
    throw new InvalidOptionError('settlements.partition', its, expected);
  }
}

/** @throws InvalidOptionError */
export function checkPartition(
  partition: number,
  { partitions }: Pick<JobBroker, 'partitions'>,
): void {
  wholeNumber('partition', partition, 0, partitions - 1);
}

/** @throws InvalidOptionError */
export function checkRenew(leases: readonly Renewed[], forMs: number): void {
  checkBatch('leases', leases);
  for (const { progress, lines } of leases) {
    if (progress !== undefined) encodeProgress(progress);
    if (lines) checkLines(lines);
  }
  checkDuration('forMs', forMs);
}

function checkLines({ first, lines }: LoggedLines): void {
  wholeNumber('lines.first', first, 1, Number.MAX_SAFE_INTEGER);
  const isLine = (line: unknown) =>
    typeof line === 'string' && Buffer.byteLength(line) <= OUTPUT_LIMITS.bytes;
  if (lines.length === 0 || lines.length > OUTPUT_LIMITS.lines || !lines.every(isLine)) {
    const expected = `1 to ${OUTPUT_LIMITS.lines} texts of at most ${OUTPUT_LIMITS.bytes} bytes`;
    throw new InvalidOptionError('lines', lines, expected);
  }
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkRegister(settings: readonly NameSettings[]): void {
  for (const { name, maxRescues, retention, limits } of settings) {
    checkText('name', name);
    wholeNumber('maxRescues', maxRescues, 0);
    if (limits !== undefined) checkLimits(limits);
    if (!retention) continue;
    for (const end of ['completed', 'failed'] as const) {
      const { ageMs, count } = retention[end];
      const path = `retention.${end}`;
      if (ageMs !== null) durationOption(`${path}.ageMs`, ageMs, { min: 0 });
      if (count !== null) wholeNumber(`${path}.count`, count, 0);
    }
  }
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkClaimOne({ id, leaseMs }: ClaimOneRequest): void {
  checkText('id', id);
  checkDuration('leaseMs', leaseMs);
}

/** @throws InvalidOptionError */
export function checkRescue(limit: number, leaseMs: number): void {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new InvalidOptionError('limit', limit, 'a whole number of 1 or more');
  }
  checkDuration('leaseMs', leaseMs);
}

function checkSettlement(settlement: Settlement): void {
  switch (settlement.kind) {
    case 'completed':
      if (settlement.nextRunAt !== undefined) checkDue({ at: settlement.nextRunAt });
      return;
    case 'retry':
    case 'snooze':
      checkDue(settlement.due);
      return;
    case 'skip':
      checkDue({ at: settlement.nextRunAt });
      return;
    case 'bury':
      checkDeathReason('reason', settlement.reason);
      return;
    case 'throttle':
      checkDuration('forMs', settlement.forMs);
      return;
    case 'release':
  }
}

/** @throws InvalidOptionError */
export function checkDue(due: Due): void {
  if ('at' in due) {
    if (!(Math.abs(due.at) <= LATEST_INSTANT)) {
      throw new InvalidOptionError(
        'at',
        due.at,
        'an instant in milliseconds, before the year 10000',
      );
    }
  } else if (!(due.delayMs >= 0 && due.delayMs <= LONGEST_DURATION)) {
    throw new InvalidOptionError(
      'delayMs',
      due.delayMs,
      'a number of milliseconds, from 0 to 100 years',
    );
  }
}

/** @throws InvalidOptionError */
export function checkBatch(what: string, items: readonly unknown[]): void {
  if (items.length > MAX_BATCH) {
    throw new InvalidOptionError(what, items.length, `a list of at most ${MAX_BATCH} a call`);
  }
}

function checkDuration(option: string, ms: number): void {
  if (!(ms > 0 && ms <= LONGEST_DURATION)) {
    throw new InvalidOptionError(option, ms, 'a number of milliseconds above 0, to 100 years');
  }
}

function checkSlots(option: string, slots: number, most: number): void {
  if (!Number.isInteger(slots) || slots < 0 || slots > most) {
    const range = most === Infinity ? 'of 0 or more' : `from 0 to ${most}`;
    throw new InvalidOptionError(option, slots, `a whole number ${range}`);
  }
}
