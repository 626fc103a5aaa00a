import type { CompleteBackend } from '../contracts/agenda-backend.js';
import { MAX_BATCH } from '../contracts/job-broker.js';
import { JobManager } from '../contracts/job-manager.js';
import type { JobsFilter, JobsQueryOptions } from '../contracts/job-parameters.js';
import { InvalidOptionError, UnsupportedOperationError } from '../errors.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { selectionOf } from '../query/job-selection.js';
import { filterOf, onlyIds } from './job-filter.js';
import type { JobFilter } from './job-options.js';

/** Removes jobs, and takes them out of and back into the line. */
export class JobControl {
  constructor(
    private readonly backend: CompleteBackend,
    private readonly handlers: HandlerRegistry,
  ) {}

  async cancel(which: string | JobFilter, options: { reason?: string }): Promise<number> {
    checkKnownKeys('options', options, ['reason']);
    const { reason = '' } = options;
    if (typeof reason !== 'string') throw new InvalidOptionError('reason', reason, 'a text');
    const filter = this.filterOf(which);
    const ids = onlyIds(filter);
    if (ids) return this.cancelAllOf(ids, reason);
    const { manager, repository } = this.backend;
    // Not by the repository, which may be asked after its backend was closed.
    if (manager.cancelMatching !== JobManager.prototype.cancelMatching) {
      return manager.cancelMatching(filter, reason);
    }
    if (reason === '') return repository.removeJobs(filter);
    return this.cancelAllOf(await this.idsOf(filter), reason);
  }

  private async cancelAllOf(ids: readonly string[], reason: string): Promise<number> {
    let removed = 0;
    for (let from = 0; from < ids.length; from += MAX_BATCH) {
      const batch = ids.slice(from, from + MAX_BATCH);
      removed += (await this.backend.manager.cancel(batch, reason)).length;
    }
    return removed;
  }

  cancelAll(): Promise<number> {
    return this.backend.repository.purgeAllJobs();
  }

  async disable(which: string | JobFilter): Promise<number> {
    return this.backend.repository.disableJobs(this.filterOf(which));
  }

  async enable(which: string | JobFilter): Promise<number> {
    return this.backend.repository.enableJobs(this.filterOf(which));
  }

  async purge(): Promise<number> {
    const notNames = this.handlers.names();
    return notNames.length === 0 ? 0 : this.backend.repository.removeJobs({ notNames });
  }

  /** A store that knows no tags would not look at them, and mean more jobs than somebody asked for. */
  private filterOf(which: string | JobFilter): JobsFilter {
    const filter = filterOf(which);
    const { manager, name } = this.backend;
    if (filter.tags?.length && manager.find === JobManager.prototype.find) {
      throw new UnsupportedOperationError('find jobs by tags', name);
    }
    return filter;
  }

  /** To a foreign store a reason can be given job by job only. */
  private async idsOf(filter: JobsFilter): Promise<string[]> {
    // A query without a criterion means every job, a filter none.
    if (!selectionOf(filter)) return [];
    const { notNames = [], ...query }: JobsFilter & JobsQueryOptions = filter;
    if (notNames.length > 0 && query.name === undefined && !query.names) {
      const names = await this.backend.repository.getDistinctJobNames();
      query.names = names.filter((name) => !notNames.includes(name));
    }
    const { jobs } = await this.backend.manager.query(query);
    return jobs.map(({ id }) => id);
  }
}
