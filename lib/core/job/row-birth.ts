import type { JobParameters } from '../contracts/job-parameters.js';

/** Beside the rows: Agenda's contract has no fields for it, and a row is saved as it was handed out. */
const births = new WeakMap<JobParameters, boolean>();
const versions = new WeakMap<JobParameters, number>();

/**
 * Notes on a row that `saveJob` answers with whether the save made a new job of it, and which version its data is.
 *
 * @param version - left out: 1
 */
export function bornRow<Row extends JobParameters>(
  row: Row,
  isNew: boolean,
  version: number | undefined,
): Row {
  births.set(row, isNew);
  if (version !== undefined) versions.set(row, version);
  return row;
}

/** Whether the save made a new job; `undefined` where the repository does not say. */
export const wasBorn = (row: JobParameters): boolean | undefined => births.get(row);

/** Which version its data is as it was stored; `undefined` for 1. */
export const storedVersion = (row: JobParameters): number | undefined => versions.get(row);
