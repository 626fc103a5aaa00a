import { durationOption, LONGEST_DURATION } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkDeathReason } from '../job/death-reason.js';
import type { Due } from '../job/due.js';
import { LATEST_INSTANT } from '../job/instant.js';
import { checkText } from '../job/job-id.js';
import type { Idempotency, NewJob } from '../job/job-record.js';
import { wholeNumber } from '../options/checks.js';
import {
  MAX_BATCH,
  type ClaimOneRequest,
  type ClaimRequest,
  type NameSettings,
  type Renewed,
  type Settlement,
} from './job-broker.js';

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
  }
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
  { leaseMs, slots, names, lastStarts = 0 }: ClaimRequest,
): void {
  checkBatch('settlements', settlements);
  settlements.forEach(checkSettlement);
  checkDuration('leaseMs', leaseMs);
  checkSlots('slots', slots, MAX_BATCH);
  for (const one of names) checkSlots('names.slots', one.slots, Infinity);
  checkSlots('lastStarts', lastStarts, 1);
}

/** @throws InvalidOptionError */
export function checkRenew(leases: readonly Renewed[], forMs: number): void {
  checkBatch('leases', leases);
  for (const { progress = 0 } of leases) {
    if (!Number.isFinite(progress)) {
      throw new InvalidOptionError('progress', progress, 'a finite number');
    }
  }
  checkDuration('forMs', forMs);
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkRegister(settings: readonly NameSettings[]): void {
  for (const { name, maxRescues, retention } of settings) {
    checkText('name', name);
    wholeNumber('maxRescues', maxRescues, 0);
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
