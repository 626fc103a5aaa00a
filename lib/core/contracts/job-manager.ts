import type { JobsQueryOptions } from './job-parameters.js';
import type { JobRecord } from '../job/job-record.js';
import type { StateCounts } from '../job/job-state.js';

/**
 * Finding, counting and mending jobs. A backend may come without: then these verbs are a typed error.
 */
export abstract class JobManager {
  /** The job with this id, or `undefined`. */
  abstract get(id: string): Promise<JobRecord | undefined>;

  /**
   * Jobs by state: of one name, or of each name that has jobs. Costs O(names), whatever is stored;
   * due jobs count as `queued` from their millisecond on.
   */
  abstract counts(names?: readonly string[]): Promise<Map<string, StateCounts>>;

  /**
   * Jobs by filter, in order, a page of them. Bounded (O(page)) when a state is given without a sort,
   * or with the sort of that state's index; every other query reads all that match, in pages.
   * Default order: with a state that of its index, else `nextRunAt`, then `lastRunAt`, newest first.
   *
   * @throws InvalidOptionError for an unknown option, state, sort key or direction
   */
  abstract query(query: JobsQueryOptions): Promise<{ jobs: JobRecord[]; total: number }>;

  /**
   * Removes jobs, in whatever state; a running one loses its lease, and its worker is told the
   * reason (by news at once, by its next renewal at the latest). At most 100 ids a call.
   *
   * @returns the ids that were there
   */
  abstract cancel(ids: readonly string[], reason: string): Promise<string[]>;
}
