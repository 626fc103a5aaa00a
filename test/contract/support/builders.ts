import type {
  Claimed,
  ClaimedJob,
  ClaimRequest,
  JobBroker,
  Lease,
  SettleAnswer,
  Settlement,
} from '../../../lib/core/contracts/job-broker.js';
import { newJobId, randomToken } from '../../../lib/core/job/job-id.js';
import type { DeathReason, Failure, JobRecord, NewJob } from '../../../lib/core/job/job-record.js';
import type { OpenBackend } from './backends.js';

export const LEASE = 30_000;

/** A job on its way in: named `mail`, due at once, without data. */
export function newJob(asked: Partial<NewJob> = {}): NewJob {
  return {
    id: newJobId(),
    name: 'mail',
    data: undefined,
    priority: 0,
    due: { delayMs: 0 },
    ...asked,
  };
}

/** Adds one job, and fails unless it was new. */
export async function add(broker: JobBroker, asked: Partial<NewJob> = {}): Promise<JobRecord> {
  const [added] = await broker.enqueue([newJob(asked)]);
  if (!added!.created) throw new Error(`${added!.job.id} was there already`);
  return added!.job;
}

export async function addMany(
  broker: JobBroker,
  count: number,
  asked: (i: number) => Partial<NewJob> = () => ({}),
): Promise<NewJob[]> {
  const jobs = Array.from({ length: count }, (_, i) => newJob(asked(i)));
  for (let i = 0; i < count; i += 100) await broker.enqueue(jobs.slice(i, i + 100));
  return jobs;
}

interface Asked extends Partial<Omit<ClaimRequest, 'names'>> {
  /** With as many slots as the host has, unless a number is given. */
  names?: readonly (string | { name: string; slots: number })[];
}

/** A claim of one host for `mail`, with 100 free slots. */
export function claimRequest({ names = ['mail'], ...asked }: Asked = {}): ClaimRequest {
  const slots = asked.slots ?? 100;
  return {
    claimId: randomToken(),
    host: 'host-a',
    leaseMs: LEASE,
    slots,
    ...asked,
    names: names.map((name) => (typeof name === 'string' ? { name, slots } : name)),
  };
}

export function claim(broker: JobBroker, asked?: Asked): Promise<Claimed> {
  return broker.settleAndClaim([], claimRequest(asked));
}

/** Claims one job, and fails when there is none. */
export async function claimOne(broker: JobBroker, asked: Asked = {}): Promise<ClaimedJob> {
  const { jobs } = await claim(broker, { slots: 1, ...asked });
  if (!jobs[0]) throw new Error('Nothing to claim');
  return jobs[0];
}

export const idsOf = (jobs: readonly (ClaimedJob | { id: string })[]): string[] =>
  jobs.map((job) => ('lease' in job ? job.lease.id : job.id));

/** Settles without claiming. */
export async function settle(
  broker: JobBroker,
  ...settlements: Settlement[]
): Promise<SettleAnswer[]> {
  const nothing = claimRequest({ host: 'settler', slots: 0, names: [] });
  const { answers } = await broker.settleAndClaim(settlements, nothing);
  return [...answers];
}

export async function settleOne(broker: JobBroker, settlement: Settlement): Promise<SettleAnswer> {
  const [answer] = await settle(broker, settlement);
  return answer!;
}

type Part<Kind extends Settlement['kind']> = Partial<Extract<Settlement, { kind: Kind }>>;
type Held = { readonly lease: Lease };

export const complete = ({ lease }: Held, part: Part<'completed'> = {}): Settlement => ({
  kind: 'completed',
  lease,
  ...part,
});

export const retry = ({ lease }: Held, part: Part<'retry'> = {}): Settlement => ({
  kind: 'retry',
  lease,
  failure: failure('no luck'),
  due: { delayMs: 0 },
  ...part,
});

export const bury = ({ lease }: Held, reason: DeathReason = 'exhausted'): Settlement => ({
  kind: 'bury',
  lease,
  reason,
  failure: failure('no hope'),
});

export const release = ({ lease }: Held, part: Part<'release'> = {}): Settlement => ({
  kind: 'release',
  lease,
  ...part,
});

export const snooze = ({ lease }: Held, part: Part<'snooze'> = {}): Settlement => ({
  kind: 'snooze',
  lease,
  due: { delayMs: 0 },
  ...part,
});

export const throttle = ({ lease }: Held, forMs: number): Settlement => ({
  kind: 'throttle',
  lease,
  forMs,
});

export const failure = (message: string): Failure => ({ name: 'Error', message });

/** The same lease in the hands of somebody who never had it. */
export const forged = ({ lease }: Held): Held => ({
  lease: { ...lease, token: `${randomToken()}:1` },
});

/** Lets time go by while some host is alive, so that the store does not take itself for having been away. */
export async function passTime({ broker, clock }: OpenBackend, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= LEASE) {
    clock.advance(Math.min(left, LEASE));
    await claim(broker, { host: 'passer-by', slots: 0, names: [] });
  }
}

/** Loses the job's process: lets its lease run out and gives the job back to the line. */
export async function loseAndRescue(store: OpenBackend): Promise<void> {
  await passTime(store, LEASE);
  await store.broker.rescue(100, LEASE);
}
