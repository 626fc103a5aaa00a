import { prepareStore } from '../../lib/redis/prepare-store.js';
import { RedisJobBroker } from '../../lib/redis/redis-job-broker.js';
import { RedisJobManager } from '../../lib/redis/redis-job-manager.js';
import { RedisJobRepository } from '../../lib/redis/redis-job-repository.js';
import { resolveRedisOptions } from '../../lib/redis/redis-options.js';
import { RedisStore, type Reply } from '../../lib/redis/redis-store.js';
import { RowHandout } from '../../lib/redis/row-handout.js';
import { newPrefix } from './support.js';

/** When every test begins. */
export const START = Date.UTC(2026, 2, 4);

/** A store on a clock of its own, whose next call loses its first answer when told so. */
export class ForgetfulStore extends RedisStore {
  readonly calls: string[] = [];
  /** The most bytes that a call was answered. */
  longest = 0;
  /** What others do before the call whose answer was lost is repeated. */
  private meanwhile: (() => Promise<unknown>) | undefined;

  loseNextAnswer(meanwhile: () => Promise<unknown> = async () => {}): void {
    this.meanwhile = meanwhile;
  }

  override async run(...[script, args]: Parameters<RedisStore['run']>): Promise<Reply> {
    this.calls.push(script.name);
    const { meanwhile } = this;
    if (meanwhile === undefined) {
      const reply = await super.run(script, args);
      this.longest = Math.max(this.longest, reply.join('').length);
      return reply;
    }
    this.meanwhile = undefined;
    const given = typeof args === 'function' ? args : () => args;
    // The same call twice: what is random in it must not be made anew.
    await super.run(script, () => given(false));
    await meanwhile();
    return super.run(script, () => given(true));
  }
}

/** One process on a store, and what it works with; its connection is the caller's to close. */
export async function openForgetful(more: { keyPrefix?: string; retryFor?: number } = {}) {
  const keyPrefix = more.keyPrefix ?? newPrefix();
  const clock = { now: START };
  const connectionString = process.env.TEST_REDIS_URL!;
  const options = resolveRedisOptions({ connectionString, keyPrefix, ...more });
  const store = new ForgetfulStore(options, prepareStore, () => clock.now);
  await store.connection.open();
  const manager = new RedisJobManager(store);
  const broker = new RedisJobBroker(store);
  const handout = new RowHandout(store, broker, () => {});
  const repository = new RedisJobRepository(store, manager, handout);
  return { store, broker, manager, repository, clock, keyPrefix };
}
