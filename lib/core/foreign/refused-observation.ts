import { JobManager } from '../contracts/job-manager.js';
import { InvalidOptionError } from '../errors.js';
import type { EngineOptions } from '../options/engine-options.js';

/**
 * Of a backend that keeps neither events nor metrics nobody may ask for them.
 *
 * @throws InvalidOptionError naming the option
 */
export function refuseObservation(
  { events, metrics }: EngineOptions,
  manager: JobManager,
  backend: string,
): void {
  const durable = events?.durable;
  if (durable !== undefined && durable !== false && !keepsEvents(manager)) {
    const remedy = `left out: the ${backend} backend keeps no stream of events`;
    throw new InvalidOptionError('events.durable', durable, remedy);
  }
  if (metrics === true && !keepsMetrics(manager)) {
    const remedy = `left out: the ${backend} backend keeps no metrics`;
    throw new InvalidOptionError('metrics', metrics, remedy);
  }
}

export const keepsEvents = (manager: JobManager): boolean =>
  manager.keepEvents !== JobManager.prototype.keepEvents;

export const keepsMetrics = (manager: JobManager): boolean =>
  manager.addMetrics !== JobManager.prototype.addMetrics;
