import type { FindState, JobManager } from '../contracts/job-manager.js';
import type { RemovalTerms } from '../contracts/mending.js';
import { InvalidOptionError, JobsRunningError } from '../errors.js';
import { checkText } from '../job/job-id.js';
import { abortSignal, expectNotAborted, trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { jobPages } from './job-pages.js';
import type { ObliterateOptions } from './mend-options.js';

const KEYS: readonly (keyof ObliterateOptions)[] = ['confirm', 'force', 'recurring', 'signal'];
/** Every state, in the order of a job's life: one that goes on meanwhile is met later. */
const STATES: readonly FindState[] = [
  'scheduled',
  'repeating',
  'queued',
  'retrying',
  'running',
  'completed',
  'dead',
];
/** Workers and producers that go on move jobs past a round, and add some: so often it is begun anew. */
const MOST_ROUNDS = 5;

/**
 * Removes every job of a name in bounded calls.
 *
 * @returns how many
 * @throws InvalidJobError, InvalidOptionError; the signal's reason when it has fired before
 * @throws JobsRunningError
 */
export async function obliterateJobs(
  manager: JobManager,
  name: string,
  options: ObliterateOptions,
): Promise<number> {
  expectNotAborted(options);
  checkText('name', name);
  checkOptions(name, options);
  const { force = false, recurring = false, signal } = options;
  if (!force) await expectNoneRuns(manager, name, 0);
  const terms = {
    sparesRunning: !force,
    sparesRecurring: !recurring,
    reason: 'Every job of this name was removed.',
  };

  // A producer that is faster than this could keep a single round going for ever.
  const { total } = (await manager.counts([name])).get(name)!;
  const most = MOST_ROUNDS * total;
  let removed = 0;
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const gone = await removeOnce(manager, name, terms, most - removed, signal);
    removed += gone;
    if (gone === 0 || removed >= most || signal?.aborted) break;
  }
  if (signal?.aborted) return removed;
  if (!force) await expectNoneRuns(manager, name, removed);
  await manager.forgetName(name);
  return removed;
}

function checkOptions(name: string, options: ObliterateOptions): void {
  checkKnownKeys('obliterate', options, KEYS);
  const { confirm, force = false, recurring = false, signal } = options;
  if (confirm !== name) {
    throw new InvalidOptionError('obliterate.confirm', confirm, `the name once more, "${name}"`);
  }
  trueOrFalse('obliterate.force', force);
  trueOrFalse('obliterate.recurring', recurring);
  if (signal !== undefined) abortSignal('signal', signal);
}

async function expectNoneRuns(manager: JobManager, name: string, removed: number): Promise<void> {
  const { running } = (await manager.counts([name])).get(name)!;
  if (running > 0) throw new JobsRunningError(name, running, removed);
}

async function removeOnce(
  manager: JobManager,
  name: string,
  terms: RemovalTerms,
  most: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0;
  for await (const page of jobPages(manager, { name }, STATES)) {
    if (signal?.aborted) break;
    if (page.length === 0) continue;
    const ids = page.map(({ id }) => id);
    removed += (await manager.removeIf(ids, terms)).length;
    if (removed >= most) break;
  }
  return removed;
}
