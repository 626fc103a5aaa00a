import type { JobManager } from '../contracts/job-manager.js';
import { trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { RemoveOptions } from './mend-options.js';

/** The ways to remove a job. */
export interface RemovalTools {
  cancel(options: { reason?: string }): Promise<number>;
  /** @throws UnsupportedOperationError where running jobs cannot be told apart in the step that removes */
  carefulManager(): JobManager;
}

/** Removes a job. @returns how many that were: 1 or 0. @throws InvalidOptionError, UnsupportedOperationError */
export async function removeJob(
  tools: RemovalTools,
  id: string,
  options: RemoveOptions,
): Promise<number> {
  checkKnownKeys('options', options, ['reason', 'unlessRunning']);
  const { unlessRunning = false, ...how } = options;
  if (!trueOrFalse('unlessRunning', unlessRunning)) return tools.cancel(how);
  return (await tools.carefulManager().removeIf([id], { sparesRunning: true })).length;
}
