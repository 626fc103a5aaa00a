import {
  JobLogger,
  type JobLogQuery,
  type JobLogQueryResult,
} from '../core/contracts/job-logger.js';
import { type KeptEntry, readLogEntry } from '../core/logging/log-entry.js';
import { isSelected, readLogQuery } from '../core/logging/log-query.js';
import type { ResolvedLogRetention } from '../core/logging/log-retention.js';
import type { MemoryStore } from './memory-store.js';

/** The log of job events in the memory of one process: looks at every entry, unlike Redis. */
export class MemoryJobLogger extends JobLogger {
  constructor(
    private readonly store: MemoryStore,
    private readonly retention: ResolvedLogRetention,
  ) {
    super();
  }

  async log(entry: KeptEntry): Promise<void> {
    const kept = readLogEntry(entry);
    const { jobs, log } = this.store;
    this.store.expectOpen();
    const { jobId } = kept;
    if (jobId === undefined || jobs.has(jobId) || !log.hasLeft(jobId)) log.add(kept);
    log.trim(this.retention.maxCount, this.oldest);
  }

  async getLogs(query?: JobLogQuery): Promise<JobLogQueryResult> {
    const selection = readLogQuery(query);
    const { limit, offset, sort } = selection;
    const from = Math.max(selection.from, this.oldest);
    this.store.expectOpen();
    const found = [...this.store.log].filter((entry) => isSelected(entry, { ...selection, from }));
    if (sort === 'desc') found.reverse();
    const entries = found.slice(offset, offset + limit).map((entry) => structuredClone(entry));
    return { entries, total: found.length };
  }

  async clearLogs(query?: JobLogQuery): Promise<number> {
    const selection = readLogQuery(query);
    this.store.expectOpen();
    return this.store.log.delete((entry) => isSelected(entry, selection));
  }

  /** The first instant whose entries are not too old. */
  private get oldest(): number {
    return this.store.now() - this.retention.maxAgeMs;
  }
}
