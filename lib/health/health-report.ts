import type { WorkerStatus } from '../core/index.js';

/**
 * One indicator's part of the answer to a health check, in the shape that `@nestjs/terminus` puts together:
 * what its `HealthCheckService.check` takes from an indicator.
 */
export type HealthIndication<Key extends string, Figures extends object> = Record<
  Key,
  { status: 'up' | 'down' } & Figures
>;

/** What a process can tell without asking anybody. */
export interface WorkerFigures {
  /** `none` in a process that only adds jobs (`worker: false`). */
  worker: WorkerStatus['state'] | 'none';
  /** Jobs that run in this process. */
  running: number;
}

/** What was found; the figures of the store are missing when it did not answer. */
export interface HealthFigures extends WorkerFigures {
  /** How long the store took to answer, in ms. */
  answerMs?: number;
  /** For how long the oldest due job has been waiting, in ms; missing where the backend cannot tell. */
  latencyMs?: number;
  /** The name of that job, unless none is due. */
  latestName?: string;
  deadLetters?: number;
  /** What is wrong, a sentence each; missing when nothing is. */
  reasons?: string[];
}

/** Whether this process should get work. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, a sentence each. */
  readonly reasons: readonly string[];
}

export function workerFigures({ onlyAdds, state, running }: WorkerStatus): WorkerFigures {
  return { worker: onlyAdds ? 'none' : state, running };
}

/** Why a worker host takes no jobs; nothing where there is none to take any. */
export function reasonsOf({ onlyAdds, ready, state, storeIsAway }: WorkerStatus): string[] {
  if (onlyAdds || ready) return [];
  if (state === 'stopped') return ['The worker is not started.'];
  if (state === 'stopping') return ['The worker is draining.'];
  if (storeIsAway) return ['The store cannot be reached.'];
  return ['The store does not answer the worker.'];
}
