import type { JobParameters } from '../contracts/job-parameters.js';
import { recordOf } from '../job/job-attrs.js';
import type { JobRecord } from '../job/job-record.js';

/** A row of a foreign store as a record. Rows count failures only, so these are its attempts. */
export function foreignRecord(row: JobParameters, now: number): JobRecord {
  return {
    ...recordOf(row, now),
    // A store may have no other word for no data.
    data: row.data ?? undefined,
    attempt: row.failCount ?? 0,
  };
}

/** Milliseconds since the epoch; `null` for no date, in whatever way a store says that. */
export const instantOf = (date: Date | null | undefined): number | null => date?.getTime() ?? null;
