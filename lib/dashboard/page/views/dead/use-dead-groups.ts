import { useMemo } from 'preact/hooks';
import type { JobSummary } from '../../../api/index.js';
import { useNow } from '../../use-now.js';
import { chosenOf, groupDead, type DeadChoice, type DeadGroup } from './dead-groups.js';

export interface ChosenDead {
  readonly count: number;
  readonly groups: readonly DeadGroup[];
}

/**
 * Of the loaded ones those that are asked for, in groups. As time goes by more of them are old enough and none less: as
 * long as there are as many, they are the same, and so are their groups.
 *
 * @param olderThanMs - null for any age
 */
export function useDeadGroups(
  jobs: readonly JobSummary[] | null,
  choice: DeadChoice,
  olderThanMs: number | null,
): ChosenDead | null {
  const now = useNow();
  const chosen = jobs && chosenOf(jobs, choice, olderThanMs, now);
  const count = chosen?.length ?? 0;
  const groups = useMemo(() => groupDead(chosen ?? []), [jobs, choice.reason, olderThanMs, count]);
  return chosen && { count, groups };
}
