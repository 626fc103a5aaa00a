import {
  checkClaimOne,
  checkDedupe,
  checkEnqueue,
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
  type LostLease,
  type NameSettings,
  type Pruned,
  type Refusal,
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
import { pushSettlement } from './settlement-codec.js';
import { expiredJobs, pruneJobs } from './prune-jobs.js';
import type { RedisStore } from './redis-store.js';
import { StayingJobs } from './staying-jobs.js';

const DEFAULT_MAX_RESCUES = 2;

/** Hands jobs out over Redis: each call is one script, one round trip. */
export class RedisJobBroker extends JobBroker {
  private readonly staying = new StayingJobs();

  constructor(private readonly store: RedisStore) {
    super();
  }

  now(): number {
    return this.store.now();
  }

  async enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    checkEnqueue(jobs);
    this.store.expectOpen();
    if (jobs.length === 0) return [];
    const writer = this.store.options.name ?? undefined;
    const named =
      writer === undefined ? jobs : jobs.map((job) => ({ lastModifiedBy: writer, ...job }));
    return enqueueJobs(this.store, named);
  }

  override async dedupe(job: DedupedJob): Promise<Enqueued> {
    checkDedupe(job);
    const writer = this.store.options.name ?? undefined;
    return dedupeJob(this.store, {
      ...(writer !== undefined && { lastModifiedBy: writer }),
      ...job,
    });
  }

  async settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed> {
    checkSettleAndClaim(settlements, claim);
    const { channelName, retryForMs } = this.store.options;
    const args = [
      channelName,
      this.store.messageHead,
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
    ];
    const now = this.now();
    for (const settlement of settlements) pushSettlement(args, settlement, now);
    for (const { name, slots } of claim.names) args.push(name, String(slots));

    const call = settlements.length === 0 ? scripts.claimAlone : scripts.settleAndClaim;
    const reply = (await this.store.run(call, args)) as unknown as [
      now: string,
      answers: SettleAnswer[],
      dueIn: string,
      earliestExpiry: string,
      fence: string,
      expiry: string,
      jobs: string[],
      claimedAt: string,
      watched: string,
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
      ...(heldBack === '1' && { heldBack: true }),
      ...expiredJobs(expired),
    };
  }

  override async claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    checkClaimOne(request);
    const { id, claimId, host, leaseMs } = request;
    const [, word, fence, expiry, claimedAt, record, state, mark] = await this.store.run(
      scripts.claimOne,
      [
        this.store.options.channelName,
        this.store.messageHead,
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
    const [time, ...parts] = await this.store.run(scripts.renewLeases, [
      String(Math.ceil(forMs)),
      afterExpiry ? 'late' : '',
      ...leases.flatMap(renewalArguments),
    ]);
    const lost: LostLease[] = [];
    for (let i = 0; i < parts.length; i += 5) {
      const [id, token, refusal, wasCancelled, reason] = parts.slice(i, i + 5) as [
        string,
        string,
        Refusal,
        string,
        string,
      ];
      lost.push({ id, token, refusal, ...(wasCancelled === '1' ? { cancelled: reason } : {}) });
    }
    return { now: Number(time), lost };
  }

  async rescue(limit: number, leaseMs: number): Promise<Rescue> {
    checkRescue(limit, leaseMs);
    const [time, more, heldUntil, earliestExpiry, ...parts] = await this.store.run(
      scripts.rescueJobs,
      [
        this.store.options.channelName,
        this.store.messageHead,
        String(Math.min(limit, MAX_BATCH)),
        String(Math.ceil(leaseMs)),
        String(DEFAULT_MAX_RESCUES),
      ],
    );
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
    for (let i = 0; i < settings.length; i += MAX_BATCH) {
      await this.store.run(scripts.registerNames, [
        this.store.options.channelName,
        this.store.messageHead,
        ...settings
          .slice(i, i + MAX_BATCH)
          .flatMap(({ name, ...rest }) => [name, JSON.stringify(rest)]),
      ]);
    }
  }

  override prune(cursor: string): Promise<Pruned> {
    return pruneJobs(this.store, this.staying, cursor);
  }

  override beat(beat: HostBeat): Promise<void> {
    return beatHost(this.store, beat);
  }

  override leave(host: string): Promise<void> {
    return leaveHost(this.store, host);
  }

  override async watch(): Promise<void> {
    await this.store.run(scripts.watchStates, [String(WATCH_MS)]);
  }
}

function renewalArguments({ id, token, progress, lines }: Renewed): string[] {
  const told = progress === undefined ? '' : JSON.stringify(progress);
  if (!lines) return [id, token, told, ''];
  return [id, token, told, `${lines.first} ${lines.lines.length}`, ...lines.lines];
}

const numberOrNull = (text: string): number | null => (text === '' ? null : Number(text));
