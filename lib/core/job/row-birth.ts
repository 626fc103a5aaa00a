import type { JobParameters } from '../contracts/job-parameters.js';

/** Beside the rows: Agenda's contract has no field for it, and a row is saved as it was handed out. */
const births = new WeakMap<JobParameters, boolean>();

/** Notes on a row that `saveJob` answers with whether the save made a new job of it. */
export function bornRow<Row extends JobParameters>(row: Row, isNew: boolean): Row {
  births.set(row, isNew);
  return row;
}

/** Whether the save made a new job; `undefined` where the repository does not say. */
export const wasBorn = (row: JobParameters): boolean | undefined => births.get(row);
