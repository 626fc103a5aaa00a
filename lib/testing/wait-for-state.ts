import { setTimeout as sleep } from 'node:timers/promises';
import type { FindState, Job, JobScheduler } from '../core/index.js';
import { JobExpectationError } from './errors.js';
import type { RunLog } from './job-run.js';
import { isDeadLetter, stateOf } from './stored-jobs.js';

/** What jobs can be waited for: a state of `find`. `failed` includes `dead`. */
export type AwaitedState = FindState;

const LOOK_EVERY_MS = 5;

/**
 * Waits, in real time, until a job is in a state. @returns `undefined` for one that was removed at its end
 *
 * @throws JobExpectationError when the time is over
 */
export async function waitForState(
  scheduler: JobScheduler,
  log: RunLog,
  id: string,
  state: AwaitedState,
  timeoutMs: number,
): Promise<Job | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await scheduler.get(id);
    if (found ? isIn(found, state) : hasEndedSo(log, id, state)) return found;
    if (performance.now() >= deadline) throw notInTime(id, state, found, timeoutMs);
    await sleep(LOOK_EVERY_MS);
  }
}

export function isIn(job: Job, state: AwaitedState): boolean {
  if (state === 'paused') return job.disabled;
  if (state === 'dead') return isDeadLetter(job);
  if (state === 'retrying') return job.state === 'failed' && !isDeadLetter(job);
  return job.state === state;
}

/** A job that was removed at its end is known by its run alone. */
function hasEndedSo(log: RunLog, id: string, state: AwaitedState): boolean {
  const outcome = log.list().findLast((run) => run.id === id)?.outcome;
  return outcome === state || (outcome === 'dead' && state === 'failed');
}

function notInTime(
  id: string,
  state: AwaitedState,
  found: Job | undefined,
  timeoutMs: number,
): JobExpectationError {
  const instead = found ? `is ${stateOf(found)}` : 'is gone';
  const name = found ? ` ("${found.name}")` : '';
  return new JobExpectationError(
    `Waited ${timeoutMs} ms for job ${id}${name} to be ${state}, but it ${instead}. ` +
      'Nothing runs by itself in a test: call runAll(), advance(), or start() before.',
  );
}
