import { JobManager } from '../core/contracts/job-manager.js';
import { computeState, emptyCounts, type StateCounts } from '../core/job/job-state.js';
import type { JobRecord } from '../core/job/job-record.js';
import type { MemoryStore } from './memory-store.js';

/** Finding, counting and mending over the maps. */
export class MemoryJobManager extends JobManager {
  constructor(private readonly store: MemoryStore) {
    super();
  }

  async get(id: string): Promise<JobRecord | undefined> {
    this.store.expectOpen();
    return this.store.jobs.get(id)?.toRecord();
  }

  /** Looks at every job, unlike Redis: the definition of what the counts there have to be. */
  async counts(names?: readonly string[]): Promise<Map<string, StateCounts>> {
    this.store.expectOpen();
    const now = this.store.now();
    const counts = new Map(names?.map((name) => [name, emptyCounts()]));
    for (const job of this.store.jobs.values()) {
      let ofName = counts.get(job.name);
      if (!ofName) {
        if (names) continue;
        counts.set(job.name, (ofName = emptyCounts()));
      }
      const { asked, happened, lease } = job;
      const lockedAt = lease?.lockedAt ?? null;
      ofName[computeState({ ...happened, repeat: asked.repeat, lockedAt }, now)]++;
      ofName.total++;
      if (asked.disabled) ofName.paused++;
    }
    return counts;
  }

  async cancel(ids: readonly string[], reason: string): Promise<string[]> {
    this.store.expectOpen();
    const there = [...new Set(ids)].filter((id) => this.store.jobs.has(id));
    for (const id of there) this.store.cancel(this.store.jobs.get(id)!, reason);
    return there;
  }
}
