import type { JobParameters } from '../contracts/job-parameters.js';
import { InvalidDataError } from '../errors.js';
import type { HandlerPlan } from '../handlers/handler-plan.js';
import type { JobRecord } from '../job/job-record.js';
import { judgeData } from './judged-data.js';

type Read = (id: string) => Promise<JobRecord | undefined>;

/**
 * Judges the data of a row that is to be saved. What a job has in the store already may be saved with it, whatever
 * it is: then it is another part that was changed.
 *
 * @param text - its data as JSON
 * @returns the row, where there is something to wait for: with its data as it was when this was called
 * @throws InvalidDataError, or what the schema itself throws; it is thrown at once, or the promise rejects
 */
export function judgeRow(
  read: Read,
  row: JobParameters,
  text: string | undefined,
  plan: HandlerPlan,
): Promise<JobParameters> | undefined {
  const asGiven = () => ({ ...row, data: text === undefined ? undefined : JSON.parse(text) });
  let judged: Promise<unknown> | undefined;
  try {
    judged = judgeData(row.name, text, plan);
  } catch (error) {
    return unlessStored(read, asGiven(), error);
  }
  if (!judged) return undefined;
  const given = asGiven();
  return judged.then(
    () => given,
    (error: unknown) => unlessStored(read, given, error),
  );
}

async function unlessStored(
  read: Read,
  row: JobParameters,
  error: unknown,
): Promise<JobParameters> {
  if (!(error instanceof InvalidDataError) || row._id === undefined) throw error;
  const stored = await read(row._id);
  if (!stored || JSON.stringify(stored.data) !== JSON.stringify(row.data)) throw error;
  return row;
}
