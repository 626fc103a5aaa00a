import type { Cluster, Redis } from 'ioredis';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { parseClaimSort, type ClaimSort } from '../../lib/core/options/claim-order.js';
import { ManualClock } from '../../lib/memory/index.js';
import { enqueueArgs } from '../../lib/redis/enqueue-codec.js';
import { orderLetters } from '../../lib/redis/keys.js';
import { RedisBackend } from '../../lib/redis/redis-backend.js';
import { enqueueJobs, settleAndClaim } from '../../lib/redis/scripts/index.js';
import { newNamespace, START } from '../contract/support/backends.js';
import { keysWith, storeOptions } from '../support/redis-endpoint.js';
import type { AskedClaim, AskedJob, Call, End } from './plain-calls.js';

/** What turns the short ways off. */
const SWITCHES = [
  [enqueueJobs, "if not is_repeat and ARGV[7] == '0'"],
  [settleAndClaim, 'local may_be_plain = not is_repeat'],
] as const;

const withNewsKept = (source: string): string =>
  replaced(
    source,
    "redis.pcall('PUBLISH', ARGV[3] .. channel, ARGV[4]",
    "redis.pcall('RPUSH', prefix .. 'told', channel .. ' ' .. ARGV[4]",
  );

const withoutPlainPaths = (source: string): string => {
  const [, condition] = SWITCHES.find(([of]) => of === source)!;
  return replaced(source, condition, condition.replace('not is_repeat', 'false'));
};

function replaced(text: string, part: string, by: string): string {
  if (text.split(part).length !== 2) throw new Error(`Not there once: ${part}`);
  return text.replace(part, () => by);
}

/** Every key of a store with its content, and whether it is left to time. */
const DUMP = `
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind, content = redis.call('TYPE', key).ok, nil
  if kind == 'hash' then content = redis.call('HGETALL', key)
  elseif kind == 'zset' then content = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'set' then content = redis.call('SMEMBERS', key)
  elseif kind == 'list' then content = redis.call('LRANGE', key, 0, -1)
  else content = { redis.call('GET', key) } end
  for i, text in ipairs(content) do
    if text and #text > 1000 then content[i] = redis.sha1hex(text) end
  end
  local lasts = redis.call('PTTL', key) < 0 and 'lasts' or 'passes'
  found[#found + 1] = { string.sub(key, #ARGV[1] + 1) .. ' ' .. kind .. ' ' .. lasts, content }
end
return found`;

type Side = { readonly prefix: string; readonly keyPrefix: string; readonly backend: RedisBackend; readonly scripts: Map<string, string> };
type Content = Record<string, unknown>;

interface Held {
  readonly id: string;
  readonly token: string;
}

/** Two stores that are told the same: one as it is, one in which every call goes the long way. */
export class PlainTwin {
  private readonly clock = new ManualClock(START);
  private readonly sides: readonly [Side, Side];
  private readonly letters: string;
  private readonly held: Held[] = [];
  private readonly claims = new Map<string, { readonly id: string; readonly args: readonly string[] }>();
  private claimed = 0;

  constructor(
    private readonly redis: Redis | Cluster,
    sort: ClaimSort,
  ) {
    this.letters = orderLetters(parseClaimSort(sort));
    const side = (change: (source: string) => string): Side => {
      const { keyPrefix, jobPrefix, placeOf } = newNamespace();
      const options = { ...storeOptions, keyPrefix, sort };
      const backend = new RedisBackend(options, { now: () => this.clock.now(), placeOf });
      const scripts = new Map(SWITCHES.map(([source]) => [source, withNewsKept(change(source))]));
      return { prefix: jobPrefix, keyPrefix, backend, scripts };
    };
    this.sides = [side((source) => source), side(withoutPlainPaths)];
  }

  async open(): Promise<void> {
    for (const { backend, scripts } of this.sides) {
      await backend.connect();
      for (const [source, changed] of scripts) {
        scripts.set(source, (await this.redis.script('LOAD', changed)) as string);
      }
    }
  }

  async close(): Promise<void> {
    for (const { backend, keyPrefix } of this.sides) {
      await backend.disconnect();
      for (const key of await keysWith(keyPrefix, this.redis)) await this.redis.unlink(key);
    }
  }

  async carryOut(call: Call): Promise<void> {
    switch (call.do) {
      case 'advance':
        this.clock.advance(call.ms);
        return;
      case 'add':
        return void (await this.add(call.jobs, call.sent, call.moreFlags));
      case 'claim':
        return this.claim(call);
      case 'claimAgain':
        return this.claimAgain(call.who);
      case 'manage':
        return this.manage(call);
      case 'damage':
        return this.damage(call);
    }
  }

  /** All there is of both. */
  async contents(): Promise<[Content, Content]> {
    const dumps = await this.each(async ({ prefix }) => {
      const found = (await this.redis.eval(DUMP, 1, `${prefix}meta`, prefix)) as [string, string[]][];
      await this.redis.del(`${prefix}told`);
      return Object.fromEntries(found.filter(([key]) => !key.startsWith('saved ')).sort().map(([key, content]) => [key, inOrder(key, content)]));
    });
    return dumps;
  }

  private async add(asked: readonly AskedJob[], sent: 'now' | 'late' | 'repeat', moreFlags: number): Promise<void> {
    const now = this.clock.now();
    const jobs = asked.map(({ due, data, ...job }): NewJob => ({
      ...job,
      data: data > 0 ? JSON.stringify('x'.repeat(data)) : undefined,
      due: 'atOffset' in due ? { at: now + due.atOffset } : due,
    }));
    const [kinds, ...args] = enqueueArgs(jobs);
    for (let i = 0; i < Number(kinds); i++) args[3 + i * 4] = String(Number(args[3 + i * 4]) | moreFlags);
    const sentAt = { now: String(now), late: String(now - 2_001), repeat: 'repeat' }[sent];
    await this.evaluate(enqueueJobs, [sentAt, kinds!, ...args]);
  }

  private async claim(asked: AskedClaim): Promise<void> {
    const { host, track, slots, names, ends } = asked;
    const who = `${host} ${track}`;
    const id = (++this.claimed).toString(16).padStart(32, 'c');
    const last = this.claims.get(who)?.id ?? '';
    const heard = { right: last, unknown: '-', lost: 'abc' }[asked.heard];
    const args = [id, host, '30000', String(slots), String(asked.goneMs), String(ends.length), String(track)];
    args.push(heard, '2', asked.lastStarts, asked.standBy);
    for (const end of ends) args.push(...this.settlement(end));
    for (const { name, free } of names) args.push(name, String(Math.min(free, slots)));
    this.claims.set(who, { id, args });
    this.learn(id, await this.evaluate(settleAndClaim, args));
  }

  private async claimAgain(who: string): Promise<void> {
    const last = this.claims.get(who);
    if (last) await this.evaluate(settleAndClaim, last.args);
  }

  private learn(claimId: string, reply: unknown): void {
    const jobs = (reply as unknown[])[6] as string[];
    for (let i = 0; i < jobs.length; i += 4) {
      this.held.push({ id: jobs[i + 1]!, token: `${claimId}:${parseInt(jobs[i]!, 10)}` });
    }
  }

  private settlement({ pick, manner, body, token, stays }: End): string[] {
    const at = this.held.length - 1 - (pick % Math.max(this.held.length, 1));
    const one = this.held[at] ?? { id: 'nobody', token: 'ab:1' };
    if (!stays) this.held.splice(at, 1);
    return [one.id, token ?? one.token, manner.replace('@', String(this.clock.now() + 60_000)), body];
  }

  private async manage({ verb, pick, name }: Call & { do: 'manage' }): Promise<void> {
    const job = `job-${pick}`;
    const answers = await this.each(async ({ backend: { manager, broker, repository } }) => {
      switch (verb) {
        case 'cancel':
          return manager.cancel([job], 'why');
        case 'disable':
          return repository.disableJobs({ id: job as never });
        case 'disableName':
          return repository.disableJobs({ name });
        case 'enable':
          return repository.enableJobs({ name });
        case 'promote':
          return manager.promote([job]);
        case 'requeue':
          return manager.requeue([job], { due: { delayMs: 0 }, resetAttempts: pick % 2 === 0 });
        case 'rescue':
          return broker.rescue(100, 30_000);
        case 'renew':
          return broker.renew(this.held.slice(-3).map((lease) => ({ ...lease, name, fence: 0, expiresAt: 0 }) as never), 30_000);
        case 'limit':
          return manager.setLimits(name, { concurrency: 2 } as never);
        case 'unlimit':
          return manager.setLimits(name, null);
        case 'pause':
          return manager.pause({});
        case 'pauseName':
          return manager.pause({ name });
        case 'resume':
          return manager.resume();
        case 'resumeName':
          return manager.resume(name);
        case 'register':
          return broker.register([{ name, maxRescues: 1 }]);
      }
    });
    expect(answers[0]).toEqual(answers[1]);
  }

  private async damage({ what, pick, name }: Call & { do: 'damage' }): Promise<void> {
    const job = `job-${pick}`;
    for (const { prefix } of this.sides) {
      switch (what) {
        case 'noRecord':
          await this.redis.hdel(`${prefix}jobs`, job);
          break;
        case 'badEntry':
          if (await this.redis.hexists(`${prefix}lease`, job)) await this.redis.hset(`${prefix}lease`, job, 'x');
          break;
        case 'badRecord':
          if (await this.redis.hexists(`${prefix}jobs`, job)) await this.redis.hset(`${prefix}jobs`, job, '[?');
          break;
        case 'strayState':
          await this.redis.hset(`${prefix}jobs:state`, job, '[null,null,null,1]');
          break;
        case 'strayRetry':
          await this.redis.zadd(`${prefix}retrying:${name}`, 1, job);
          break;
        case 'strayRepeat':
          await this.redis.zadd(`${prefix}repeating:${name}`, 1, job);
          break;
        case 'mark': {
          const due = await this.redis.zscore(`${prefix}due`, name);
          if (due && Number(due) % 1 === 0) await this.redis.zincrby(`${prefix}due`, -0.5, name);
          break;
        }
        case 'dueEarly':
          await this.redis.zadd(`${prefix}due`, this.clock.now(), name);
          break;
        case 'log':
          await this.redis.hset(`${prefix}meta`, 'logSeq', 5);
          break;
        case 'patience':
          await this.redis.hset(`${prefix}meta`, 'goneMs', 5_000);
          break;
        case 'badPatience':
          await this.redis.hset(`${prefix}meta`, 'goneMs', 'x');
          break;
        case 'oldGone':
          await this.redis.zadd(`${prefix}gone`, this.clock.now() - pick, job);
          break;
      }
    }
  }

  private async evaluate(source: string, args: readonly string[]): Promise<unknown> {
    const order = `${this.letters}${this.clock.now()}`;
    const replies = await this.each(({ prefix, scripts }) =>
      this.redis
        .evalsha(scripts.get(source)!, 2, `${prefix}jobs`, `${prefix}meta`, prefix, order, 'news', '{"of":1', ...args)
        .catch((error: Error) => String(error)),
    );
    expect(replies[0]).toEqual(replies[1]);
    if (typeof replies[0] === 'string') throw new Error(replies[0]);
    return replies[0];
  }

  private async each<T>(tell: (side: Side) => Promise<T>): Promise<[T, T]> {
    return [await tell(this.sides[0]), await tell(this.sides[1])];
  }
}

function inOrder(key: string, content: readonly string[]): unknown {
  if (key.includes(' set ')) return [...content].sort();
  if (!key.includes(' hash ')) return content;
  const fields = content.flatMap((field, i) => (i % 2 === 0 ? [[field, content[i + 1]]] : []));
  return fields.sort(([a], [b]) => (a! < b! ? -1 : 1));
}
