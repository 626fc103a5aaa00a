import { MAX_BATCH } from '../core/contracts/job-broker.js';
import { JobManager } from '../core/contracts/job-manager.js';
import type { JobRecord } from '../core/job/job-record.js';
import type { StateCounts } from '../core/job/job-state.js';
import { scripts } from './all-scripts.js';
import type { IndexName } from './keys.js';
import { inBites, readJobs } from './read-jobs.js';
import { unpackRecord } from './record-codec.js';
import type { RedisStore } from './redis-store.js';

/** The columns that `count-jobs` answers, in their order. */
const COLUMNS = [
  'queued',
  'scheduled',
  'running',
  'completed',
  'failed',
  'repeating',
  'paused',
  'claimable',
] as const;

type Columns = Record<(typeof COLUMNS)[number], number>;

/** How long a running worker can find out why its job was cancelled; two leases where those are longer. */
const REASON_KEPT_MS = 120_000;

export class RedisJobManager extends JobManager {
  constructor(private readonly store: RedisStore) {
    super();
  }

  async get(id: string): Promise<JobRecord | undefined> {
    const [job] = await this.read([id]);
    return job;
  }

  /** The jobs with these ids, in their order; `undefined` where there is none. At most 100. */
  async read(ids: readonly string[]): Promise<(JobRecord | undefined)[]> {
    return (await readJobs(this.store, ids)).map(({ id, asked, happened, lease, result }) =>
      asked === '' ? undefined : unpackRecord(id, asked, happened, lease, result),
    );
  }

  async counts(names?: readonly string[]): Promise<Map<string, StateCounts>> {
    const counts = new Map<string, StateCounts>();
    for (const [name, { claimable: _, ...states }] of await this.columns(names)) {
      const total = Object.values(states).reduce((sum, n) => sum + n, 0) - states.paused;
      if (total > 0 || names !== undefined) counts.set(name, { ...states, total });
    }
    return counts;
  }

  /** Jobs that a worker could claim now: due, enabled and free. */
  async claimable(): Promise<number> {
    let sum = 0;
    for (const { claimable } of (await this.columns()).values()) sum += claimable;
    return sum;
  }

  async cancel(ids: readonly string[], reason: string): Promise<string[]> {
    const gone: string[] = [];
    await inBites(ids, async (bite) => {
      const [, count, ...found] = await this.store.run(scripts.cancelJobs, [
        `${this.store.options.channelName}:cancel`,
        this.store.messageHead,
        reason,
        String(REASON_KEPT_MS),
        String(this.store.options.retryForMs),
        ...bite,
      ]);
      gone.push(...found);
      return Number(count);
    });
    return gone;
  }

  /**
   * The ids of a name's jobs, in pages of at most 100, state after state in the order of a job's life.
   * A job that stays where it is comes exactly once; one that goes back meanwhile may be missed.
   */
  async *idsOf(name: string): AsyncGenerator<readonly string[]> {
    for (const place of ['timed', 'ready', 'parked', 'running', 'completed', 'dead'] as const) {
      const key = this.store.keys.index(place, name);
      for await (const members of this.store.connection.scanIndex(key)) {
        yield* inPages(
          members.map((member) => idOfMember(place, member)),
          MAX_BATCH,
        );
      }
    }
  }

  /** Every name that has, or has had, jobs. */
  async names(): Promise<string[]> {
    return this.store.connection.scanSet(this.store.keys.names);
  }

  private async columns(names?: readonly string[]): Promise<Map<string, Columns>> {
    const rows = new Map<string, Columns>();
    for (const page of inPages(names ?? (await this.names()), MAX_BATCH)) {
      const [, ...numbers] = await this.store.run(scripts.countJobs, page);
      page.forEach((name, i) => {
        const row = {} as Columns;
        COLUMNS.forEach((column, j) => {
          // Between two looks at a clock that steps back a difference may be below zero.
          row[column] = Math.max(Number(numbers[i * COLUMNS.length + j]), 0);
        });
        rows.set(name, row);
      });
    }
    return rows;
  }
}

/** How a member of an index carries its id: see `keys.ts`. */
function idOfMember(place: IndexName, member: string): string {
  if (place === 'ready') return member.slice(24);
  return place === 'timed' ? member.slice(member.indexOf(':') + 1) : member;
}

export function* inPages<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
