import { UnsupportedOperationError } from '../errors.js';
import type { JobScheduler } from './job-scheduler.js';

/**
 * For how long the oldest due job of each name has been waiting, in ms.
 *
 * @returns `undefined` where the backend cannot tell
 */
export async function latenciesOf(
  scheduler: JobScheduler,
  names?: readonly string[],
): Promise<Map<string, number> | undefined> {
  try {
    const metrics = await scheduler.metrics({ minutes: 1, ...(names && { names }) });
    return new Map(Object.entries(metrics).map(([name, { latencyMs }]) => [name, latencyMs]));
  } catch (error) {
    if (error instanceof UnsupportedOperationError) return undefined;
    throw error;
  }
}
