import type {
  JobParameters,
  JobsFilter,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
} from '../core/contracts/job-parameters.js';
import { JobRepository, type JobRepositoryOptions } from '../core/contracts/job-repository.js';
import { UnsupportedOperationError } from '../core/errors.js';
import { newJobId, randomToken } from '../core/job/job-id.js';
import type { JobRecord } from '../core/job/job-record.js';
import { fromRow, singleKey, toRow, type AskedRow } from '../core/job/job-row.js';
import { scripts } from './all-scripts.js';
import { FLAG } from './keys.js';
import {
  packExtra,
  packHappened,
  packName,
  packOwn,
  packRest,
  packRule,
  unpackRecord,
} from './record-codec.js';
import { inBites } from './read-jobs.js';
import type { RedisJobManager } from './redis-job-manager.js';
import type { RedisStore } from './redis-store.js';

/** How much later than its deadline the last repeat of a save may reach Redis. */
const REPEAT_MARGIN_MS = 60_000;

/**
 * The durable record on Redis, in the shape of Agenda v6's storage contract.
 *
 * Verbs of that contract that only Agenda's own engine needs (claiming row by row, state writes,
 * unique saves, filters by data) are a typed error.
 */
export class RedisJobRepository extends JobRepository {
  constructor(
    private readonly store: RedisStore,
    private readonly manager: RedisJobManager,
  ) {
    super();
  }

  async connect(): Promise<void> {
    await this.store.connection.open();
  }

  async saveJob<Data = unknown>(
    job: JobParameters<Data>,
    options?: JobRepositoryOptions,
  ): Promise<JobParameters<Data>> {
    if (job.unique !== undefined) throw unsupported('saveJob with unique');
    const row = fromRow(job as JobParameters, this.store.options.maxDataBytes);
    const lastModifiedBy = options?.lastModifiedBy ?? this.store.options.name;
    const saved = await this.save(row, lastModifiedBy);
    return saved === null ? job : (toRow(saved) as JobParameters<Data>);
  }

  async getJobById(id: string): Promise<JobParameters | null> {
    const record = await this.manager.get(id);
    return record === undefined ? null : toRow(record);
  }

  async getJobsOverview(): Promise<JobsOverview[]> {
    const counts = await this.manager.counts();
    return [...counts].map(([name, states]) => ({ name, ...states }));
  }

  async getDistinctJobNames(): Promise<string[]> {
    return [...(await this.manager.counts()).keys()];
  }

  async getQueueSize(): Promise<number> {
    return this.manager.claimable();
  }

  async removeJobs(filter: JobsFilter): Promise<number> {
    let removed = 0;
    for await (const ids of this.matching(filter, 'removeJobs')) {
      removed += (await this.manager.cancel(ids, 'removed')).length;
    }
    return removed;
  }

  async disableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(filter, '1', 'disableJobs');
  }

  async enableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(filter, '0', 'enableJobs');
  }

  async purgeAllJobs(): Promise<number> {
    const names = await this.manager.names();
    return names.length === 0 ? 0 : this.removeJobs({ names });
  }

  queryJobs(_options?: JobsQueryOptions): Promise<JobsResult> {
    return Promise.reject(unsupported('queryJobs'));
  }

  saveJobState(): Promise<void> {
    return Promise.reject(unsupported('saveJobState'));
  }

  getNextJobToRun(): Promise<JobParameters | undefined> {
    return Promise.reject(unsupported('getNextJobToRun'));
  }

  lockJob(): Promise<JobParameters | undefined> {
    return Promise.reject(unsupported('lockJob'));
  }

  unlockJob(): Promise<void> {
    return Promise.reject(unsupported('unlockJob'));
  }

  unlockJobs(): Promise<void> {
    return Promise.reject(unsupported('unlockJobs'));
  }

  /** The job as stored afterwards; `null` when the row to update is not there. */
  private async save(row: AskedRow, lastModifiedBy: string | null): Promise<JobRecord | null> {
    const mode = row.id !== undefined ? 'update' : row.type === 'single' ? 'single' : 'insert';
    const key = mode === 'single' ? singleKey(row.name, row.repeat?.key) : '';
    const flags =
      (row.data === undefined ? 0 : FLAG.hasData) |
      (row.repeat === null ? 0 : FLAG.ruled) |
      (row.repeat?.interval === undefined ? 0 : FLAG.recurring) |
      (key === '' ? 0 : FLAG.keyed);
    const extra = packExtra({ type: row.type, lastModifiedBy, repeat: row.repeat });
    const args = [
      this.store.options.channelName,
      this.store.messageHead,
      mode,
      row.id ?? newJobId(),
      key,
      row.name,
      row.nextRunAt === null ? '' : String(row.nextRunAt),
      String(row.priority),
      String(flags),
      row.disabled === undefined ? '' : row.disabled ? '1' : '0',
      `${packName(row.name)},${packOwn(key === '' ? {} : { keys: [key] })}`,
      packRest(row.data, extra),
      packRule(row.repeat),
      mode === 'update' ? '' : packHappened(row.nextRunAt, row.happened),
      randomToken(),
    ];
    const knownForMs = String(this.store.options.retryForMs + REPEAT_MARGIN_MS);
    const [, word, id, record, state, lease, result] = await this.store.run(
      scripts.saveJob,
      (repeat) => [...args, repeat ? 'repeat' : '', knownForMs],
    );
    if (word === 'missing') return null;
    return unpackRecord(id!, record!, state!, lease, result);
  }

  private async setDisabled(
    filter: JobsFilter,
    disabled: '0' | '1',
    verb: string,
  ): Promise<number> {
    let matched = 0;
    for await (const ids of this.matching(filter, verb)) {
      await inBites(ids, async (bite) => {
        const [, count, found] = await this.store.run(scripts.disableJobs, [
          this.store.options.channelName,
          this.store.messageHead,
          disabled,
          ...bite,
        ]);
        matched += Number(found);
        return Number(count);
      });
    }
    return matched;
  }

  /** The ids that a filter means, each once, in pages of at most 100: a job that moves may be met twice on the way. */
  private async *matching(filter: JobsFilter, verb: string): AsyncGenerator<readonly string[]> {
    const seen = new Set<string>();
    for await (const page of this.pagesOf(filter, verb)) {
      const ids = page.filter((id) => !seen.has(id) && seen.add(id));
      if (ids.length > 0) yield ids;
    }
  }

  private async *pagesOf(filter: JobsFilter, verb: string): AsyncGenerator<readonly string[]> {
    if (filter.data !== undefined) throw unsupported(`${verb} by data`);
    const ids = filter.id !== undefined ? [filter.id] : filter.ids;
    const names = filter.name !== undefined ? [filter.name] : filter.names;
    const excluded = names === undefined ? filter.notNames : undefined;
    if (ids !== undefined) {
      yield* this.named(ids, names, excluded);
      return;
    }
    if (names === undefined && (excluded === undefined || excluded.length === 0)) return;
    const all = names ?? (await this.manager.names()).filter((name) => !excluded!.includes(name));
    for (const name of all) yield* this.manager.idsOf(name);
  }

  /** Of some ids, those whose job has one of the names. */
  private async *named(
    ids: readonly string[],
    names: readonly string[] | undefined,
    excluded: readonly string[] | undefined,
  ): AsyncGenerator<readonly string[]> {
    for (let i = 0; i < ids.length; i += 100) {
      const page = ids.slice(i, i + 100);
      if (names === undefined && excluded === undefined) {
        yield page;
        continue;
      }
      const records = await this.manager.read(page);
      yield records
        .filter((job) => job !== undefined)
        .filter(({ name }) => names?.includes(name) ?? !excluded!.includes(name))
        .map(({ id }) => id);
    }
  }
}

const unsupported = (verb: string): UnsupportedOperationError =>
  new UnsupportedOperationError(verb, 'Redis');
