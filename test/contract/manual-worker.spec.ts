import { isDeepStrictEqual } from 'node:util';
import {
  ConnectionError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
  JobCancelledError,
  LeaseLostError,
} from '../../lib/core/errors.js';
import type { ClaimedJob } from '../../lib/core/contracts/job-broker.js';
import { ManualWorker, type ManualWorkerOptions } from '../../lib/core/worker/manual-worker.js';
import { FaultyBroker } from '../support/faulty-broker.js';
import { describeBackends, type Open, type OpenBackend, START } from './support/backends.js';
import { add, addMany, claimOne, forged, passTime } from './support/builders.js';

const LEASE = 10_000;

interface Stand extends OpenBackend {
  readonly worker: ManualWorker;
}

async function standWith(open: Open, options: ManualWorkerOptions = {}): Promise<Stand> {
  const store = await open();
  return { ...store, worker: new ManualWorker(store.broker, { lease: LEASE, ...options }) };
}

/** Adds a job and claims it. */
async function held({ broker, worker }: Stand): Promise<ClaimedJob> {
  await add(broker, { id: 'a' });
  const [job] = await worker.claim('mail');
  return job!;
}

/** The ways to write about an attempt. */
const writes: Record<string, (worker: ManualWorker, job: ClaimedJob) => Promise<void>> = {
  complete: (worker, job) => worker.complete(job, 'done'),
  retry: (worker, job) => worker.retry(job, new Error('no luck')),
  bury: (worker, job) => worker.bury(job, new Error('no hope')),
  release: (worker, job) => worker.release(job),
  snooze: (worker, job) => worker.snooze(job, { delay: '1h' }),
  renew: (worker, job) => worker.renew(job),
};
const NAMES = Object.keys(writes);

/** What has happened since the claim, and the job that the write will name. */
const states: Record<string, (stand: Stand, job: ClaimedJob) => Promise<ClaimedJob>> = {
  'was never there': async (_, job) => ({ ...job, lease: { ...job.lease, id: 'nobody' } }),
  'was handed back': async ({ worker }, job) => worker.release(job).then(() => job),
  'was put off': async ({ worker }, job) => worker.snooze(job, { delay: 5 }).then(() => job),
  'waits for its retry': async ({ worker }, job) =>
    worker.retry(job, 'no', { delay: 5 }).then(() => job),
  'was rescued': async (stand, job) => {
    await passTime(stand, LEASE);
    await stand.worker.rescue();
    return job;
  },
  'expires at this very millisecond': async ({ clock }, job) => {
    clock.advance(LEASE);
    return job;
  },
  'expires now and is another’s': async ({ clock }, job) => {
    clock.advance(LEASE);
    return { ...job, ...(forged(job) as Pick<ClaimedJob, 'lease'>) };
  },
  'expires in a millisecond and is another’s': async ({ clock }, job) => {
    clock.advance(LEASE - 1);
    return { ...job, ...(forged(job) as Pick<ClaimedJob, 'lease'>) };
  },
  'was rescued and runs again': async (stand, job) => {
    await states['was rescued']!(stand, job);
    await claimOne(stand.broker, { host: 'host-b' });
    return job;
  },
  'expires in a millisecond': async ({ clock }, job) => {
    clock.advance(LEASE - 1);
    return job;
  },
  'is completed': async ({ worker }, job) => worker.complete(job).then(() => job),
  'is a dead letter': async ({ worker }, job) => worker.bury(job, 'no').then(() => job),
};

/** Carries every call out twice, as a connection does that has lost the first answer. */
class RepeatingBroker extends FaultyBroker {
  override async settleAndClaim(...call: Parameters<FaultyBroker['settleAndClaim']>) {
    await super.settleAndClaim(...call);
    await new Promise((resolve) => setTimeout(resolve, 10));
    return super.settleAndClaim(...call);
  }
}

const all = (answer: string): string[] => NAMES.map(() => answer);
/** What complete, retry, bury, release, snooze and renew are told. */
const ladder: Record<keyof typeof states, string[]> = {
  'was never there': all('not-found'),
  'was handed back': all('not-running'),
  'was put off': all('not-running'),
  'waits for its retry': all('not-running'),
  'was rescued': all('not-running'),
  'expires at this very millisecond': all('lease-expired'),
  'expires now and is another’s': all('lease-expired'),
  'expires in a millisecond and is another’s': all('lease-mismatch'),
  'was rescued and runs again': all('lease-mismatch'),
  'expires in a millisecond': all('done'),
  'is completed': NAMES.map((write) => (/complete|bury/.test(write) ? 'nothing' : 'not-running')),
  'is a dead letter': NAMES.map((write) => (write === 'bury' ? 'nothing' : 'not-running')),
};
const cases = Object.entries(ladder).flatMap(([state, answers]) =>
  NAMES.map((write, i) => [write, state, answers[i]!] as const),
);

describeBackends('work by hand', (open) => {
  it.each(cases)('to %s a job that %s: %s', async (write, state, answer) => {
    const stand = await standWith(open);
    const job = await states[state]!(stand, await held(stand));
    const before = await stand.dump();

    const told = await writes[write]!(stand.worker, job).catch((error: unknown) => error);

    const isRefusal = answer.includes('-');
    const refusal = new LeaseLostError(job.lease.id, answer as LeaseLostError['reason']);
    expect(told).toEqual(isRefusal ? refusal : undefined);
    expect(told instanceof LeaseLostError && told.reason).toBe(isRefusal && answer);
    expect(isDeepStrictEqual(await stand.dump(), before)).toBe(answer !== 'done');
  });

  it('claims as many as are asked for, of the names that are, the first in line first', async () => {
    const stand = await standWith(open);
    await addMany(stand.broker, 3, (i) => ({ id: `m${i}` }));
    await add(stand.broker, { id: 's', name: 'sms' });
    const claim = async (...args: Parameters<ManualWorker['claim']>) =>
      (await stand.worker.claim(...args)).map(({ record }) => record.id);

    expect(await claim('mail')).toEqual(['m0']);
    expect(await claim(['mail', 'sms'], { limit: 9 })).toEqual(expect.arrayContaining(['m1', 's']));
    expect(await claim(['mail', 'sms'])).toEqual([]);
  });

  it('claims nothing before its time, and at its time', async () => {
    const stand = await standWith(open);
    await add(stand.broker, { due: { delayMs: 5 } });

    stand.clock.advance(4);
    expect(await stand.worker.claim('mail')).toEqual([]);
    stand.clock.advance(1);
    expect(await stand.worker.claim('mail')).toHaveLength(1);
  });

  it('keeps what it is told: the result, the failure, the reason', async () => {
    const stand = await standWith(open);
    await addMany(stand.broker, 3, (i) => ({ id: `job-${i}` }));
    const [first, second, third] = await stand.worker.claim('mail', { limit: 3 });

    await stand.worker.complete(first!, { sent: 1 });
    await stand.worker.retry(second!, new RangeError('far'), { at: new Date(START + 77) });
    await stand.worker.bury(third!, 'nobody lives there', 'discarded');

    const { manager } = stand;
    expect(await manager.get('job-0')).toMatchObject({ attempt: 1, result: { sent: 1 } });
    expect(await manager.get('job-1')).toMatchObject({
      nextRunAt: START + 77,
      failure: { name: 'RangeError', message: 'far' },
    });
    expect(await manager.get('job-2')).toMatchObject({
      nextRunAt: null,
      failure: { reason: 'discarded', message: 'nobody lives there' },
    });
  });

  it('counts no attempt for what is handed back or put off', async () => {
    const stand = await standWith(open);
    const job = await held(stand);

    await stand.worker.release(job);
    const [again] = await stand.worker.claim('mail');
    await stand.worker.snooze(again!, { delay: 40 });

    expect(await stand.manager.get('a')).toMatchObject({
      attempt: 0,
      failCount: 0,
      releaseCount: 1,
      snoozeCount: 1,
      nextRunAt: START + 40,
    });
  });

  it.each<[string, (worker: ManualWorker, job: ClaimedJob) => Promise<void>]>([
    ['completed', (worker, job) => worker.complete(job)],
    ['buried', (worker, job) => worker.bury(job, 'no')],
  ])('lets a recurring job that is %s go on with its next occurrence', async (_how, end) => {
    const stand = await standWith(open);
    const { _id } = await stand.repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 hour',
      nextRunAt: new Date(START),
      priority: 0,
      data: null,
    });
    const [job] = await stand.worker.claim('mail');

    await end(stand.worker, job!);

    expect(await stand.manager.get(_id!)).toMatchObject({ nextRunAt: START + 3_600_000 });
  });

  it('renews to the lease time from now, so that nobody can rescue the job before', async () => {
    const stand = await standWith(open);
    const job = await held(stand);
    stand.clock.advance(LEASE - 1);
    await stand.worker.renew([job]);

    stand.clock.advance(LEASE - 1);
    expect((await stand.worker.rescue()).jobs).toEqual([]);
    await stand.worker.renew(job);
    await passTime(stand, LEASE);
    expect((await stand.worker.rescue()).jobs).toMatchObject([{ id: 'a', outcome: 'requeued' }]);
  });

  it('renews all that can be, and names the one that cannot', async () => {
    const stand = await standWith(open);
    await addMany(stand.broker, 150, (i) => ({ id: `job-${i}` }));
    const jobs = [
      ...(await stand.worker.claim('mail', { limit: 100 })),
      ...(await stand.worker.claim('mail', { limit: 100 })),
    ];
    await stand.worker.complete(jobs[0]!);
    stand.clock.advance(LEASE - 1);

    await expect(stand.worker.renew(jobs)).rejects.toMatchObject({
      jobId: 'job-0',
      reason: 'not-running',
    });

    stand.clock.advance(1);
    await stand.worker.complete(jobs[1]!);
    await stand.worker.complete(jobs[149]!);
  });

  it('says why, when the job was cancelled', async () => {
    const stand = await standWith(open);
    const job = await held(stand);
    await stand.manager.cancel(['a'], 'changed my mind');

    await expect(stand.worker.renew(job)).rejects.toThrow(JobCancelledError);
    await expect(stand.worker.renew(job)).rejects.toMatchObject({ reason: 'changed my mind' });
    await expect(stand.worker.complete(job)).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('gets the jobs of a claim that is repeated, whatever else is asked of it meanwhile', async () => {
    const stand = await standWith(open);
    await addMany(stand.broker, 2, (i) => ({ id: `job-${i}` }));
    const worker = new ManualWorker(new RepeatingBroker(stand.broker));
    const [first] = await worker.claim('mail');

    const [[second]] = await Promise.all([worker.claim('mail'), worker.complete(first!)]);

    await worker.complete(second!);
    expect((await stand.manager.counts()).get('mail')).toMatchObject({ running: 0, completed: 2 });
  });

  it('gets the jobs of a claim whose answer was lost for good with its next one', async () => {
    const stand = await standWith(open);
    await addMany(stand.broker, 3, (i) => ({ id: `job-${i}` }));
    const broker = new FaultyBroker(stand.broker);
    const worker = new ManualWorker(broker);
    const [first] = await worker.claim('mail');
    for (let i = 0; i < broker.partitions; i++) broker.failNext('settleAndClaim', 'lost reply');
    await expect(worker.claim('mail')).rejects.toThrow(ConnectionError);

    const again = await worker.claim('mail', { limit: 2 });

    expect(again).toMatchObject([{ record: { id: 'job-1' } }, { record: { id: 'job-2' } }]);
    await worker.complete(first!);
  });

  it.each<[string, (worker: ManualWorker, job: ClaimedJob) => Promise<unknown>, unknown]>([
    ['a limit of 0', (worker) => worker.claim('mail', { limit: 0 }), InvalidOptionError],
    ['a limit above 100', (worker) => worker.claim('mail', { limit: 101 }), InvalidOptionError],
    [
      'an unknown option of a claim',
      (worker) => worker.claim('mail', { limt: 5 } as never),
      InvalidOptionError,
    ],
    ['options that are none', (worker) => worker.claim('mail', null as never), InvalidOptionError],
    ['what is no job', (worker) => worker.release({} as never), InvalidOptionError],
    ['no job at all', (worker) => worker.complete(undefined as never), InvalidOptionError],
    ['no job to renew', (worker, job) => worker.renew([job, {} as never]), InvalidOptionError],
    [
      'an unknown reason',
      (worker, job) => worker.bury(job, 'no', 'tired' as never),
      InvalidOptionError,
    ],
    [
      'an unknown reason for a recurring job, which keeps none',
      (worker, { lease, record }) => {
        const repeat = { interval: '1 hour' };
        return worker.bury({ lease, record: { ...record, repeat } }, 'no', 'tired' as never);
      },
      InvalidOptionError,
    ],
    ['an empty name', (worker) => worker.claim(''), InvalidJobError],
    [
      'a result that is not JSON',
      (worker, job) => worker.complete(job, new Map()),
      InvalidJobError,
    ],
    ['a bad delay', (worker, job) => worker.retry(job, 'no', { delay: -1 }), InvalidOptionError],
    ['a bad date', (worker, job) => worker.snooze(job, { at: 'some day' }), InvalidScheduleError],
    [
      'a delay and a date',
      (worker, job) => worker.snooze(job, { delay: 1, at: 'tomorrow' }),
      InvalidOptionError,
    ],
    [
      'an unknown option',
      (worker, job) => worker.snooze(job, { wait: 1 } as never),
      InvalidOptionError,
    ],
  ])('refuses %s, and writes nothing', async (_what, act, kind) => {
    const stand = await standWith(open);
    const job = await held(stand);
    const before = await stand.dump();

    await expect(act(stand.worker, job)).rejects.toThrow(kind as typeof Error);

    expect(await stand.dump()).toEqual(before);
  });

  it.each([0, -1_000, 'soon'])('refuses a lease of %p', async (lease) => {
    await expect(standWith(open, { lease })).rejects.toThrow(InvalidOptionError);
  });
});
