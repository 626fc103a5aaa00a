import { UnsupportedOperationError, type JobScheduler } from '../core/index.js';
import { latenciesOf } from '../core/scheduler/latencies.js';
import { waitFor } from '../core/worker/wait.js';
import type { ResolvedLimits } from './health-options.js';

/** What the store said of its jobs. */
export interface StoreFigures {
  readonly answerMs: number;
  /** `undefined` where the backend cannot tell. */
  readonly latencyMs: number | undefined;
  /** Of the job that has been due for longest. */
  readonly latestName: string | undefined;
  readonly deadLetters: number;
}

type Question = Pick<ResolvedLimits, 'timeoutMs' | 'maxLatencyMs' | 'names'>;

/**
 * A round trip to the store, for the figures that are judged.
 *
 * @returns `undefined` when it did not answer in time, or said that it cannot
 * @throws UnsupportedOperationError when a latency is to be judged that the backend cannot tell
 */
export async function askStore(
  scheduler: JobScheduler,
  { timeoutMs, maxLatencyMs, names }: Question,
): Promise<StoreFigures | undefined> {
  const askedAt = performance.now();
  const both = Promise.all([scheduler.counts(), latenciesOf(scheduler, names)]);
  const answer = await answered(both, timeoutMs);
  if (!answer) return undefined;
  const [counts, latencies] = answer;
  if (!latencies && maxLatencyMs !== undefined) {
    throw new UnsupportedOperationError('isHealthy({ maxLatency })', 'foreign');
  }
  const [latestName, latencyMs] = greatest(latencies ?? new Map<string, number>());
  const asked = names ?? Object.keys(counts);
  return {
    answerMs: Math.round(performance.now() - askedAt),
    latencyMs: latencies && latencyMs,
    latestName,
    deadLetters: asked.reduce((sum, name) => sum + (counts[name]?.dead ?? 0), 0),
  };
}

/** Whether the store answers at all. */
export async function storeAnswers(scheduler: JobScheduler, timeoutMs: number): Promise<boolean> {
  return (await answered(scheduler.counts(), timeoutMs)) !== undefined;
}

/** A store that refuses is as little well as one that says nothing. */
const answered = <T>(answer: Promise<T>, ms: number): Promise<T | undefined> =>
  waitFor(
    answer.catch(() => undefined),
    ms,
  );

function greatest(latencies: Map<string, number>): [string | undefined, number] {
  let found: [string | undefined, number] = [undefined, 0];
  for (const [name, ms] of latencies) if (ms > found[1]) found = [name, ms];
  return found;
}
