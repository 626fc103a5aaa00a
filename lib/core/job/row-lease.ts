import type { JobParameters, StoredRow } from '../contracts/job-parameters.js';
import type { JobRecord } from './job-record.js';
import { toRow } from './job-row.js';

/**
 * Where a row that was handed out carries the token of its lease. The property is enumerable, so it
 * goes along when a row is copied into a job's `attrs` and comes back with the state writes, and its
 * key is a symbol, so `Object.keys`, `toJson()` and JSON do not show it. All copies of this package
 * in a process know it.
 */
const ROW_LEASE = Symbol.for('nestjs-agenda-redis:lease');

interface MayCarryLease {
  [ROW_LEASE]?: unknown;
}

/** Clocks that differ by less are taken for one. */
const TOLERANCE_MS = 1_000;

/**
 * A leased job as a row that carries its token. Its engine judges by its own clock whether a row was
 * locked too long ago, so `lockedAt` is told by that clock where it differs from the store's.
 *
 * @param callersNow - ms since the epoch by the clock of the caller
 */
export function leasedRow(job: JobRecord, token: string, callersNow: number): StoredRow {
  const row = toRow(job);
  if (Math.abs(callersNow - (job.lockedAt ?? callersNow)) > TOLERANCE_MS) {
    row.lockedAt = new Date(callersNow);
  }
  return Object.assign(row, { [ROW_LEASE]: token });
}

/** The token that a row carries; `undefined` for a row that was read, or came through JSON. */
export function rowLeaseOf(row: JobParameters): string | undefined {
  const token = (row as MayCarryLease)[ROW_LEASE];
  return typeof token === 'string' ? token : undefined;
}
