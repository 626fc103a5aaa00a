import type { RescuedJob } from '../core/contracts/job-broker.js';
import type { Failure } from '../core/job/job-record.js';
import type { MemoryStore } from './memory-store.js';
import type { HeldLease, StoredJob } from './stored-job.js';

const DEFAULT_MAX_RESCUES = 2;
const STALLED: Failure = {
  reason: 'stalled',
  name: 'StalledError',
  message: 'The process that ran this job was lost, more often than maxRescues allows.',
};

/** Acts on leases that ran out, oldest first, at most so many. Tells of the runs that were lost. */
export function rescueExpired(store: MemoryStore, most: number): RescuedJob[] {
  const rescued: RescuedJob[] = [];
  for (let n = 0; n < most && store.hasExpired(); n++) {
    const job = store.leases.first()!;
    const { nextRunAt, lost } = loseLease(store, job);
    store.place(job, nextRunAt);
    if (lost) rescued.push(lost);
  }
  return rescued;
}

/** What becomes of a job whose holder has lost it. */
interface Loss {
  readonly nextRunAt: number | null;
  /** Left out when nothing had begun, which does not count. */
  readonly lost?: RescuedJob;
}

/** Ends a lease that its holder has lost. The job stands nowhere then. */
export function loseLease(store: MemoryStore, job: StoredJob): Loss {
  const lease = withdraw(store, job);
  if (lease.phase === 'run' || lease.phase === 'started') return loseRun(store, job, lease);
  return { nextRunAt: earlier(job.happened.nextRunAt, lease.pending) };
}

/** Gives a row back as if it had never been handed out. */
export function giveBack(store: MemoryStore, job: StoredJob): void {
  const { pending } = withdraw(store, job);
  store.place(job, earlier(job.happened.nextRunAt, pending));
}

/** Ends a lease; the job stands nowhere then. What the holder of a row computed is void: it has its time from before. */
export function withdraw(store: MemoryStore, job: StoredJob): HeldLease {
  const lease = store.endLease(job);
  store.keepKey(job);
  const { phase, planned } = lease;
  if (phase === 'claimed' || phase === 'started') job.happened.nextRunAt = planned;
  return lease;
}

function loseRun(store: MemoryStore, job: StoredJob, lease: HeldLease): Loss {
  const { pending } = lease;
  const { happened, history } = job;
  const plannedAt = happened.nextRunAt;
  job.closeWindow(lease);
  if (lease.phase === 'run') happened.lastRunAt = lease.lockedAt;
  happened.attempt++;
  happened.rescueCount++;
  const { attempt } = happened;
  const isSpent = happened.rescueCount > rescuesAllowed(store, job);
  const isBuried = isSpent && pending === null;
  if (isBuried) {
    happened.lastFinishedAt = happened.failedAt = store.now();
    happened.failure = STALLED;
  } else if (isSpent) {
    // A time that a user saved during the run begins the job anew, whatever became of the run.
    job.beginAnew();
  }
  job.chronicle(history, {
    kind: 'rescued',
    attempt,
    plannedAt,
    startedAt: happened.lastRunAt,
    endedAt: store.now(),
    host: lease.host,
    ...(isBuried && { failure: STALLED }),
  });
  if (isBuried) store.endOwnWay(job, 'dead');
  const again = isSpent ? pending : earlier(happened.nextRunAt ?? store.now(), pending);
  const outcome = isBuried ? 'buried' : 'requeued';
  const { rescueCount } = happened;
  store.events.stalled(job, lease.host, again, attempt, isBuried);
  return {
    nextRunAt: again,
    lost: { id: job.id, name: job.name, host: lease.host, attempt, rescueCount, outcome },
  };
}

/** Whether its next run is the last that may lose its process; of a name that allows no rescue, none is meant. */
export function isOnLastStart(store: MemoryStore, job: StoredJob): boolean {
  const allowed = rescuesAllowed(store, job);
  return allowed >= 1 && job.happened.rescueCount >= allowed;
}

function rescuesAllowed(store: MemoryStore, { name }: StoredJob): number {
  return store.settings.get(name)?.maxRescues ?? DEFAULT_MAX_RESCUES;
}

/** The earlier of two times, of which each may be missing. */
export function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
