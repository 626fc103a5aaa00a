import type { Job } from '../../core/index.js';
import type { JobAction } from '../api/index.js';

/** What can be done to a job as it is now. The store judges again, when it is done. */
export function jobActions(job: Job, now: number): JobAction[] {
  const { state, nextRunAt, disabled, repeatInterval, attrs } = job;
  const isRunning = state === 'running';
  const waits = nextRunAt !== null && !isRunning;
  const isAlive = waits || isRunning;
  const isDead = state === 'failed' && !isAlive;
  const recurs = repeatInterval !== undefined || attrs.repeatAt !== undefined;
  const may: readonly (readonly [JobAction, boolean])[] = [
    ['requeue', isDead],
    ['promote', waits && !disabled && nextRunAt.getTime() > now],
    ['cancel', isAlive],
    ['disable', isAlive && !disabled],
    ['enable', disabled],
    ['remove', !isRunning],
    ['run-again', true],
    ['update', isAlive],
    ['reschedule', isAlive],
    ['change-schedule', isAlive && recurs],
  ];
  return may.flatMap(([action, is]) => (is ? [action] : []));
}
