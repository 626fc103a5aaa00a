import { InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  newJob,
  retry,
  settleOne,
} from './support/builders.js';

describeBackends('enqueue', (open) => {
  it('answers with the whole job, created, under the id given', async () => {
    const { broker } = await open();

    const answers = await broker.enqueue([
      newJob({
        id: 'order-1',
        data: '{"to":"ann"}',
        priority: 7,
        overrides: { attempts: 3 },
        lastModifiedBy: 'billing',
      }),
    ]);

    expect(answers).toEqual([
      {
        created: true,
        job: {
          id: 'order-1',
          name: 'mail',
          data: { to: 'ann' },
          priority: 7,
          createdAt: START,
          disabled: false,
          type: 'normal',
          repeat: null,
          overrides: { attempts: 3 },
          lastModifiedBy: 'billing',
          fork: false,
          nextRunAt: START,
          lockedAt: null,
          lastRunAt: null,
          lastFinishedAt: null,
          failedAt: null,
          attempt: 0,
          failCount: 0,
          rescueCount: 0,
          releaseCount: 0,
          snoozeCount: 0,
          occurrenceAt: null,
          failure: null,
          result: undefined,
          progress: null,
          debounceStartedAt: null,
        },
      },
    ]);
  });

  it('stores what it answers', async () => {
    const { broker, manager } = await open();

    const job = await add(broker, {
      lastModifiedBy: 'billing',
      data: '[1,{"a":[]}]',
      priority: -2.5,
      due: { delayMs: 10 },
      overrides: { timeout: 5, backoff: { type: 'fixed', delay: 1 }, removeOnComplete: true },
    });

    expect(await manager.get(job.id)).toEqual(job);
  });

  it('lets a job without a delay be claimed at once', async () => {
    const { broker } = await open();
    const job = await add(broker);

    expect((await claimOne(broker)).lease.id).toBe(job.id);
  });

  it('holds a job due in 2 s back 1 ms before its time and hands it out at that very ms', async () => {
    const { broker, clock } = await open();
    const job = await add(broker, { due: { delayMs: 2_000 } });

    clock.advance(1_999);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect(idsOf((await claim(broker)).jobs)).toEqual([job.id]);
  });

  it('rounds due times up, so that no job starts early', async () => {
    const { broker } = await open();

    const delayed = await add(broker, { due: { delayMs: 10.1 } });
    const planned = await add(broker, { due: { at: START + 10.9 } });

    expect([delayed.nextRunAt, planned.nextRunAt]).toEqual([START + 11, START + 11]);
  });

  it('takes an instant that is past as due, and keeps it', async () => {
    const { broker } = await open();
    const job = await add(broker, { due: { at: START - 86_400_000 } });

    expect((await claimOne(broker)).record.nextRunAt).toBe(START - 86_400_000);
    expect(job.nextRunAt).toBe(START - 86_400_000);
  });

  it('takes the last millisecond of the year 9999, and keeps it', async () => {
    const { broker, manager } = await open();
    const at = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    const job = await add(broker, { due: { at } });

    expect(job.nextRunAt).toBe(at);
    expect((await manager.get(job.id))!.nextRunAt).toBe(at);
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('answers in the order of the jobs, told apart by created', async () => {
    const { broker } = await open();
    const first = await add(broker, { id: 'b' });

    const answers = await broker.enqueue(['c', 'b', 'a'].map((id) => newJob({ id, priority: 1 })));

    expect(answers.map(({ job, created }) => [job.id, created])).toEqual([
      ['c', true],
      ['b', false],
      ['a', true],
    ]);
    expect(answers[1]!.job).toEqual(first);
  });

  it('makes one job of an id that comes twice in a call', async () => {
    const { broker, manager } = await open();

    const answers = await broker.enqueue([
      newJob({ id: 'twice', data: '1' }),
      newJob({ id: 'twice', data: '2', name: 'other' }),
    ]);

    expect(answers.map(({ created }) => created)).toEqual([true, false]);
    expect(answers[1]!.job).toEqual(answers[0]!.job);
    expect((await manager.counts()).size).toBe(1);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  const lives: [string, (store: Awaited<ReturnType<typeof open>>) => Promise<unknown>][] = [
    ['queued', async () => undefined],
    ['running', ({ broker }) => claimOne(broker)],
    ['completed', async ({ broker }) => settleOne(broker, complete(await claimOne(broker)))],
    [
      'waiting for its retry',
      async ({ broker }) =>
        settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 9 } })),
    ],
    ['dead', async ({ broker }) => settleOne(broker, bury(await claimOne(broker)))],
    ['disabled', ({ repository }) => repository.disableJobs({ id: 'taken' })],
  ];

  it.each(lives)('adds nothing under the id of a job that is %s', async (_, live) => {
    const store = await open();
    await add(store.broker, { id: 'taken', data: '"first"' });
    await live(store);
    const before = await store.manager.get('taken');
    const dump = await store.dump();

    const again = newJob({ id: 'taken', name: 'other', data: '"second"', due: { delayMs: 5 } });
    const [answer] = await store.broker.enqueue([again]);

    expect(answer).toEqual({ created: false, job: before });
    expect(withoutSeq(await store.dump())).toEqual(withoutSeq(dump));
  });

  it('knows a repeat of its own call by the nonce, and another call by another one', async () => {
    const { broker } = await open();
    const job = newJob({ id: 'order-7', nonce: randomToken() });

    const [first] = await broker.enqueue([job]);
    const [again] = await broker.enqueue([job]);
    const [other] = await broker.enqueue([{ ...job, nonce: randomToken() }]);

    expect([first!.created, again!.created, other!.created]).toEqual([true, true, false]);
    expect(again!.job).toEqual(first!.job);
  });

  it('answers a repeat with the job as it is by now', async () => {
    const { broker, clock } = await open();
    const job = newJob({ id: 'order-7', nonce: randomToken(), due: { delayMs: 0 } });
    await broker.enqueue([job]);
    await settleOne(broker, complete(await claimOne(broker)));
    clock.advance(1_000);

    const [again] = await broker.enqueue([job]);

    expect(again).toMatchObject({
      created: true,
      job: { createdAt: START, nextRunAt: null, lastFinishedAt: START },
    });
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('makes one job and 99 answers that name it of 100 parallel adds of one id', async () => {
    const store = await open();
    const brokers = [store.broker, await store.another(), await store.another()];

    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        brokers[i % 3]!.enqueue([newJob({ id: 'one', data: String(i) })]),
      ),
    );

    const created = answers.flat().filter((answer) => answer.created);
    expect(created).toHaveLength(1);
    expect(answers.flat().map(({ job }) => job)).toEqual(
      answers.map(() => ({ ...created[0]!.job })),
    );
  });

  const faults: [string, Partial<NewJob>, string][] = [
    ['an empty name', { name: '' }, 'name'],
    ['a name with a control character', { name: 'a\nb' }, 'name'],
    ['a name of 257 bytes', { name: 'ä'.repeat(128) + 'x' }, 'name'],
    ['a name with half a surrogate pair', { name: 'a\ud800' }, 'name'],
    ['an empty id', { id: '' }, 'id'],
    ['an id with a control character', { id: 'a\u0000' }, 'id'],
    ['an id of 257 bytes', { id: 'x'.repeat(257) }, 'id'],
    ['a negative delay', { due: { delayMs: -1 } }, 'delayMs'],
    ['a delay that is no number', { due: { delayMs: Number.NaN } }, 'delayMs'],
    ['an endless delay', { due: { delayMs: Infinity } }, 'delayMs'],
    ['an instant that is no number', { due: { at: Number.NaN } }, 'at'],
    ['an instant beyond the year 9999', { due: { at: Date.UTC(10_000, 0) } }, 'at'],
    ['a priority that is no number', { priority: Number.NaN }, 'priority'],
  ];

  it.each(faults)('refuses %s, and stores nothing of the batch', async (_, fault, part) => {
    const { broker, dump } = await open();
    const before = await dump();

    const error: unknown = await broker
      .enqueue([newJob(), newJob(fault)])
      .catch((thrown: unknown) => thrown);

    expect(error instanceof InvalidJobError || error instanceof InvalidOptionError).toBe(true);
    expect((error as Error).message).toContain(`\`${part}\``);
    expect(await dump()).toEqual(before);
  });

  it('takes 100 jobs a call, and refuses 101', async () => {
    const { broker, manager } = await open();
    const jobs = Array.from({ length: 101 }, () => newJob());

    await expect(broker.enqueue(jobs)).rejects.toThrow(InvalidOptionError);
    expect(await broker.enqueue([])).toEqual([]);
    expect(await broker.enqueue(jobs.slice(1))).toHaveLength(100);
    expect((await manager.counts(['mail'])).get('mail')!.queued).toBe(100);
  });

  it('keeps stores with other prefixes apart', async () => {
    const one = await open();
    const other = await open();
    await add(one.broker, { id: 'same' });

    expect((await claim(other.broker)).jobs).toEqual([]);
    expect(await other.manager.get('same')).toBeUndefined();
    expect((await add(other.broker, { id: 'same' })).id).toBe('same');
  });
});

/** Insertion numbers are used up even by an add that adds nothing; gaps mean nothing. */
function withoutSeq(dump: unknown): unknown {
  return JSON.parse(JSON.stringify(dump).replace(/\["seq","\d+"\]/g, '["seq"]'));
}
