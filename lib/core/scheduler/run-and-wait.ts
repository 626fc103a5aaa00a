import type { JobManager } from '../contracts/job-manager.js';
import type { HandlerPlan } from '../handlers/handler-plan.js';
import type { NewJob } from '../job/job-record.js';
import type { JobName } from '../job/job-types.js';
import type { JobAdder } from './job-adder.js';
import type { JobWaits } from './job-waits.js';
import { readWaitOptions, type RunAndWaitOptions } from './wait-options.js';

/*
 * A call of a handler, wherever it runs: a job is added, and its end waited for. The job stays for a minute after
 * that, since it might end before anybody looks at it, or while news is cut off.
 */

type Removals = Pick<HandlerPlan, 'removeOnComplete' | 'removeOnFail'>;

/** How long a job is kept for whoever waits for its end. */
const KEPT_MS = 60_000;

export interface RunAndWaitTools {
  readonly adder: JobAdder;
  readonly waits: JobWaits;
  readonly manager: JobManager;
  readonly planOf: (jobName: string) => Removals;
}

export async function runAndWait(
  { adder, waits, manager, planOf }: RunAndWaitTools,
  nameOrToken: JobName,
  data: unknown,
  { wait = {}, ...options }: RunAndWaitOptions,
): Promise<unknown> {
  const terms = readWaitOptions('wait', wait);
  terms.signal?.throwIfAborted();
  let goesWhenRead = false;
  const job = await adder.add(nameOrToken, data, options, undefined, (made) => {
    const { removeOnComplete, removeOnFail } = { ...planOf(made.name), ...made.overrides };
    goesWhenRead = removeOnComplete;
    return keptForAWhile(made, removeOnFail);
  });
  const result = await waits.waitFor(job.id, terms);
  // Nobody waits for that: what cannot be removed goes when its minute is over.
  if (goesWhenRead && job.created)
    manager.removeIf([job.id], { sparesRunning: true }).catch(() => {});
  return result;
}

/** @param goesWhenDead - its dead letter would be deleted at once: it stays as long */
function keptForAWhile(job: NewJob, goesWhenDead: boolean): NewJob {
  const retention = { ...job.overrides?.retention };
  retention.completed = atLeast(retention.completed);
  if (goesWhenDead || retention.failed !== undefined) retention.failed = atLeast(retention.failed);
  const stays = { removeOnComplete: false, removeOnFail: false };
  return { ...job, overrides: { ...job.overrides, ...stays, retention } };
}

/** @param ms - `null` is for ever */
const atLeast = (ms: number | null = KEPT_MS): number | null =>
  ms === null ? null : Math.max(ms, KEPT_MS);
