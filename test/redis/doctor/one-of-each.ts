import type { Redis } from 'ioredis';
import type { Lease } from '../../../lib/core/contracts/job-broker.js';
import { Keys } from '../../../lib/redis/keys.js';
import type { RedisBackend } from '../../../lib/redis/index.js';
import { claim, completed, job } from '../support.js';

/** A store with one job in every place, named after it. */
export class OneOfEach {
  readonly keys: Keys;

  constructor(
    readonly redis: Redis,
    readonly backend: RedisBackend,
    keyPrefix: string,
  ) {
    this.keys = new Keys(keyPrefix);
  }

  async fill(): Promise<void> {
    const { broker, manager, repository } = this.backend;
    const failure = { name: 'Error', message: 'no' };
    const leases = {
      completed: await this.claimed('completed', { tags: ['a'] }),
      dead: await this.claimed('dead', { overrides: { retention: { failed: 3_600_000 } } }),
      retrying: await this.claimed('retrying'),
    };
    await broker.settleAndClaim(
      [
        completed(leases.completed, { result: '1' }),
        { kind: 'bury', lease: leases.dead, failure, reason: 'exhausted' },
        { kind: 'retry', lease: leases.retrying, failure, due: { delayMs: 60_000 } },
      ],
      claim(0),
    );
    await this.claimed('running');
    await broker.enqueue([
      job({ id: 'ready', name: 'ready', priority: 7, tags: ['a', 'b'] }),
      job({ id: 'timed', name: 'timed', priority: -7, due: { delayMs: 60_000 } }),
      job({ id: 'expiring', name: 'expiring', expires: { delayMs: 60_000 } }),
    ]);
    const row = { name: 'repeating', priority: 0, data: null, repeatInterval: '1 hour' };
    const nextRunAt = new Date(Date.now() + 60_000);
    await repository.saveJob({ ...row, type: 'single', nextRunAt });
    await repository.saveJob({ ...row, name: 'parked', type: 'single', nextRunAt, disabled: true });
    await manager.setLimits('lined', { key: { concurrency: 1 } });
    await manager.setLimits('narrow', { concurrency: 1 });
    await broker.enqueue([
      job({ id: 'front', name: 'lined', key: 'a' }),
      job({ id: 'lined', name: 'lined', key: 'a' }),
    ]);
  }

  /** The only member of an index. */
  async memberOf(index: Parameters<Keys['index']>[0], name: string): Promise<string> {
    const [member] = await this.redis.zrange(this.keys.index(index, name), '0', '0');
    return member!;
  }

  /** Changes what stands in a record. */
  async rewrite(id: string, change: (record: unknown[]) => void): Promise<void> {
    const record = JSON.parse((await this.redis.hget(this.keys.jobs, id))!) as unknown[];
    change(record);
    await this.redis.hset(this.keys.jobs, id, JSON.stringify(record));
  }

  async claimed(id: string, more: Parameters<typeof job>[0] = {}): Promise<Lease> {
    const { broker } = this.backend;
    await broker.enqueue([job({ id, name: id, ...more })]);
    const answer = await broker.settleAndClaim([], claim(1, { names: [{ name: id, slots: 1 }] }));
    return answer.jobs[0]!.lease;
  }

  /** Claims all that is due of a name, one after the other, and completes it. @returns their ids */
  async runAll(name: string): Promise<string[]> {
    const { broker } = this.backend;
    const ids: string[] = [];
    for (;;) {
      const { jobs } = await broker.settleAndClaim([], claim(1, { names: [{ name, slots: 1 }] }));
      if (jobs.length === 0) return ids;
      ids.push(jobs[0]!.record.id);
      await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
    }
  }
}
