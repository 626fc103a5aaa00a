import { sharedByKey, sharedByName } from '../../core/job/placement.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisStore } from '../redis-store.js';

/** The name of whose jobs a field of `keys` speaks: see `unique-key.ts`. */
const nameInField = (field: string): string => field.split('\n', 2)[1] ?? '';

/** In front of the keys of a partition that is being made. Nothing of a store begins so. */
const STAGING = '~repartition~:';

/**
 * A store as it is, and as it is to be. The new partitions are made beside the old ones, under keys of
 * their own: a prefix may belong to both layouts.
 */
export class Layouts {
  constructor(
    readonly source: RedisStore,
    readonly target: RedisStore,
    /** Names whose jobs are to live in one partition. */
    readonly together: ReadonlySet<string>,
  ) {}

  get connection(): RedisConnection {
    return this.target.connection;
  }

  /** The prefix under which a new partition is made. */
  stagingOf(number: number): string {
    return `${this.target.partitions[number]!.keys.prefix}${STAGING}`;
  }

  ofJob(id: string): number {
    return this.target.numberOf(id);
  }

  ofName(name: string): number {
    return this.target.numberOfShared(sharedByName(name));
  }

  ofKey(name: string, key: string): number {
    if (this.together.has(name)) return this.ofName(name);
    return this.target.numberOfShared(sharedByKey(name, key));
  }

  ofField(field: string): number {
    const name = nameInField(field);
    return this.together.has(name) ? this.ofName(name) : this.target.numberOfShared(field);
  }
}
