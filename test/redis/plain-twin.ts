import { deepStrictEqual } from 'node:assert/strict';
import type { Cluster, Redis } from 'ioredis';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { parseClaimSort, type ClaimSort } from '../../lib/core/options/claim-order.js';
import { ManualClock } from '../../lib/memory/index.js';
import { enqueueArgs } from '../../lib/redis/enqueue-codec.js';
import { orderLetters } from '../../lib/redis/keys.js';
import { RedisBackend } from '../../lib/redis/redis-backend.js';
import { evaluated } from '../../lib/redis/script-carrier.js';
import { script, type Script } from '../../lib/redis/script.js';
import { enqueueJobs, settleAndClaim } from '../../lib/redis/scripts/index.js';
import { newNamespace, START } from '../contract/support/backends.js';
import { keysWith, storeOptions } from '../support/redis-endpoint.js';
import type { AskedClaim, AskedJob, Call, Changed, End, Held, Managed } from './plain-calls.js';

const LEASE_MS = 30_000;

/** The two scripts with short ways, each with the beginning of the condition for these. */
const SHORT_WAYS = {
  add: [enqueueJobs, "if not is_repeat and ARGV[7] == '0'"],
  claim: [settleAndClaim, 'local may_be_plain = not is_repeat'],
} as const;
type Verb = keyof typeof SHORT_WAYS;

function scriptOf(verb: Verb, isShort: boolean): Script {
  const [source, condition] = SHORT_WAYS[verb];
  const way = isShort
    ? source
    : replaced(source, condition, condition.replace('not is_repeat', 'false'));
  return script(verb, withNewsKept(way));
}

/** News are kept in a list, in their order. */
const withNewsKept = (source: string): string =>
  replaced(
    source,
    "redis.pcall('PUBLISH', ARGV[3] .. channel, ARGV[4]",
    "redis.pcall('RPUSH', prefix .. 'told', channel .. ' ' .. ARGV[4]",
  );

function replaced(text: string, part: string, by: string): string {
  if (text.split(part).length !== 2) throw new Error(`Does not stand there once: ${part}`);
  return text.replace(part, () => by);
}

/** Every key of a store with its content, and whether time ends it. */
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
    if #text > 1000 then content[i] = redis.sha1hex(text) end
  end
  local lasts = redis.call('PTTL', key) < 0 and 'lasts' or 'passes'
  found[#found + 1] = { string.sub(key, #ARGV[1] + 1) .. ' ' .. kind .. ' ' .. lasts, content }
end
redis.call('DEL', ARGV[1] .. 'told')
return found`;

interface Side {
  readonly prefix: string;
  readonly keyPrefix: string;
  readonly backend: RedisBackend;
  readonly scripts: Record<Verb, Script>;
}

/** Two stores that are told the same: one as it is, and one in which every call goes the long way. */
export class PlainTwin {
  private readonly clock = new ManualClock(START);
  private readonly sides: readonly [Side, Side];
  private readonly letters: string;
  /** The name of each job that was added, by its id; the newest last. */
  private readonly names = new Map<string, string>();
  /** What was leased and is not settled; the newest last. */
  private readonly leases: { readonly id: string; readonly token: string }[] = [];
  private readonly lastClaims = new Map<string, { id: string; args: readonly string[] }>();
  private claims = 0;
  /** How many calls both were told. */
  steps = 0;

  constructor(
    private readonly redis: Redis | Cluster,
    sort: ClaimSort,
  ) {
    this.letters = orderLetters(parseClaimSort(sort));
    const side = (isShort: boolean): Side => {
      const { keyPrefix, jobPrefix, placeOf } = newNamespace();
      const options = { ...storeOptions, keyPrefix, sort };
      return {
        prefix: jobPrefix,
        keyPrefix,
        backend: new RedisBackend(options, { now: () => this.clock.now(), placeOf }),
        scripts: { add: scriptOf('add', isShort), claim: scriptOf('claim', isShort) },
      };
    };
    this.sides = [side(true), side(false)];
  }

  async open(): Promise<void> {
    await this.each(({ backend }) => backend.connect());
  }

  async close(): Promise<void> {
    await this.each(async ({ backend, keyPrefix }) => {
      await backend.disconnect();
      const keys = await keysWith(keyPrefix, this.redis);
      await Promise.all(keys.map((key) => this.redis.unlink(key)));
    });
  }

  /** Tells both, and compares what they answer, what they tell, and all that they hold then. */
  async carryOut(call: Call): Promise<void> {
    await this.step(call);
    const [short, long] = await this.each((side) => this.contentOf(side));
    expectSame(short, long);
    this.steps++;
  }

  private async step(call: Call): Promise<void> {
    switch (call.do) {
      case 'advance':
        this.clock.advance(call.ms);
        return;
      case 'add':
        return this.add(call);
      case 'claim':
        return this.claim(call);
      case 'claimAgain': {
        const last = this.lastClaims.get(call.who);
        if (last) await this.evaluate('claim', last.args);
        return;
      }
      case 'manage':
        return this.same((side) => this.manage(side, call));
      case 'hold':
        return this.same((side) => this.hold(side, call));
      case 'change':
        await this.each((side) => this.change(side, call));
    }
  }

  private async add({ jobs: asked, sent, moreFlags }: Call & { do: 'add' }): Promise<void> {
    const now = this.clock.now();
    const jobs = asked.map((one) => this.newJob(one));
    const [kinds, ...args] = enqueueArgs(jobs);
    for (let i = 0; i < Number(kinds); i++) {
      const flagsAt = 3 + i * 4;
      args[flagsAt] = String(Number(args[flagsAt]) | moreFlags);
    }
    const sentAt = { now: String(now), late: String(now - 2_001), repeat: 'repeat' }[sent];
    await this.evaluate('add', [sentAt, kinds!, ...args]);
  }

  private newJob({ known, due, bytes, ...job }: AskedJob): NewJob {
    const id = known === null ? `job-${this.names.size + 1}` : this.idOf(known);
    if (!this.names.has(id)) this.names.set(id, job.name);
    return {
      ...job,
      id,
      data: bytes > 0 ? JSON.stringify('x'.repeat(bytes)) : undefined,
      due: 'atOffset' in due ? { at: this.clock.now() + due.atOffset } : due,
    };
  }

  private idOf(pick: number): string {
    return `job-${Math.max(this.names.size - pick, 1)}`;
  }

  private async claim(asked: AskedClaim): Promise<void> {
    const { host, track, slots, names, ends } = asked;
    const who = `${host} ${track}`;
    const id = `c${(++this.claims).toString(16).padStart(8, '0')}`;
    const last = this.lastClaims.get(who)?.id ?? '';
    const heard = { right: last, unknown: '-', lost: 'abc' }[asked.heard];
    const args = [id, host, LEASE_MS, slots, asked.goneMs, ends.length, track, heard, 2].map(
      String,
    );
    args.push(asked.lastStarts, asked.standBy);
    for (const end of ends) args.push(...this.settlement(end));
    for (const { name, free } of names) args.push(name, String(Math.min(free, slots)));
    this.lastClaims.set(who, { id, args });

    const jobs = (await this.evaluate('claim', args))[6] as string[];
    for (let i = 0; i < jobs.length; i += 4) {
      this.leases.push({ id: jobs[i + 1]!, token: `${id}:${Number.parseInt(jobs[i]!, 10)}` });
    }
  }

  private settlement({ pick, manner, body, token, stays }: End): string[] {
    const at = this.leases.length - 1 - (pick % Math.max(this.leases.length, 1));
    const lease = this.leases[at] ?? { id: 'nobody', token: 'ab:1' };
    if (!stays) this.leases.splice(at, 1);
    const ahead = String(this.clock.now() + 60_000);
    return [lease.id, token ?? lease.token, manner.replace('@', ahead), body];
  }

  private manage({ backend }: Side, { verb, pick, name }: Managed): Promise<unknown> {
    const { manager, broker, repository } = backend;
    const ids = [this.idOf(pick)];
    switch (verb) {
      case 'cancel':
        return manager.cancel(ids, 'why');
      case 'disable':
        return repository.disableJobs({ ids });
      case 'enable':
        return repository.enableJobs({ name });
      case 'promote':
        return manager.promote(ids);
      case 'requeue':
        return manager.requeue(ids, { due: { delayMs: 0 }, resetAttempts: pick % 2 === 0 });
      case 'rescue':
        return broker.rescue(100, LEASE_MS);
      case 'register':
        return broker.register([{ name, maxRescues: 1 }]);
    }
  }

  private hold({ backend: { manager } }: Side, { verb, name }: Held): Promise<unknown> {
    switch (verb) {
      case 'limit':
        return manager.setLimits(name, { concurrency: 2 });
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
    }
  }

  private async change({ prefix }: Side, { what, pick, name }: Changed): Promise<unknown> {
    const { redis } = this;
    const now = this.clock.now();
    const id = this.idOf(pick);
    const ofJob = this.names.get(id) ?? name;
    switch (what) {
      case 'noRecord':
        return redis.hdel(`${prefix}jobs`, id);
      case 'badEntry':
        return (await redis.hdel(`${prefix}lease`, id)) && redis.hset(`${prefix}lease`, id, 'x');
      case 'badRecord':
        return (await redis.hdel(`${prefix}jobs`, id)) && redis.hset(`${prefix}jobs`, id, '[?');
      case 'state':
        return redis.hset(`${prefix}jobs:state`, id, '[null,null,null,1]');
      case 'retrying':
        return redis.zadd(`${prefix}retrying:${ofJob}`, 1, id);
      case 'repeating':
        return redis.zadd(`${prefix}repeating:${ofJob}`, 1, id);
      case 'marked': {
        const due = Number(await redis.zscore(`${prefix}due`, name));
        return due > 0 && due % 1 === 0 && redis.zincrby(`${prefix}due`, -0.5, name);
      }
      case 'dueEarly':
        return redis.zadd(`${prefix}due`, now, name);
      case 'log':
        return redis.hset(`${prefix}meta`, 'logSeq', 5);
      case 'patience':
        return redis.hset(`${prefix}meta`, 'goneMs', 5_000);
      case 'badPatience':
        return redis.hset(`${prefix}meta`, 'goneMs', 'x');
      case 'gone':
        return redis.zadd(`${prefix}gone`, now - pick, id);
    }
  }

  private async evaluate(verb: Verb, args: readonly string[]): Promise<unknown[]> {
    const order = `${this.letters}${this.clock.now()}`;
    let reply: unknown;
    await this.same(async ({ prefix, scripts }) => {
      const keys = [`${prefix}jobs`, `${prefix}meta`];
      const all = [prefix, order, 'news', '{"of":1', ...args];
      return (reply = await evaluated(scripts[verb], (send) => send(this.redis, keys, all)));
    });
    return reply as unknown[];
  }

  private async same(tell: (side: Side) => Promise<unknown>): Promise<void> {
    const [short, long] = await this.each((side) =>
      tell(side).then(
        (answer) => ({ answer }),
        (error: Error) => ({ error: error.message.replace(/[\da-f]{40}|:\d+/g, '') }),
      ),
    );
    expectSame(short, long);
    if ('error' in short) throw new Error(short.error);
  }

  private async contentOf({ prefix }: Side): Promise<Record<string, unknown>> {
    const found = (await this.redis.eval(DUMP, 1, `${prefix}meta`, prefix)) as [string, string[]][];
    // Who sets limits writes there a number by chance, for the case that he repeats it.
    const kept = found.filter(([key]) => !key.startsWith('saved ')).sort(byKey);
    return Object.fromEntries(kept.map(([key, content]) => [key, inOrder(key, content)]));
  }

  private async each<T>(tell: (side: Side) => Promise<T>): Promise<[T, T]> {
    return [await tell(this.sides[0]), await tell(this.sides[1])];
  }
}

/** What is large is looked at closely only when it differs. */
function expectSame(short: unknown, long: unknown): void {
  if (JSON.stringify(short) !== JSON.stringify(long)) deepStrictEqual(short, long);
}

const byKey = ([one]: [string, unknown], [other]: [string, unknown]): number =>
  one < other ? -1 : 1;

function inOrder(key: string, content: readonly string[]): unknown {
  if (key.includes(' set ')) return [...content].sort();
  if (!key.includes(' hash ')) return content;
  const fields = content.flatMap((field, i) => (i % 2 === 0 ? [[field, content[i + 1]]] : []));
  return fields.sort(([a], [b]) => (a! < b! ? -1 : 1));
}
