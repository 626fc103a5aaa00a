import type { HostFacts } from '../../lib/core/contracts/host-registry.js';
import { JobManager } from '../../lib/core/contracts/job-manager.js';
import type { JobsQueryOptions } from '../../lib/core/contracts/job-parameters.js';
import type { JobRecord } from '../../lib/core/job/job-record.js';
import { emptyCounts, type StateCounts } from '../../lib/core/job/job-state.js';
import { placeOfId } from '../../lib/core/job/placement.js';

/** Managers of several stores as those of one's partitions: the verbs that tests of a spread store need. */
export class SpreadManager extends JobManager {
  constructor(private readonly inner: readonly JobManager[]) {
    super();
  }

  get(id: string): Promise<JobRecord | undefined> {
    return this.inner[placeOfId(id) % this.inner.length]!.get(id);
  }

  async counts(names?: readonly string[]): Promise<Map<string, StateCounts>> {
    const all = new Map<string, StateCounts>();
    for (const counts of await Promise.all(this.inner.map((one) => one.counts(names)))) {
      for (const [name, states] of counts) all.set(name, sum(all.get(name), states));
    }
    return all;
  }

  async query(query: JobsQueryOptions): Promise<{ jobs: JobRecord[]; total: number }> {
    const pages = await Promise.all(this.inner.map((one) => one.query(query)));
    return {
      jobs: pages.flatMap(({ jobs }) => jobs),
      total: pages.reduce((all, { total }) => all + total, 0),
    };
  }

  async cancel(ids: readonly string[], reason: string): Promise<string[]> {
    return (await Promise.all(this.inner.map((one) => one.cancel(ids, reason)))).flat();
  }

  override hosts(): Promise<HostFacts[]> {
    return this.inner[0]!.hosts();
  }
}

function sum(one: StateCounts = emptyCounts(), other: StateCounts): StateCounts {
  const entries = Object.entries(one).map(([state, count]) => [
    state,
    count + other[state as keyof StateCounts],
  ]);
  return Object.fromEntries(entries) as StateCounts;
}
