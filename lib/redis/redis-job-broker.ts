import {
  checkEnqueue,
  checkRenew,
  checkRescue,
  checkSettleAndClaim,
} from '../core/contracts/broker-arguments.js';
import {
  MAX_BATCH,
  type ClaimedJob,
  type ClaimRequest,
  type Claimed,
  type Enqueued,
  JobBroker,
  type Lease,
  type LostLease,
  type NameSettings,
  type Refusal,
  type Renewal,
  type Rescue,
  type RescuedJob,
  type SettleAnswer,
  type Settlement,
} from '../core/contracts/job-broker.js';
import type { NewJob } from '../core/job/job-record.js';
import { errorOf } from '../core/job/thrown.js';
import { scripts } from './all-scripts.js';
import { FLAG } from './keys.js';
import {
  addedRecord,
  flagsOf,
  nonceOf,
  packExtra,
  packName,
  packOwn,
  packRest,
  unpackRecord,
} from './record-codec.js';
import { readJobs, type JobTexts } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';

const ENQUEUE_REPLY_WIDTH = 6;
const DEFAULT_MAX_RESCUES = 2;
/** How far our idea of the server's clock may be off. */
const CLOCK_MARGIN_MS = 1_000;

/** A job that stood under an id that was added. */
interface JobInPlace extends JobTexts {
  readonly word: 'existing' | 'mine' | 'gone' | 'taken';
}

/** A lease with notes that spare the store a look when the job is removed. */
interface NotedLease extends Lease {
  readonly keyed: boolean;
  readonly createdAt: number;
}

/** Hands jobs out over Redis: each call is one script, one round trip. */
export class RedisJobBroker extends JobBroker {
  constructor(private readonly store: RedisStore) {
    super();
  }

  now(): number {
    return this.store.now();
  }

  async enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    checkEnqueue(jobs);
    if (jobs.length === 0) return [];
    const writer = this.store.options.name ?? undefined;
    const named =
      writer === undefined ? jobs : jobs.map((job) => ({ lastModifiedBy: writer, ...job }));
    const args = enqueueArgs(named);
    let isRepeat = false;
    const [time, soon, ...exceptions] = await this.store.run(scripts.enqueueJobs, (repeat) => {
      isRepeat = repeat;
      return [
        this.store.options.channelName,
        this.store.messageHead,
        repeat ? 'repeat' : '',
        ...args,
      ];
    });
    const clock = { now: Number(time), soon: Number(soon) };
    const inPlace = new Map<number, JobInPlace>();
    for (let i = 0; i < exceptions.length; i += ENQUEUE_REPLY_WIDTH) {
      const [number, word, asked, happened, lease, result] = exceptions.slice(
        i,
        i + ENQUEUE_REPLY_WIDTH,
      ) as [string, ...string[]] as [string, JobInPlace['word'], string, string, string, string];
      const at = Number(number) - 1;
      const { id } = named[at]!;
      if (word !== 'gone') inPlace.set(at, { id, word, asked, happened, lease, result });
    }
    await this.readUnanswered(inPlace, named, isRepeat);
    return named.map((job, i) => {
      const found = inPlace.get(i);
      if (found === undefined) return { job: addedRecord(job, clock), created: true };
      const { id, word, asked, happened, lease, result } = found;
      const created = word === 'mine';
      // Removed while we were about to read it: nobody has that job any longer.
      if (asked === '') return { job: addedRecord(job, clock), created };
      return { job: unpackRecord(id, asked, happened, lease, result), created };
    });
  }

  /** An add answers about 1 MiB of jobs in place; the others are read afterwards, in calls as short. */
  private async readUnanswered(
    inPlace: Map<number, JobInPlace>,
    jobs: readonly NewJob[],
    isRepeat: boolean,
  ): Promise<void> {
    const unread = [...inPlace].filter(([, { asked }]) => asked === '');
    const texts = await readJobs(
      this.store,
      unread.map(([, { id }]) => id),
    );
    unread.forEach(([at, { word }], i) => {
      const found = texts[i]!;
      const { nonce } = jobs[at]!;
      const isMine = nonce === undefined ? isRepeat : nonceOf(found.asked) === nonce;
      const decided = word === 'taken' ? (isMine ? 'mine' : 'existing') : word;
      inPlace.set(at, { ...found, word: decided });
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
    ];
    for (const settlement of settlements) this.pushSettlement(args, settlement);
    for (const { name, slots } of claim.names) args.push(name, String(slots));

    const reply = (await this.store.run(scripts.settleAndClaim, args)) as unknown as [
      now: string,
      answers: SettleAnswer[],
      dueIn: string,
      earliestExpiry: string,
      fence: string,
      expiry: string,
      jobs: string[],
      claimedAt: string,
    ];
    const [time, answers, dueIn, earliestExpiry, fence, expiry, jobs, claimedAt] = reply;
    const now = Number(time);
    return {
      now,
      answers: answers.length === 0 ? settlements.map(() => 'ok') : answers,
      jobs: claimedJobs(jobs, claim.claimId, Number(fence), Number(expiry), Number(claimedAt)),
      dueInMs: numberOrNull(dueIn),
      earliestExpiry: numberOrNull(earliestExpiry),
    };
  }

  async renew(
    leases: readonly Lease[],
    forMs: number,
    { afterExpiry = false }: { readonly afterExpiry?: boolean } = {},
  ): Promise<Renewal> {
    checkRenew(leases, forMs);
    if (leases.length === 0) return { now: this.now(), lost: [] };
    const [time, ...parts] = await this.store.run(scripts.renewLeases, [
      String(Math.ceil(forMs)),
      afterExpiry ? 'late' : '',
      ...leases.flatMap(({ id, token }) => [id, token]),
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
    for (let i = 0; i < parts.length; i += 5) {
      const [id, name, host, rescueCount, outcome] = parts.slice(i, i + 5) as string[];
      jobs.push({
        id: id!,
        name: name!,
        host: host!,
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
    for (let i = 0; i < settings.length; i += MAX_BATCH) {
      await this.store.run(
        scripts.registerNames,
        settings
          .slice(i, i + MAX_BATCH)
          .flatMap(({ name, ...rest }) => [name, JSON.stringify(rest)]),
      );
    }
  }

  /** id, token, 'kind late argument', body */
  private pushSettlement(args: string[], settlement: Settlement): void {
    const { lease } = settlement;
    let kind: string = settlement.kind;
    let argument = '';
    let body = '';
    switch (settlement.kind) {
      case 'completed':
        if (settlement.nextRunAt !== undefined) argument = instant(settlement.nextRunAt);
        else if (settlement.remove) {
          kind = 'removed';
          argument = this.removalNotes(lease as Partial<NotedLease>);
        }
        body = settlement.result ?? '';
        break;
      case 'retry':
        if (settlement.fresh) kind = 'retry-fresh';
        argument = dueText(settlement.due);
        body = JSON.stringify(settlement.failure);
        break;
      case 'bury':
        body = JSON.stringify({ ...settlement.failure, reason: settlement.reason });
        break;
      case 'skip':
        argument = instant(settlement.nextRunAt);
        break;
      case 'release':
        argument = dueText({ delayMs: settlement.delayMs ?? 0 });
        break;
    }
    const manner = `${kind} ${settlement.afterExpiry ? 'late' : '-'} ${argument}`;
    args.push(lease.id, lease.token, manner, body);
  }

  /**
   * What the script must take care of when it removes the job: 'k' its keys; 'y' and its age, since the
   * add of a young one may be repeated. Roughly told, so that most of a batch are told alike.
   */
  private removalNotes({ keyed = true, createdAt }: Partial<NotedLease>): string {
    const age = createdAt === undefined ? 0 : this.now() - createdAt - CLOCK_MARGIN_MS;
    const atLeast = age < 1_000 ? 0 : 2 ** Math.floor(Math.log2(age));
    return `${keyed ? 'k' : ''}y${atLeast}`;
  }
}

/** What jobs of a call have in common goes over once: number of kinds, the kinds, then the jobs. */
function enqueueArgs(jobs: readonly NewJob[]): string[] {
  const kinds: string[] = [];
  const numbers = new Map<string, string>();
  const parts: string[] = [];
  for (const job of jobs) {
    const { id, nonce, overrides, lastModifiedBy, data, name } = job;
    const flags = (data === undefined ? 0 : FLAG.hasData) | (nonce === undefined ? 0 : FLAG.keyed);
    const due = dueText(job.due);
    const kind = `${due} ${job.priority} ${flags} ${name}`;
    let number = numbers.get(kind);
    if (number === undefined) {
      number = String(numbers.size + 1);
      numbers.set(kind, number);
      kinds.push(due, String(job.priority), String(flags), name);
    }
    const own =
      nonce === undefined && overrides === undefined ? '0' : packOwn({ nonce, overrides });
    const extra = lastModifiedBy === undefined ? null : packExtra({ lastModifiedBy });
    parts.push(id, number, `${packName(name)},${own},${packRest(data, extra)}`);
  }
  return [String(numbers.size), ...kinds, ...parts];
}

function dueText(due: NewJob['due']): string {
  return 'at' in due ? instant(due.at) : `+${Math.ceil(due.delayMs)}`;
}

/** A due time with a fraction rounds up: nothing starts early. */
const instant = (at: number): string => String(Math.ceil(at));

function claimedJobs(
  parts: readonly string[],
  claimId: string,
  fence: number,
  expiresAt: number,
  claimedAt: number,
): ClaimedJob[] {
  const jobs: ClaimedJob[] = [];
  for (let i = 0; i < parts.length; i += 4) {
    const number = Number(parts[i]);
    const id = parts[i + 1]!;
    const asked = parts[i + 2]!;
    const { record, ...trouble } = readRecord(id, asked, parts[i + 3]!);
    record.lockedAt = claimedAt;
    record.lastRunAt = claimedAt;
    const lease: NotedLease = {
      id,
      name: record.name,
      token: `${claimId}:${number}`,
      fence: fence + number - 1,
      expiresAt,
      keyed: (flagsOf(asked) & FLAG.keyed) !== 0,
      createdAt: record.createdAt,
    };
    jobs.push({ record, lease, ...trouble });
  }
  return jobs;
}

/** One record that cannot be read must not keep the others of its claim from running. */
function readRecord(
  id: string,
  asked: string,
  happened: string,
): Pick<ClaimedJob, 'record' | 'unreadable'> {
  try {
    return { record: unpackRecord(id, asked, happened) };
  } catch (thrown) {
    const { message } = errorOf(thrown);
    const unreadable = new Error(`The stored record of job ${id} cannot be read: ${message}`, {
      cause: thrown,
    });
    return { record: addedRecord(headOf(id, asked), { now: 0, soon: 0 }), unreadable };
  }
}

/** The part that scripts read, too: the name. What cannot be read at all is nameless. */
function headOf(id: string, asked: string): NewJob {
  const quoted = /^\[[^"]*("[^"]*")/.exec(asked)?.[1] ?? '""';
  let name = '';
  try {
    name = JSON.parse(quoted) as string;
  } catch {
    // Nobody has written this name.
  }
  return { id, name, data: undefined, priority: 0, due: { delayMs: 0 } };
}

const numberOrNull = (text: string): number | null => (text === '' ? null : Number(text));
