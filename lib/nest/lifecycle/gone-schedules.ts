import type { Engine } from '../../core/index.js';
import { goneSchedules, type GoneSchedule } from '../../core/scheduler/declared-schedules.js';
import type { PlannedRule } from './planned-rules.js';

/**
 * Warns of each stored schedule whose `@Every` is no longer in the code, which would otherwise go on unseen.
 *
 * @param rules - those that this process has registered
 * @param prunes - whether those of jobs that this process handles are removed
 */
export async function reportGoneSchedules(
  { events, handlers, parts, scheduler }: Engine,
  rules: readonly PlannedRule[],
  prunes: boolean,
): Promise<void> {
  for (const gone of await goneSchedules(parts.manager, handlers, rules)) {
    const isPruned = prunes && gone.isWorked;
    if (isPruned) await scheduler.remove(gone.id, { reason: 'its @Every has gone' });
    events.emitWarning('gone-schedule', `${told(gone)}: ${fateOf(gone, isPruned)}`, gone.id);
  }
}

function told({ jobName, key, rule, origin }: GoneSchedule): string {
  const which = key === undefined ? '' : ` with the key "${key}"`;
  return `The schedule of "${jobName}"${which} (${rule}) was made by @Every of ${origin}, which is gone or switched off`;
}

function fateOf({ id, isWorked }: GoneSchedule, isPruned: boolean): string {
  if (isPruned) return 'it was removed.';
  const byHand = `scheduler.remove('${id}')`;
  return isWorked
    ? `it goes on. To end it, use schedules: { prune: true } or ${byHand}.`
    : `it goes on, though no process handles its jobs. To end it, use ${byHand}.`;
}
