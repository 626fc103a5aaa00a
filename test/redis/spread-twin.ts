import { randomBytes } from 'node:crypto';
import { type Settlement } from '../../lib/core/contracts/job-broker.js';
import type { FindQuery } from '../../lib/core/contracts/job-manager.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import type { JobRecord, NewJob } from '../../lib/core/job/job-record.js';
import { PRIORITY_FIRST } from '../../lib/core/options/claim-order.js';
import { ManualClock, MemoryBackend } from '../../lib/memory/index.js';
import { RedisBackend } from '../../lib/redis/redis-backend.js';
import { START } from '../contract/support/backends.js';
import { failure } from '../contract/support/builders.js';
import { storeOptions } from '../support/redis-endpoint.js';

export const PARTITIONS = 8;
export const LEASE_MS = 30_000;

type Store = MemoryBackend | RedisBackend;

/** How an attempt ends: `run` is one that has not. */
export type End = 'run' | 'complete' | 'retry' | 'bury' | 'snooze';

/**
 * A store on Redis that is spread over several partitions, and one in memory that is told the same: jobs are
 * claimed by their ids, so both have the same ones in the same states.
 */
export class SpreadTwin {
  readonly clock = new ManualClock(START);
  readonly memory = new MemoryBackend({ clock: this.clock, sort: PRIORITY_FIRST });
  readonly redis: RedisBackend;
  readonly keyPrefix = `test:${randomBytes(6).toString('hex')}:`;
  /** What both have been asked so far. */
  readonly answers: Record<'memory' | 'redis', unknown[]> = { memory: [], redis: [] };
  private readonly others: RedisBackend[] = [];
  private readonly options = {
    ...storeOptions,
    keyPrefix: this.keyPrefix,
    sort: PRIORITY_FIRST,
    partitions: PARTITIONS,
  };

  constructor() {
    this.redis = new RedisBackend(this.options, { now: () => this.clock.now() });
  }

  async open(): Promise<void> {
    await Promise.all([this.memory.connect(), this.redis.connect()]);
  }

  /** One more process on the spread store. */
  async another(): Promise<RedisBackend> {
    const one = new RedisBackend(this.options, { now: () => this.clock.now() });
    this.others.push(one);
    await one.connect();
    return one;
  }

  async close(): Promise<void> {
    await Promise.all(this.others.map((one) => one.disconnect()));
    await this.redis.removeEverything();
    await Promise.all([this.memory.disconnect(), this.redis.disconnect()]);
  }

  /** Tells both the same. @returns the answers: of memory, of Redis */
  both<T>(tell: (store: Store) => Promise<T>): Promise<[T, T]> {
    return Promise.all([tell(this.memory), tell(this.redis)]);
  }

  /** Tells both the same, and keeps what they answer, as it is to be compared. */
  async ask<T>(tell: (store: Store) => Promise<T>, seen: (answer: T) => unknown = (one) => one) {
    const [memory, redis] = await this.both(tell);
    this.answers.memory.push(seen(memory));
    this.answers.redis.push(seen(redis));
  }

  async add(jobs: readonly NewJob[]): Promise<void> {
    for (let i = 0; i < jobs.length; i += 100) {
      await this.both(({ broker }) => broker.enqueue(jobs.slice(i, i + 100)));
    }
  }

  /** One attempt of a job, if it may start. */
  async run(id: string, end: End): Promise<void> {
    const claimId = randomToken();
    const request = { id, claimId, host: 'host-1', leaseMs: LEASE_MS };
    await this.both(async ({ broker }) => {
      const claimed = await broker.claimOne(request);
      if (!('job' in claimed) || end === 'run') return;
      await broker.settleAndClaim([settlementOf(claimed.job.lease, end)], {
        claimId: randomToken(),
        host: 'host-1',
        leaseMs: LEASE_MS,
        slots: 0,
        names: [],
        partition: broker.partitionOf(id),
      });
    });
  }

  /** All that a search finds, from page to page. */
  async walk(store: Store, query: Omit<FindQuery, 'cursor'>): Promise<JobRecord[]> {
    const jobs: JobRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.manager.find({ ...query, ...(cursor !== undefined && { cursor }) });
      if (page.jobs.length > query.limit) throw new Error(`A page of ${page.jobs.length} jobs`);
      jobs.push(...page.jobs);
      ({ cursor } = page);
    } while (cursor !== undefined);
    return jobs;
  }
}

function settlementOf(lease: Settlement['lease'], end: Exclude<End, 'run'>): Settlement {
  switch (end) {
    case 'complete':
      return { kind: 'completed', lease };
    case 'retry':
      return { kind: 'retry', lease, failure: failure(end), due: { delayMs: 500 }, fresh: false };
    case 'bury':
      return { kind: 'bury', lease, reason: 'exhausted', failure: failure(end) };
    case 'snooze':
      return { kind: 'snooze', lease, due: { delayMs: 700 } };
  }
}
