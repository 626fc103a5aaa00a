import type { InspectedLease, JobManager } from '../contracts/job-manager.js';
import type { HistoryEntry } from '../job/attempt-history.js';
import { computeState, isDead } from '../job/job-state.js';
import { checkText } from '../job/job-id.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { textsOf } from '../query/job-selection.js';
import type { StoredJobs } from './stored-jobs.js';
import type {
  FindOptions,
  FoundJobs,
  JobHistoryEntry,
  JobInspection,
  JobLease,
} from './upkeep-options.js';

const FIND_KEYS: readonly (keyof FindOptions)[] = [
  'name',
  'names',
  'state',
  'data',
  'tags',
  'limit',
  'cursor',
];
const PAGE = 50;

/** @throws InvalidOptionError, InvalidCursorError */
export async function findJobs(
  manager: JobManager,
  jobs: StoredJobs,
  options: FindOptions<string>,
): Promise<FoundJobs> {
  checkKnownKeys('find', options, FIND_KEYS);
  const { name: _, limit = PAGE, ...criteria } = options;
  const names = textsOf('find', 'name', options);
  const page = await manager.find({ ...criteria, limit, ...(names && { names }) });
  return { jobs: page.jobs.map((record) => jobs.of(record)), cursor: page.cursor };
}

export async function inspectJob<Data>(
  manager: JobManager,
  jobs: StoredJobs,
  id: string,
): Promise<JobInspection<Data> | undefined> {
  checkText('id', id);
  const inspected = await manager.inspect(id);
  if (!inspected) return undefined;
  const { record, lease, history, now } = inspected;
  const failure = record.failure ?? undefined;
  return {
    job: jobs.of<Data>(record),
    state: computeState(record, now),
    lease: lease && leaseOf(lease),
    deadReason: isDead(record, now) ? failure?.reason : undefined,
    failure,
    history: history.map(entryOf),
  };
}

export async function historyOf(
  manager: JobManager,
  id: string,
): Promise<JobHistoryEntry[] | undefined> {
  checkText('id', id);
  const history = await manager.history(id);
  return history?.map(entryOf);
}

function leaseOf({ lockedAt, expiresAt, ...lease }: InspectedLease): JobLease {
  return { ...lease, lockedAt: new Date(lockedAt), expiresAt: dateOf(expiresAt) };
}

function entryOf(entry: HistoryEntry): JobHistoryEntry {
  const { plannedAt, startedAt, endedAt } = entry;
  return {
    ...entry,
    plannedAt: dateOf(plannedAt),
    startedAt: dateOf(startedAt),
    endedAt: new Date(endedAt),
    // A run that somebody began by hand may come before its time.
    waitMs: plannedAt === null || startedAt === null ? null : Math.max(startedAt - plannedAt, 0),
    runMs: startedAt === null ? null : endedAt - startedAt,
  };
}

const dateOf = (at: number | null): Date | null => (at === null ? null : new Date(at));
