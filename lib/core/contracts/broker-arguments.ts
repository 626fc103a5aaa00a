import { LONGEST_DURATION } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { LATEST_INSTANT } from '../job/instant.js';
import { checkText } from '../job/job-id.js';
import type { NewJob } from '../job/job-record.js';
import {
  MAX_BATCH,
  type ClaimOneRequest,
  type ClaimRequest,
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
  }
}

/** @throws InvalidOptionError */
export function checkSettleAndClaim(
  settlements: readonly Settlement[],
  { leaseMs, slots, names }: ClaimRequest,
): void {
  checkBatch('settlements', settlements);
  settlements.forEach(checkSettlement);
  checkDuration('leaseMs', leaseMs);
  checkSlots('slots', slots, MAX_BATCH);
  for (const one of names) checkSlots('names.slots', one.slots, Infinity);
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
      checkDue(settlement.due);
      return;
    case 'release':
      checkDue({ delayMs: settlement.delayMs ?? 0 });
      return;
    case 'skip':
      checkDue({ at: settlement.nextRunAt });
      return;
    case 'bury':
  }
}

function checkDue(due: NewJob['due']): void {
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

function checkBatch(what: string, items: readonly unknown[]): void {
  if (items.length > MAX_BATCH) {
    throw new InvalidOptionError(what, items.length, `a list of at most ${MAX_BATCH} a call`);
  }
}

function checkDuration(option: string, ms: number): void {
  if (!Number.isFinite(ms) || ms <= 0) {
    throw new InvalidOptionError(option, ms, 'a number of milliseconds above 0');
  }
}

function checkSlots(option: string, slots: number, most: number): void {
  if (!Number.isInteger(slots) || slots < 0 || slots > most) {
    const range = most === Infinity ? 'of 0 or more' : `from 0 to ${most}`;
    throw new InvalidOptionError(option, slots, `a whole number ${range}`);
  }
}
