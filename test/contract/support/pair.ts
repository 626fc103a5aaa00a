import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type {
  ClaimedJob,
  ClaimRequest,
  JobBroker,
  Lease,
  Pruned,
  Settlement,
} from '../../../lib/core/contracts/job-broker.js';
import type { FindQuery, JobManager } from '../../../lib/core/contracts/job-manager.js';
import type { JobParameters } from '../../../lib/core/contracts/job-parameters.js';
import type { JobChange } from '../../../lib/core/contracts/mending.js';
import { QueueFullError } from '../../../lib/core/errors.js';
import type { Due } from '../../../lib/core/job/due.js';
import { randomToken } from '../../../lib/core/job/job-id.js';
import type { JobRecord, NewJob } from '../../../lib/core/job/job-record.js';
import type { StateCounts } from '../../../lib/core/job/job-state.js';
import type { OpenBackend } from './backends.js';
import { TAGS, type AskedJob, type AskedRow, type Command, type End } from './commands.js';
import { failure } from './builders.js';
import { HostNews } from './host-news.js';
import type { AskedQuery } from './queries.js';
import { RowPair } from './row-pair.js';

export type Side = 0 | 1;
type Step<T> = (store: OpenBackend, side: Side) => Promise<T>;

/** Two stores that are told the same and have to answer the same. */
export class Pair {
  /** The ids of jobs as each side has them; those of saved rows are made by the store itself. */
  private readonly ids: (readonly [string, string])[] = [];
  private readonly aliases = [new Map<string, string>(), new Map<string, string>()] as const;
  private readonly leases: (readonly [Lease, Lease])[] = [];
  private readonly lastClaims = new Map<string, [Settlement[], Settlement[], ClaimRequest]>();
  private readonly rows = new RowPair(this);
  /** The groups in which hosts stand by. */
  private readonly standsIn = new Map<string, string>();
  private news: readonly [HostNews, HostNews] | undefined;
  private highestFence = 0;
  /** Whether some jobs may wait in the lines of their keys: their place among what is queued is not promised. */
  private hasKeyLines = false;

  constructor(readonly stores: readonly [OpenBackend, OpenBackend]) {}

  async carryOut(command: Command): Promise<void> {
    await this.step(command);
    if (this.news) this.expectSame(await this.each((_, side) => this.news![side].take()));
  }

  /** From now on it compares what hosts are told as well. */
  async listenAsHosts(): Promise<void> {
    const hosts = ['host-0', 'host-1', 'host-2'];
    this.news = await this.each((store) => HostNews.of(store, hosts));
  }

  private step(command: Command): Promise<void> {
    switch (command.do) {
      case 'enqueue':
        return this.enqueue(command.jobs);
      case 'dedupe':
        return this.dedupe(command);
      case 'save':
        return this.save(command.row, {});
      case 'saveSingle':
        return this.save(command.row, {
          type: 'single',
          ...(command.rule > 0 && { repeatInterval: command.rule * 1_000 }),
          ...(command.key > 0 && { repeatKey: 'key' }),
          ...(command.declared && { repeatOrigin: 'Reports.nightly' }),
        });
      case 'saveAgain':
        return this.saveAgain(command.pick, command.row);
      case 'saveUnique':
      case 'saveLocked':
      case 'claimRow':
      case 'lockRow':
      case 'writeRow':
      case 'unlockRow':
        return this.rows.carryOut(command);
      case 'setDisabled':
        return this.setDisabled(command);
      case 'claim':
        return this.claim(command);
      case 'repeatClaim':
        return this.claimAgain(`host-${command.host}`);
      case 'claimOne':
        return this.claimOne(command);
      case 'renew':
        return this.renew(command);
      case 'rescue':
        return this.same(({ broker }) => broker.rescue(command.limit, command.leaseMs));
      case 'loseAll':
        return this.loseAll();
      case 'cancel': {
        const ids = command.picks.map((pick) => picked(this.ids, pick) ?? ['nobody', 'nobody']);
        return this.same(({ manager }, side) =>
          manager.cancel(
            ids.map((id) => id[side]),
            'model',
          ),
        );
      }
      case 'requeue':
        return this.requeue(command);
      case 'update':
        return this.update(command);
      case 'promote': {
        const ids = this.idsOfAll(command.picks);
        return this.same(({ manager }, side) => manager.promote(ids.map((id) => id[side])));
      }
      case 'removeIf': {
        const { terms } = command;
        const ids = this.idsOfAll(command.picks);
        return this.same(({ manager }, side) =>
          manager.removeIf(
            ids.map((id) => id[side]),
            terms,
          ),
        );
      }
      case 'forgetName':
        return this.same(({ manager }) => manager.forgetName(command.name));
      case 'removeName':
        return this.same(({ repository }) => repository.removeJobs({ name: command.name }));
      case 'register': {
        const { name, maxRescues, retention, limits } = command;
        this.hasKeyLines ||= limits?.key !== undefined;
        const settings = {
          name,
          maxRescues,
          ...(retention && { retention }),
          ...(limits && { limits }),
        };
        return this.same(({ broker }) => broker.register([settings]));
      }
      case 'pause': {
        const { name, reason } = command;
        const request = { ...(name && { name }), ...(reason && { reason }) };
        return this.same(({ manager }) => manager.pause(request));
      }
      case 'resume':
        return this.same(({ manager }) => manager.resume(command.name));
      case 'setLimits':
        this.hasKeyLines ||= command.limits?.key !== undefined;
        return this.same(({ manager }) => manager.setLimits(command.name, command.limits));
      case 'prune':
        return this.prune();
      case 'clean': {
        const { do: _, ...request } = command;
        return this.same(({ manager }) => manager.clean(request));
      }
      case 'advance':
        return this.advance(command.ms);
    }
  }

  /** Both tell their durable streams from now on; some events are told and dropped again in every run. */
  async keepEvents(): Promise<void> {
    const bounds = { maxCount: 10_000, maxAgeMs: 3_600_000, maxBytes: 10_000_000 };
    await this.each(({ manager }) => manager.keepEvents(bounds));
  }

  /** What can be known of the stores: the same on both sides, and in itself. */
  async compare(): Promise<void> {
    const told = await this.each(({ manager }) => toldOf(manager));
    const names = [...told[0].keys(), ...told[1].keys()].filter((of) => of.startsWith('name '));
    for (const [memory, redis] of [...this.ids, ...names.map((name) => [name, name] as const)]) {
      this.expectSame([told[0].get(memory), told[1].get(redis)]);
    }
    await this.same(({ manager }) => manager.counts());
    for (const tag of TAGS) await this.same(({ manager }) => allOf(manager, { tags: [tag] }));
    await this.same(({ manager }) => allOf(manager, { tags: ['large', 'red'], state: 'dead' }));
    await this.same(({ manager }) => manager.pauses());
    await this.same(({ manager }) => manager.limits());
    await this.same(({ repository }) => repository.getQueueSize());
    await this.same(({ manager }, side) =>
      Promise.all(this.ids.map((id) => manager.get(id[side]))),
    );
    await this.same(({ manager }, side) =>
      Promise.all(this.ids.map((id) => manager.history(id[side]))),
    );
    await this.same(({ manager }, side) =>
      Promise.all(this.ids.map((id) => manager.logs(id[side], { limit: 1_000 }))),
    );
  }

  /** Asks both, and tells how many jobs the page has. */
  async ask({ query, picks }: AskedQuery): Promise<number> {
    const ids = picks?.map((pick) => picked(this.ids, pick) ?? (['nobody', 'nobody'] as const));
    const isOrdered = query.state !== 'queued' || query.sort !== undefined || !this.hasKeyLines;
    const pages = await this.each(({ manager }, side) =>
      manager.query({
        ...query,
        ...(ids && { ids: ids.map((id) => id[side]) }),
        ...(!isOrdered && { skip: 0, limit: 200 }),
      }),
    );
    const plain = pages.map((page, side) => this.plain(page, side as Side) as typeof page);
    const [memory, redis] = isOrdered ? plain : plain.map(({ jobs, total }) => [byId(jobs), total]);
    expectEqual(redis, memory);
    return pages[0].jobs.length;
  }

  /** Searches both from page to page, and looks at every job: what each state holds, and in which order. */
  async walk(): Promise<void> {
    for (const state of FOUND_STATES) {
      const found = await this.each(({ manager }) => allOf(manager, state ? { state } : {}));
      const [memory, redis] = [this.plain(found[0], 0), this.plain(found[1], 1)];
      // Of these no order is promised, and of those in no state one job may come twice.
      const isOrdered = state !== undefined && state !== 'queued';
      if (isOrdered) expectEqual(redis, memory);
      else expectEqual(byId(redis as JobRecord[]), byId(memory as JobRecord[]));
      await this.compareCount(state, new Set((redis as JobRecord[]).map(({ id }) => id)).size);
    }
    await this.same(({ manager }, side) =>
      Promise.all(this.ids.map((id) => manager.inspect(id[side]))),
    );
  }

  /** Of a state as many are counted as are found in it; `undefined` are all. */
  private async compareCount(state: (typeof FOUND_STATES)[number], found: number): Promise<void> {
    const counts = [...(await this.stores[1].manager.counts()).values()];
    const sum = (of: keyof StateCounts) => counts.reduce((all, states) => all + states[of], 0);
    const counted = state === 'retrying' ? sum('failed') - sum('dead') : sum(state ?? 'total');
    expectEqual([state, found], [state, counted]);
  }

  private async prune(): Promise<void> {
    await this.same(({ broker }) => prunedIn(broker));
    // What ends in the ms of a pass, before jobs that stay, Redis may find ten passes later.
    await this.advance(2);
  }

  private async advance(ms: number): Promise<void> {
    for (const { clock } of this.stores) clock.advance(ms);
    // Memory tells what has become due by that, in place of timers.
    if (this.news) await this.each((_, side) => this.news![side].take());
  }

  private async enqueue(asked: readonly AskedJob[]): Promise<void> {
    const jobs = asked.map((one) => this.newJob(one));
    await this.same(({ broker }) => broker.enqueue(jobs));
    for (const { id } of jobs) this.learn(id, id);
  }

  private async dedupe({ job, dedupe }: Command & { do: 'dedupe' }): Promise<void> {
    const asked = { ...this.newJob(job), nonce: randomToken(), dedupe };
    await this.same(({ broker }) => broker.dedupe(asked));
    this.learn(job.id, job.id);
  }

  private newJob(asked: AskedJob): NewJob {
    const { due, nonce, attempts, lastModifiedBy, idempotency, retention, key, ...rest } = asked;
    const { first, tags, expires, version, context, ...job } = rest;
    const overrides = { ...(attempts && { attempts }), ...(retention && { retention }) };
    const timeOf = (time: AskedJob['due']): Due =>
      'atOffset' in time ? { at: this.stores[0].clock.now() + time.atOffset } : time;
    return {
      ...job,
      due: timeOf(due),
      ...(nonce !== undefined && { nonce }),
      ...(lastModifiedBy !== undefined && { lastModifiedBy }),
      ...(Object.keys(overrides).length > 0 && { overrides }),
      ...(idempotency !== undefined && { idempotency }),
      ...(key !== undefined && { key }),
      ...(first && { first }),
      ...(tags !== undefined && { tags }),
      ...(expires !== undefined && { expires: timeOf(expires) }),
      ...(version !== undefined && { version }),
      ...(context !== undefined && { context }),
    };
  }

  async save(asked: AskedRow, rest: Partial<JobParameters>): Promise<void> {
    const recurs = rest.repeatInterval !== undefined;
    const row: JobParameters = { ...this.rowOf(asked, recurs ? 0 : undefined), ...rest };
    // Ids sort by the ms of their birth: so those of two rows sort alike on both sides.
    await nextMillisecond();
    const { key, version, context } = asked;
    const options = {
      ...(key !== undefined && { key }),
      ...(version !== undefined && { version }),
      ...(context !== undefined && { context }),
    };
    const saved = await this.each(({ repository }) =>
      repository.saveJob(row, options).catch((error: unknown) => {
        if (error instanceof QueueFullError) return { refused: error.message };
        throw error;
      }),
    );
    if ('_id' in saved[0] && '_id' in saved[1]) this.learn(saved[0]._id!, saved[1]._id!);
    this.expectSame(saved);
  }

  private async saveAgain(pick: number, asked: AskedRow): Promise<void> {
    const id = picked(this.ids, pick);
    if (!id) return;
    const rows = await this.each(({ repository }, side) => repository.getJobById(id[side]));
    this.expectSame(rows);
    if (!rows[0] || !rows[1]) return;
    const recurs = rows[0].repeatInterval !== undefined;
    const { nextRunAt, priority, data, disabled } = this.rowOf(asked, recurs ? 0 : undefined);
    await this.same(({ repository }, side) => {
      const { disabled: _, ...row } = rows[side]!;
      const changed = {
        ...row,
        nextRunAt,
        priority,
        data,
        ...(disabled !== undefined && { disabled }),
      };
      const { version } = asked;
      return repository.saveJob(changed, version === undefined ? {} : { version });
    });
  }

  private async setDisabled(command: Command & { do: 'setDisabled' }): Promise<void> {
    const id = picked(this.ids, command.pick);
    if (!id) return;
    await this.same(async ({ repository, manager }, side) => {
      const name = (await manager.get(id[side]))?.name ?? 'unheard';
      const filter = command.byName ? { name } : { id: id[side] };
      return command.disabled ? repository.disableJobs(filter) : repository.enableJobs(filter);
    });
  }

  private async update({ pick, change }: Command & { do: 'update' }): Promise<void> {
    const id = picked(this.ids, pick) ?? (['nobody', 'nobody'] as const);
    const { due, version, ...rest } = change;
    const at = this.stores[0].clock.now();
    const timed = due && { due: 'atOffset' in due ? { at: at + due.atOffset } : due };
    const versioned = version !== undefined && { version };
    await this.same(({ manager }, side) =>
      manager.update(id[side], { ...rest, ...timed, ...versioned } as JobChange),
    );
  }

  private async requeue({ picks, how }: Command & { do: 'requeue' }): Promise<void> {
    const ids = picks.map((pick) => picked(this.ids, pick) ?? (['nobody', 'nobody'] as const));
    const { expectName, due, resetAttempts, data, version } = how;
    const at = this.stores[0].clock.now();
    await this.same(({ manager }, side) =>
      manager.requeue(
        ids.map((id) => id[side]),
        {
          due: 'atOffset' in due ? { at: at + due.atOffset } : due,
          resetAttempts,
          ...(expectName !== undefined && { expectName }),
          ...(data !== undefined && { data }),
          ...(version !== undefined && { version }),
        },
      ),
    );
  }

  private async claim(command: Command & { do: 'claim' }): Promise<void> {
    const { slots, names, leaseMs, lastStarts, standBy } = command;
    const was = this.standsIn.get(`host-${command.host}`) ?? '';
    const request: ClaimRequest = {
      claimId: randomToken(),
      host: `host-${command.host}`,
      slots,
      names,
      leaseMs,
      ...(lastStarts !== undefined && { lastStarts }),
      ...(standBy && { standBy: { ...standBy, was } }),
    };
    const ends = await Promise.all(command.ends.map((end) => this.settlementsOf(end)));
    const known = ends.filter((end) => end !== undefined);
    const [memory, redis] = [known.map((end) => end[0]), known.map((end) => end[1])];
    this.lastClaims.set(request.host, [memory, redis, request]);
    const jobs = await this.claimAs(memory, redis, request);
    for (const { lease } of jobs) {
      if (lease.fence <= this.highestFence) throw new Error(`The fence ${lease.fence} is no news`);
    }
    this.highestFence = Math.max(this.highestFence, ...jobs.map(({ lease }) => lease.fence));
  }

  private async claimAgain(host: string): Promise<void> {
    const last = this.lastClaims.get(host);
    if (last) await this.claimAs(...last);
  }

  private async claimAs(
    memory: Settlement[],
    redis: Settlement[],
    request: ClaimRequest,
  ): Promise<readonly ClaimedJob[]> {
    const claimed = await this.each(({ broker }, side) =>
      broker.settleAndClaim([memory, redis][side]!, request),
    );
    this.expectSame(claimed.map((answer) => ({ ...answer, jobs: answer.jobs.map(beforeItsRun) })));
    const standsIn = claimed[0].standsBy ? request.standBy!.group : '';
    if (request.standBy) this.standsIn.set(request.host, standsIn);
    claimed[0].jobs.forEach(({ lease }, i) => {
      this.leases.unshift([lease, claimed[1].jobs[i]!.lease]);
    });
    return claimed[0].jobs;
  }

  private async claimOne(command: Command & { do: 'claimOne' }): Promise<void> {
    const { pick, host, leaseMs } = command;
    const id = picked(this.ids, pick) ?? (['nobody', 'nobody'] as const);
    const request = { claimId: randomToken(), host: `host-${host}`, leaseMs };
    const claimed = await this.each(({ broker }, side) =>
      broker.claimOne({ ...request, id: id[side] }),
    );
    this.expectSame(claimed);
    if ('job' in claimed[0] && 'job' in claimed[1]) {
      this.leases.unshift([claimed[0].job.lease, claimed[1].job.lease]);
    }
  }

  /** All processes are lost; another one passes by, so that their jobs are rescued at once. */
  private async loseAll(): Promise<void> {
    const nothing = { claimId: randomToken(), host: 'host-9', leaseMs: 1_000, slots: 0, names: [] };
    await this.same(({ broker }) => broker.settleAndClaim([], nothing));
    await this.advance(1_000);
    await this.same(({ broker }) => broker.rescue(100, 1_000));
  }

  private async renew(command: Command & { do: 'renew' }): Promise<void> {
    const { picks, forMs, afterExpiry, told } = command;
    // A host renews each lease once in a call.
    const meant = picks
      .map((pick) => picked(this.leases, pick))
      .filter((lease) => lease !== undefined);
    // A claim that was repeated has told of the same ones again.
    const leases = [...new Map(meant.map((lease) => [lease[0].token, lease])).values()];
    await this.same(async ({ broker }, side) => {
      const { now, lost } = await broker.renew(
        leases.map((lease, i) => ({ ...lease[side], ...told[i] })),
        forMs,
        { afterExpiry },
      );
      return { now, lost: [...lost].sort((a, b) => (a.token < b.token ? -1 : 1)) };
    });
  }

  private async settlementsOf(end: End): Promise<[Settlement, Settlement] | undefined> {
    const leases = picked(this.leases, end.pick);
    if (!leases) return undefined;
    const job = await this.stores[0].manager.get(leases[0].id);
    const recurs = job?.repeat?.interval !== undefined;
    const now = this.stores[0].clock.now();
    return [leases[0], leases[1]].map((lease) => {
      const token = end.forged ? 'forged:1' : lease.token;
      return { ...endOf({ ...lease, token }, end, now, recurs), afterExpiry: end.afterExpiry };
    }) as [Settlement, Settlement];
  }

  private rowOf(asked: AskedRow, atLeast: number | undefined): JobParameters {
    const { name, priority, disabled, data } = asked;
    const offset = asked.offset ?? atLeast;
    return {
      name,
      priority,
      data,
      type: 'normal',
      nextRunAt: offset === undefined ? null : new Date(this.stores[0].clock.now() + offset),
      ...(disabled !== undefined && { disabled }),
    };
  }

  private learn(memory: string, redis: string): void {
    if (this.aliases[0].has(memory) && this.aliases[1].has(redis)) return;
    const alias = memory === redis ? memory : `row-${this.ids.length}`;
    this.aliases[0].set(memory, alias);
    this.aliases[1].set(redis, alias);
    this.ids.push([memory, redis]);
  }

  /** Of each pick; of nobody where nothing is known yet. */
  private idsOfAll(picks: readonly number[]): (readonly [string, string])[] {
    return picks.map((pick) => picked(this.ids, pick) ?? (['nobody', 'nobody'] as const));
  }

  idsOf(pick: number): readonly [string, string] | undefined {
    return picked(this.ids, pick);
  }

  async each<T>(step: Step<T>): Promise<[T, T]> {
    return Promise.all([step(this.stores[0], 0), step(this.stores[1], 1)]);
  }

  async same<T>(step: Step<T>): Promise<void> {
    this.expectSame(await this.each(step));
  }

  expectSame([memory, redis]: readonly unknown[]): void {
    expectEqual(this.plain(redis, 1), this.plain(memory, 0));
  }

  /** Without what may differ: ids made by the store, the order of maps, notes beside a lease. */
  private plain(value: unknown, side: Side): unknown {
    if (typeof value === 'string') return this.aliases[side].get(value) ?? value;
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    if (Array.isArray(value)) return value.map((item) => this.plain(item, side));
    if (value instanceof Map) return this.plain(Object.fromEntries(value), side);
    const fields = 'token' in value ? onlyLease(value as Lease) : value;
    return Object.fromEntries(
      Object.entries(fields).map(([key, item]) => [
        key,
        key === 'host' ? hostOf(item) : this.plain(item, side),
      ]),
    );
  }
}

/** Nobody repeats a claim whose jobs have begun to tell of their progress. */
const beforeItsRun = ({ record, ...job }: ClaimedJob) => ({
  ...job,
  record: { ...record, progress: null },
});

const FOUND_STATES = [
  'retrying',
  'scheduled',
  'queued',
  'running',
  'completed',
  'failed',
  'dead',
  'repeating',
  'paused',
  undefined,
] as const;

async function allOf(manager: JobManager, query: Omit<FindQuery, 'limit' | 'cursor'>) {
  const jobs: JobRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await manager.find({
      limit: 3,
      ...query,
      ...(cursor !== undefined && { cursor }),
    });
    jobs.push(...page.jobs);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return jobs;
}

/** What is told of each job, and of names: in order, but for events of several that one call brings about. */
async function toldOf(manager: JobManager): Promise<Map<string, unknown[]>> {
  const told = new Map<string, unknown[]>();
  for (let from = 'start'; ;) {
    const page = await manager.readEvents({ from, limit: 100 });
    if (page.events.length === 0) return told;
    for (const { cursor: _, ...event } of page.events) {
      const of = event.id ?? `name ${event.name ?? ''}`;
      told.set(of, [...(told.get(of) ?? []), event]);
    }
    from = page.cursor;
  }
}

const byId = (jobs: readonly JobRecord[]): Record<string, JobRecord> =>
  Object.fromEntries(jobs.map((job) => [job.id, job]));

/** Repositories, which hand out rows, have names of their own. */
const hostOf = (host: unknown): unknown =>
  /^(host-\d)?$/.test(String(host)) ? host : 'repository';

function expectEqual(redis: unknown, memory: unknown): void {
  // `expect` takes its time, and is there to tell what differs.
  if (!isDeepStrictEqual(redis, memory)) expect(redis).toEqual(memory);
}

const onlyLease = ({ id, name, token, fence, expiresAt }: Lease): Lease => ({
  id,
  name,
  token,
  fence,
  expiresAt,
});

export function picked<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(items.length, 1)];
}

function endOf(lease: Lease, { how, ms }: End, now: number, recurs: boolean): Settlement {
  switch (how) {
    case 'omit':
      return {
        kind: 'completed',
        lease,
        omitted: { bytes: ms, reason: how },
        ...(recurs && { nextRunAt: now + ms }),
      };
    case 'complete':
    case 'remove':
    case 'next':
      return {
        kind: 'completed',
        lease,
        ...(ms > 0 && { result: String(ms) }),
        ...((how === 'next' || recurs) && { nextRunAt: now + ms }),
        remove: how === 'remove',
      };
    case 'retry':
    case 'fresh':
      return {
        kind: 'retry',
        lease,
        failure: failure(how),
        due: { delayMs: ms },
        fresh: how === 'fresh',
      };
    case 'retryAt':
      return { kind: 'retry', lease, failure: failure(how), due: { at: now + ms } };
    case 'bury':
      return { kind: 'bury', lease, reason: 'exhausted', failure: failure(how) };
    case 'release':
      return { kind: 'release', lease };
    case 'snooze':
      return { kind: 'snooze', lease, due: { delayMs: ms } };
    case 'skip':
      return { kind: 'skip', lease, nextRunAt: now + ms };
    case 'throttle':
      return { kind: 'throttle', lease, forMs: ms + 1 };
  }
}

/** How many jobs a whole pass removes, and the names it finds without a handler. */
async function prunedIn(broker: JobBroker): Promise<unknown> {
  let removed = 0;
  const unhandled: string[] = [];
  const expired: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Pruned = await broker.prune!(cursor);
    removed += page.removed;
    unhandled.push(...(page.unhandled ?? []));
    expired.push(...(page.expired ?? []).map(({ id, name }) => `${name} ${id}`));
    cursor = page.next;
  }
  return { removed, unhandled: unhandled.sort(), expired };
}

async function nextMillisecond(): Promise<void> {
  // A timer may fire early, within the ms in which it was set.
  for (const began = Date.now(); Date.now() === began;) await sleep(1);
}
