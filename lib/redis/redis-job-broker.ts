import {
  checkClaimOne,
  checkClaimPartition,
  checkDedupe,
  checkEnqueue,
  checkPartition,
  checkRegister,
  checkRenew,
  checkRescue,
  checkSettleAndClaim,
} from '../core/contracts/broker-arguments.js';
import {
  MAX_BATCH,
  type ClaimRequest,
  type Claimed,
  type ClaimedOne,
  type ClaimOneRequest,
  type Enqueued,
  JobBroker,
  type NameSettings,
  type Pruned,
  type Renewal,
  type Renewed,
  type Rescue,
  type RescuedJob,
  type SettleAnswer,
  type Settlement,
  WATCH_MS,
} from '../core/contracts/job-broker.js';
import type { HostBeat } from '../core/contracts/host-registry.js';
import type { DedupedJob, NewJob } from '../core/job/job-record.js';
import { scripts } from './all-scripts.js';
import { claimedJobs } from './claim-codec.js';
import { dedupeJob } from './dedupe.js';
import { enqueueJobs } from './enqueue.js';
import { beatHost, leaveHost } from './host-registry.js';
import { byShare, inAll } from './partitions.js';
import { checkPlace, dedupePlaced, enqueuePlaced } from './placed-adds.js';
import { registerNames } from './register-names.js';
import { renewLeases } from './renew-leases.js';
import { pushSettlement } from './settlement-codec.js';
import { expiredJobs, pruneJobs } from './prune-jobs.js';
import type { RedisStore } from './redis-store.js';
import { StayingJobs } from './staying-jobs.js';

const DEFAULT_MAX_RESCUES = 2;

/** Hands jobs out over Redis: each call is one script, one round trip. */
export class RedisJobBroker extends JobBroker {
  private readonly staying: readonly StayingJobs[];

  constructor(private readonly store: RedisStore) {
    super();
    this.staying = store.partitions.map(() => new StayingJobs());
  }

  now(): number {
    return this.store.now();
  }

  override get partitions(): number {
    return this.store.partitions.length;
  }

  override partitionOf(id: string): number {
    return this.store.numberOf(id);
  }

  override holdsTogether(name: string): boolean {
    return this.store.together.has(name);
  }

  override checkPlace(...[job, chosenId]: Parameters<JobBroker['checkPlace']>): void {
    if (this.partitions > 1) checkPlace(this.store, job, chosenId);
  }

  async enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    checkEnqueue(jobs);
    this.store.expectOpen();
    if (jobs.length === 0) return [];
    const writer = this.store.options.name ?? undefined;
    const named =
      writer === undefined ? jobs : jobs.map((job) => ({ lastModifiedBy: writer, ...job }));
    const add = this.partitions === 1 ? enqueueJobs : enqueuePlaced;
    return add(this.store, named);
  }

  override async dedupe(job: DedupedJob): Promise<Enqueued> {
    checkDedupe(job);
    const writer = this.store.options.name ?? undefined;
    const named = { ...(writer !== undefined && { lastModifiedBy: writer }), ...job };
    const add = this.partitions === 1 ? dedupeJob : dedupePlaced;
    return add(this.store, named);
  }

  async settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed> {
    checkSettleAndClaim(settlements, claim);
    checkClaimPartition(settlements, claim, this);
    const store = this.partition(claim.partition);
    const { channelName, retryForMs } = store.options;
    const args = [
      channelName,
      store.messageHead,
      claim.claimId,
      claim.host,
      String(Math.ceil(claim.leaseMs)),
      String(claim.slots),
      String(retryForMs),
      String(settlements.length),
      String(claim.track ?? 0),
      claim.heard ?? '-',
      String(DEFAULT_MAX_RESCUES),
      String(claim.lastStarts ?? ''),
      standByArgument(claim),
    ];
    const now = store.now();
    for (const settlement of settlements) pushSettlement(args, settlement, now);
    for (const { name, slots } of claim.names) args.push(name, String(slots));

    const call = settlements.length === 0 ? scripts.claimAlone : scripts.settleAndClaim;
    const reply = (await store.run(call, args)) as unknown as [
      now: string,
      answers: SettleAnswer[],
      dueIn: string,
      earliestExpiry: string,
      fence: string,
      expiry: string,
      jobs: (string | number)[],
      claimedAt: string,
      watched: string,
      standsBy?: string,
      heldBack?: string,
      expired?: string[],
    ];
    const [
      time,
      answers,
      dueIn,
      earliestExpiry,
      fence,
      expiry,
      jobs,
      claimedAt,
      watched,
      standsBy,
      heldBack,
      expired,
    ] = reply;
    return {
      now: Number(time),
      answers: answers.length === 0 ? settlements.map(() => 'ok') : answers,
      jobs: claimedJobs(
        jobs,
        claim.claimId,
        Number(fence),
        Number(expiry),
        Number(claimedAt),
        Number(time),
      ),
      dueInMs: numberOrNull(dueIn),
      earliestExpiry: numberOrNull(earliestExpiry),
      watched: watched === '1',
      ...(standsBy === '1' && { standsBy: true }),
      ...(heldBack === '1' && { heldBack: true }),
      ...expiredJobs(expired),
    };
  }

  override async claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    checkClaimOne(request);
    const { id, claimId, host, leaseMs } = request;
    const store = this.store.partitionOf(id);
    const [, word, fence, expiry, claimedAt, record, state, mark] = await store.run(
      scripts.claimOne,
      [
        store.options.channelName,
        store.messageHead,
        claimId,
        host,
        String(Math.ceil(leaseMs)),
        id,
        String(DEFAULT_MAX_RESCUES),
      ],
    );
    if (word !== 'ok') return { refusal: word as 'not-found' | 'lease-mismatch' };
    const parts = [`1${mark}`, id, record!, state!];
    const [job] = claimedJobs(parts, claimId, Number(fence), Number(expiry), Number(claimedAt));
    return { job: job! };
  }

  async renew(
    leases: readonly Renewed[],
    forMs: number,
    { afterExpiry = false }: { readonly afterExpiry?: boolean } = {},
  ): Promise<Renewal> {
    checkRenew(leases, forMs);
    this.store.expectOpen();
    if (leases.length === 0) return { now: this.now(), lost: [] };
    const renewals = await byShare(this.store, leases, idOf, (partition, share) =>
      renewLeases(partition, share, forMs, afterExpiry),
    );
    return {
      now: Math.min(...renewals.map(({ now }) => now)),
      lost: renewals.flatMap(({ lost }) => lost),
    };
  }

  async rescue(limit: number, leaseMs: number, partition?: number): Promise<Rescue> {
    checkRescue(limit, leaseMs);
    const store = this.partition(partition);
    const [time, more, heldUntil, earliestExpiry, ...parts] = await store.run(scripts.rescueJobs, [
      store.options.channelName,
      store.messageHead,
      String(Math.min(limit, MAX_BATCH)),
      String(Math.ceil(leaseMs)),
      String(DEFAULT_MAX_RESCUES),
    ]);
    const jobs: RescuedJob[] = [];
    for (let i = 0; i < parts.length; i += 6) {
      const [id, name, host, attempt, rescueCount, outcome] = parts.slice(i, i + 6) as string[];
      jobs.push({
        id: id!,
        name: name!,
        host: host!,
        attempt: Number(attempt),
        rescueCount: Number(rescueCount),
        outcome: outcome as RescuedJob['outcome'],
      });
    }
    return {
      now: Number(time),
      jobs,
      more: more === '1',
      heldUntil: numberOrNull(heldUntil!),
      earliestExpiry: numberOrNull(earliestExpiry!),
    };
  }

  async register(settings: readonly NameSettings[]): Promise<void> {
    checkRegister(settings);
    this.store.expectOpen();
    await registerNames(this.store, settings);
  }

  override async prune(cursor: string, partition = 0): Promise<Pruned> {
    return pruneJobs(this.partition(partition), this.staying[partition]!, cursor);
  }

  override beat(beat: HostBeat): Promise<void> {
    return beatHost(this.store, beat);
  }

  override leave(host: string): Promise<void> {
    return leaveHost(this.store, host);
  }

  override async watch(): Promise<void> {
    await inAll(this.store, (partition) => partition.run(scripts.watchStates, [String(WATCH_MS)]));
  }

  /** @throws InvalidOptionError for one that there is not */
  private partition(number = 0): RedisStore {
    checkPartition(number, this);
    return this.store.partitions[number]!;
  }
}

const idOf = ({ id }: { readonly id: string }): string => id;

function standByArgument({ standBy }: ClaimRequest): string {
  return standBy ? `${standBy.group} ${Math.ceil(standBy.forMs)} ${standBy.was}` : '';
}

const numberOrNull = (text: string): number | null => (text === '' ? null : Number(text));
