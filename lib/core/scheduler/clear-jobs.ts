import type { JobManager } from '../contracts/job-manager.js';
import { checkText } from '../job/job-id.js';
import { abortSignal, expectNotAborted, trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { jobPages } from './job-pages.js';
import type { ClearOptions } from './mend-options.js';

const KEYS: readonly (keyof ClearOptions)[] = ['scheduled', 'signal'];

/** By what `scheduled` says. */
const STATES = {
  true: ['scheduled', 'queued'],
  false: ['queued'],
  only: ['scheduled'],
} as const;

/**
 * Removes one-time jobs of a name that wait, in bounded calls. What it finds is judged by the store when its turn
 * comes: a job that has begun to run meanwhile stays.
 *
 * @returns how many
 * @throws InvalidJobError, InvalidOptionError; the signal's reason when it has fired before
 */
export async function clearJobs(
  manager: JobManager,
  name: string,
  options: ClearOptions,
): Promise<number> {
  expectNotAborted(options);
  checkText('name', name);
  checkKnownKeys('clear', options, KEYS);
  const { scheduled = false, signal } = options;
  if (scheduled !== 'only') trueOrFalse('clear.scheduled', scheduled);
  if (signal !== undefined) abortSignal('signal', signal);

  // In the order of a job's life: what becomes due meanwhile is met later.
  const states = STATES[String(scheduled) as keyof typeof STATES];
  // Of those whose time was ahead some may be due by now.
  const only = scheduled ? 'waiting' : 'queued';
  let removed = 0;
  for await (const page of jobPages(manager, { name }, states)) {
    if (signal?.aborted) break;
    const ids = page.map(({ id }) => id);
    if (ids.length > 0) removed += (await manager.removeIf(ids, { only })).length;
  }
  return removed;
}
