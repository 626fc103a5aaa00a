import type { CompleteBackend } from '../contracts/agenda-backend.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { JobAttrs } from '../job/job-attrs.js';
import type { Job } from '../job/job.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { VERSION } from '../version.js';
import type { HostSnapshot } from '../worker/worker-status.js';

/** A job as statistics show it. */
export type JobInStats = JobAttrs & {
  /** Why its handler was asked to end, if it was. */
  canceled?: string | undefined;
};

/** What the worker host of this process does at this moment, in the shape of Agenda v6. */
export interface RunningStats {
  /** Of this package. */
  readonly version: string;
  /** The option `name`. */
  readonly queueName: string;
  /** Jobs of all processes that are due and wait. */
  readonly totalQueueSizeDB: number;
  readonly config: {
    /** 0 for no limit. */
    readonly totalLockLimit: number;
    readonly maxConcurrency: number;
    /** In ms. */
    readonly processEvery: number;
  };
  readonly backend: { readonly name: string; readonly hasNotificationChannel: boolean };
  readonly internal: {
    /** Calls for jobs that are under way. */
    readonly localQueueProcessing: number;
  };
  readonly jobStatus: Readonly<Record<string, NameStats>>;
  /** Claimed and not started: none, since nothing is claimed ahead of a free slot. */
  readonly queuedJobs: number | JobInStats[];
  readonly runningJobs: number | JobInStats[];
  /** Those that this process holds, running ones included. */
  readonly lockedJobs: number | JobInStats[];
}

export interface NameStats {
  readonly running: number;
  readonly locked: number;
  readonly config: {
    readonly concurrency: number;
    /** 0 for no limit. */
    readonly lockLimit: number;
    /** In ms; `undefined` for no limit. */
    readonly lockLifetime: number | undefined;
    readonly priority: number;
    readonly removeOnComplete: boolean;
  };
}

/** What statistics are made from. */
export interface StatsSources {
  readonly backend: CompleteBackend;
  readonly handlers: HandlerRegistry;
  readonly options: ResolvedEngineOptions;
  readonly snapshot: HostSnapshot;
}

export async function runningStats(
  { backend, handlers, options, snapshot }: StatsSources,
  fullDetails: boolean,
): Promise<RunningStats> {
  const { running, held, names, maxConcurrency, callsUnderWay } = snapshot;
  const shown = (jobs: readonly Job[]) => (fullDetails ? jobs.map(inStats) : jobs.length);
  const stats = names.map(
    ({ name, concurrency }) => [name, ofName(name, concurrency, snapshot, handlers)] as const,
  );
  // Read first: what follows is of one moment.
  const details = { runningJobs: shown(running), lockedJobs: shown(held) };
  return {
    version: VERSION,
    queueName: options.name,
    totalQueueSizeDB: await backend.repository.getQueueSize(),
    config: {
      totalLockLimit: asLimit(options.lockLimit),
      maxConcurrency,
      processEvery: options.processEveryMs,
    },
    backend: {
      name: backend.name,
      hasNotificationChannel: backend.notificationChannel !== undefined,
    },
    internal: { localQueueProcessing: callsUnderWay },
    jobStatus: Object.fromEntries(stats),
    queuedJobs: shown([]),
    ...details,
  };
}

function ofName(
  name: string,
  concurrency: number,
  { running, held }: HostSnapshot,
  handlers: HandlerRegistry,
): NameStats {
  const { lockLimit, lockLifetimeMs, priority, removeOnComplete } = handlers.planFor(name);
  const ofIt = (jobs: readonly Job[]) => jobs.filter((job) => job.name === name).length;
  return {
    running: ofIt(running),
    locked: ofIt(held),
    config: {
      concurrency,
      lockLimit: asLimit(lockLimit),
      lockLifetime: lockLifetimeMs,
      priority,
      removeOnComplete,
    },
  };
}

const inStats = (job: Job): JobInStats => ({
  ...job.toJson(),
  canceled: job.getCanceledMessage(),
});

const asLimit = (limit: number): number => (limit === Infinity ? 0 : limit);
