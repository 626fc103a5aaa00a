import type { DeathReason, JobScheduler } from '../core/index.js';
import { checkDeathReason } from '../core/job/death-reason.js';
import { UsageError } from './usage-error.js';

/** Which dead letters, in the form of `parseArgs`. */
export const DEAD_ARGUMENTS = {
  name: { type: 'string', multiple: true },
  reason: { type: 'string' },
  'older-than': { type: 'string' },
  limit: { type: 'string' },
} as const;

interface DeadValues {
  readonly name?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  readonly 'older-than'?: string | undefined;
}

export interface DeadCriteria {
  readonly names?: readonly string[];
  readonly reason?: DeathReason;
  readonly olderThan?: string;
}

/** @throws InvalidOptionError for a reason that no job can have died of */
export function deadCriteria(values: DeadValues): DeadCriteria {
  const { name, reason, 'older-than': olderThan } = values;
  if (reason !== undefined) checkDeathReason('--reason', reason);
  return {
    ...(name && { names: name }),
    ...(reason !== undefined && { reason: reason as DeathReason }),
    ...(olderThan !== undefined && { olderThan }),
  };
}

/** Nobody means all of them by having forgotten to say which. @throws UsageError */
export function expectMeant(
  { names, reason }: DeadCriteria,
  { yes }: { yes?: boolean | undefined },
): void {
  if (names || reason || yes) return;
  throw new UsageError('Say which: --name, --reason; or --yes for the dead letters of all names.');
}

/** The names of all that are there, where none were said: without a criterion the engine means nothing. */
export async function withNames(
  scheduler: JobScheduler,
  criteria: DeadCriteria,
): Promise<DeadCriteria & { readonly names: readonly string[] }> {
  const { names = await namesWithDead(scheduler) } = criteria;
  return { ...criteria, names };
}

async function namesWithDead(scheduler: JobScheduler): Promise<string[]> {
  const counts = Object.entries(await scheduler.counts());
  return counts.filter(([, { dead }]) => dead > 0).map(([name]) => name);
}
