import type { ClaimedJob, Lease } from '../core/contracts/job-broker.js';
import type { NewJob } from '../core/job/job-record.js';
import { errorOf } from '../core/job/thrown.js';
import { FLAG } from './keys.js';
import { addedRecord, flagsOf, unpackRecord } from './record-codec.js';

/** Notes on a lease that spare the store a look when its job ends. */
export interface LeaseNotes {
  /** Something leads to the job beside its id: a key, a tag, an expiry. */
  readonly keyed: boolean;
  /** Its end has something to do: a key to free, a retention of its own, a run of its key that is over. */
  readonly endsItsOwnWay: boolean;
  /** It shares limits with the others of its key. */
  readonly lined: boolean;
  readonly createdAt: number;
}

const LED_TO = FLAG.keyed | FLAG.tagged | FLAG.expires;
/** With any of these flags the end of a job is looked at closely. */
const ENDS_ITS_OWN_WAY = FLAG.endsItsOwnWay | FLAG.lined | FLAG.expires;

/** Behind the number of a job on its last start. */
const LAST_START = '!';

/** The jobs of a claim's answer: number in the claim, id, record and state of each. `now`: when it was given, perhaps again. */
export function claimedJobs(
  parts: readonly (string | number)[],
  claimId: string,
  fence: number,
  expiresAt: number,
  claimedAt: number,
  now = claimedAt,
): ClaimedJob[] {
  const jobs: ClaimedJob[] = [];
  for (let i = 0; i < parts.length; i += 4) {
    const given = parts[i]!;
    const id = parts[i + 1] as string;
    const asked = parts[i + 2] as string;
    const happened = parts[i + 3] as string;
    const number = typeof given === 'number' ? given : Number.parseInt(given, 10);
    const { record, unreadable } = readRecord(id, asked, happened, claimedAt, now);
    record.lockedAt = claimedAt;
    record.lastRunAt = claimedAt;
    const flags = flagsOf(asked);
    const lease: Lease & LeaseNotes = {
      id,
      name: record.name,
      token: `${claimId}:${number}`,
      fence: fence + number - 1,
      expiresAt,
      keyed: (flags & LED_TO) !== 0,
      endsItsOwnWay: (flags & ENDS_ITS_OWN_WAY) !== 0,
      lined: (flags & FLAG.lined) !== 0,
      createdAt: record.createdAt,
    };
    const isLastStart = typeof given === 'string' && given.endsWith(LAST_START);
    if (isLastStart || unreadable) {
      jobs.push({
        record,
        lease,
        ...(isLastStart && { isLastStart }),
        ...(unreadable && { unreadable }),
      });
    } else jobs.push({ record, lease });
  }
  return jobs;
}

/** One record that cannot be read must not keep the others of its claim from running. */
function readRecord(
  id: string,
  asked: string,
  happened: string,
  claimedAt: number,
  now: number,
): Pick<ClaimedJob, 'record' | 'unreadable'> {
  try {
    // The claim closes a debounce window.
    const lease = happened === '' ? '' : `||${claimedAt}|||||`;
    return { record: unpackRecord(id, asked, happened, lease, '', now) };
  } catch (thrown) {
    const { message } = errorOf(thrown);
    const unreadable = new Error(`The stored record of job ${id} cannot be read: ${message}`, {
      cause: thrown,
    });
    return { record: addedRecord(headOf(id, asked), { now: 0, soon: 0 }), unreadable };
  }
}

/** The part that scripts read, too: the name. What cannot be read at all is nameless. */
function headOf(id: string, asked: string): NewJob {
  const quoted = /^\[[^"]*("[^"]*")/.exec(asked)?.[1] ?? '""';
  let name = '';
  try {
    name = JSON.parse(quoted) as string;
  } catch {
    // Nobody has written this name.
  }
  return { id, name, data: undefined, priority: 0, due: { delayMs: 0 } };
}
