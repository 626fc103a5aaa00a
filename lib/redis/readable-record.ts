import type { Failure, JobRecord } from '../core/job/job-record.js';
import { unpackRecord } from './record-codec.js';

/** The texts of a stored job, as `unpackRecord` takes them. */
interface Texts {
  readonly id: string;
  readonly asked: string;
  readonly happened: string;
  readonly lease: string;
  readonly result: string;
  /** When they were read. */
  readonly now: number;
}

const ILLEGIBLE: Failure = {
  name: 'IllegibleRecordError',
  message: 'The stored record of this job cannot be read.',
};
/** What scripts read of a record: its numbers and its name. */
const HEAD = /^\[\d+,(?:null|-?\d+),\d+,[^,"[\]{}]+,\d+,"[^"]*"/;
const NO_HEAD = '[0,null,0,0,0,""';

/**
 * A job for those who look at many: one whose record somebody has damaged must not hide the others. Of
 * such a job it tells what can be read, and says so as its failure.
 */
export function readableRecord({ id, asked, happened, lease, result, now }: Texts): JobRecord {
  try {
    return unpackRecord(id, asked, happened, lease, result, now);
  } catch {
    const head = `${HEAD.exec(asked)?.[0] ?? NO_HEAD},0,null]`;
    const record =
      readOrNot(() => unpackRecord(id, head, happened, lease)) ??
      readOrNot(() => unpackRecord(id, head, '', lease)) ??
      unpackRecord(id, `${NO_HEAD},0,null]`, '', lease);
    return { ...record, data: undefined, failure: ILLEGIBLE };
  }
}

/** Insertion order; the third number of a record. */
export function seqOf(asked: string): number {
  return Number(asked.split(',', 3)[2]) || 0;
}

/** `undefined` for what somebody has damaged. */
export function readOrNot<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
