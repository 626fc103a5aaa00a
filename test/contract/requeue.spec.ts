import { InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import type { RequeueRequest } from '../../lib/core/contracts/job-manager.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  loseAndRescue,
  newJob,
  release,
  retry,
  settleOne,
  snooze,
} from './support/builders.js';

const now: RequeueRequest = { due: { delayMs: 0 }, resetAttempts: true };
const ok = [{ outcome: 'ok' }];

/** A dead letter, after one retry, one release and one snooze. */
async function dead({ broker }: OpenBackend, id = 'a', asked: object = {}): Promise<void> {
  await add(broker, { id, ...asked });
  for (const end of [retry, release, snooze, bury]) {
    await settleOne(broker, end(await claimOne(broker)));
  }
}

describeBackends('requeue', (open) => {
  it('brings a dead letter back as if it had never failed', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await dead(store, 'a', { data: '{"to":"ann"}', priority: 3 });
    clock.advance(1_000);

    expect(await manager.requeue(['a'], now)).toEqual(ok);

    expect(await manager.get('a')).toMatchObject({
      data: { to: 'ann' },
      priority: 3,
      nextRunAt: START + 1_000,
      lockedAt: null,
      lastRunAt: START,
      attempt: 0,
      failCount: 0,
      rescueCount: 0,
      releaseCount: 0,
      snoozeCount: 0,
      failedAt: null,
      failure: null,
    });
    const counts = (await manager.counts()).get('mail');
    expect(counts).toMatchObject({ queued: 1, failed: 0, total: 1 });
    expect((await claimOne(broker)).record).toMatchObject({ id: 'a', attempt: 0 });
  });

  it('leaves time, reason and message of the death to the history', async () => {
    const store = await open();
    const { manager, clock } = store;
    await dead(store);
    clock.advance(1_000);
    await manager.requeue(['a'], now);

    const history = (await manager.history('a'))!;
    expect(history.map(({ kind }) => kind)).toEqual(['failed', 'dead', 'requeued']);
    expect(history[1]).toMatchObject({
      attempt: 2,
      endedAt: START,
      failure: { reason: 'exhausted', message: 'no hope' },
    });
    expect(history[2]).toEqual({
      kind: 'requeued',
      attempt: 2,
      plannedAt: null,
      startedAt: null,
      endedAt: START + 1_000,
      host: '',
    });
  });

  it('also of a row that died where nobody keeps a history', async () => {
    const { manager, repository } = await open();
    const at = new Date(START);
    const row = await repository.saveJob({
      name: 'mail',
      type: 'normal',
      priority: 0,
      data: null,
      nextRunAt: null,
      lastFinishedAt: at,
      failedAt: at,
      failReason: 'no luck',
    });
    const told = await manager.history(row._id!);

    expect(await manager.requeue([row._id!], now)).toEqual(ok);

    expect(await manager.history(row._id!)).toEqual([
      ...told!,
      expect.objectContaining({ kind: 'requeued' }),
    ]);
    expect(told).toMatchObject([{ kind: 'dead', failure: { message: 'no luck' } }]);
  });

  it.each<[string, RequeueRequest['due'], number]>([
    ['a delay', { delayMs: 250 }, 250],
    ['a delay with a fraction', { delayMs: 249.5 }, 250],
    ['an instant', { at: START + 250 }, 250],
    ['an instant with a fraction', { at: START + 249.5 }, 250],
    ['an instant that has passed', { at: START - 1_000 }, 0],
    ['no delay', { delayMs: 0 }, 0],
  ])('keeps the time it is given: %s', async (_, due, afterMs) => {
    const store = await open();
    const { broker, manager, clock } = store;
    await dead(store);

    await manager.requeue(['a'], { ...now, due });

    expect((await manager.get('a'))!.nextRunAt).toBe(START + afterMs);
    clock.advance(afterMs);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('lets the job wait for its time, and not run 1 ms before', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await dead(store);
    await manager.requeue(['a'], { ...now, due: { delayMs: 250 } });

    clock.advance(249);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('resets attempts only when told to: else an exhausted job has one run more', async () => {
    const store = await open();
    const { broker, manager } = store;
    await dead(store);

    await manager.requeue(['a'], { ...now, resetAttempts: false });

    const again = await claimOne(broker);
    expect(again.record).toMatchObject({
      attempt: 2,
      rescueCount: 0,
      failCount: 2,
      releaseCount: 1,
      snoozeCount: 1,
      failedAt: null,
      failure: null,
    });
    await settleOne(broker, bury(again));
    expect(await manager.get('a')).toMatchObject({ attempt: 3, failCount: 3, nextRunAt: null });
  });

  it('gives a stalled job one start more, or all of them anew', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    const lose = async () => {
      await claimOne(broker);
      await loseAndRescue(store);
    };
    await broker.register([{ name: 'mail', maxRescues: 1 }]);
    await add(broker, { id: 'a' });
    await lose();
    await lose();
    expect(await manager.get('a')).toMatchObject({ failure: { reason: 'stalled' } });

    await manager.requeue(['a'], { ...now, resetAttempts: false });
    expect(await manager.get('a')).toMatchObject({ attempt: 2, rescueCount: 2 });
    await lose();
    expect(await manager.get('a')).toMatchObject({ nextRunAt: null, rescueCount: 3 });

    await manager.requeue(['a'], now);
    await lose();
    expect(await manager.get('a')).toMatchObject({ nextRunAt: clock.now() - 30_000, attempt: 1 });
  });

  it('answers for a missing job, one that is not dead, and one of another name', async () => {
    const store = await open();
    const { broker, manager, dump } = store;
    await dead(store, 'dead');
    await add(broker, { id: 'done' });
    await settleOne(broker, complete(await claimOne(broker)));
    await add(broker, { id: 'retrying' });
    await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 5 } }));
    await add(broker, { id: 'running' });
    await claimOne(broker);
    await add(broker, { id: 'waiting' });
    const before = await dump();
    const how = { ...now, expectName: 'report' };

    const ids = ['nobody', 'done', 'retrying', 'running', 'waiting', 'dead'];
    expect((await manager.requeue(ids, how)).map(({ outcome }) => outcome)).toEqual([
      'not-found',
      ...Array(4).fill('not-dead'),
      'name-mismatch',
    ]);
    expect(await dump()).toEqual(before);
    expect(await manager.requeue(['dead'], { ...now, expectName: 'mail' })).toEqual(ok);
  });

  it('judges each alone, answers in their order, and takes none at all', async () => {
    const store = await open();
    const { broker, manager } = store;
    await dead(store, 'a');
    await dead(store, 'b');

    const answers = await manager.requeue(['b', 'nobody', 'a', 'b'], now);

    expect(answers.map(({ outcome }) => outcome)).toEqual(['ok', 'not-found', 'ok', 'ok']);
    expect(idsOf((await claim(broker)).jobs).sort()).toEqual(['a', 'b']);
    expect(await manager.history('b')).toHaveLength(3);
    expect(await manager.requeue([], now)).toEqual([]);
    expect(await manager.requeue(['b'], now)).toEqual([{ outcome: 'not-dead' }]);
  });

  it('puts the jobs back into the order of insertion, whatever the order of the ids', async () => {
    const store = await open();
    for (const id of ['a', 'b', 'c']) await dead(store, id);

    await store.manager.requeue(['c', 'a', 'b'], now);

    expect(idsOf((await claim(store.broker)).jobs)).toEqual(['a', 'b', 'c']);
  });

  const data = [null, 0, 'text', [1, { type: 'single' }], { to: 'ann', list: [{ repeat: {} }] }];
  const texts = [undefined, ...data.map((value) => JSON.stringify(value))];

  it.each(texts.flatMap((old) => texts.map((fresh) => [old, fresh] as const)))(
    'gives data %s up for %s, and nothing else',
    async (old, fresh) => {
      const store = await open();
      const { manager } = store;
      await dead(store, 'a', { data: old, lastModifiedBy: 'billing "{"' });
      const before = (await manager.get('a'))!;

      await manager.requeue(['a'], { ...now, data: fresh ?? null });

      const job = (await manager.get('a'))!;
      expect(job.data).toEqual(fresh === undefined ? undefined : JSON.parse(fresh));
      const { createdAt, priority, lastModifiedBy, overrides } = before;
      expect(job).toMatchObject({ createdAt, priority, lastModifiedBy, overrides });
    },
  );

  it('leaves rule, key and paused of a recurring job with new data', async () => {
    const { broker, manager, repository } = await open();
    const rule = { repeatInterval: '1 hour', repeatTimezone: 'Europe/Paris', repeatKey: 'é,{"' };
    const row = { name: 'mail', type: 'single', priority: 0, ...rule } as const;
    const list = [{ repeat: {} }, { type: 'x' }];
    const nextRunAt = new Date(START);
    const { _id } = await repository.saveJob({ ...row, data: { list }, nextRunAt });
    const id = _id!;
    await settleOne(broker, bury(await claimOne(broker)));
    await repository.disableJobs({ id: id as never });
    const before = (await manager.get(id))!;

    expect(await manager.requeue([id], { ...now, data: '{"list":[{"repeat":{}}]}' })).toEqual(ok);

    const { type, repeat, disabled } = before;
    expect(await manager.get(id)).toMatchObject({
      data: { list: [{ repeat: {} }] },
      type,
      repeat,
      disabled,
      nextRunAt: START,
    });
    expect((await claim(broker)).jobs).toEqual([]);
    await repository.enableJobs({ id: id as never });
    expect((await claimOne(broker)).record.repeat).toEqual(repeat);
    // Its key still leads to it.
    const again = await repository.saveJob({ ...row, data: 1, nextRunAt });
    expect(again._id).toBe(id);
  });

  it('leaves a job that is disabled where it is: it runs when it is enabled', async () => {
    const store = await open();
    const { broker, manager, repository } = store;
    await dead(store);
    await repository.disableJobs({ id: 'a' as never });

    expect(await manager.requeue(['a'], now)).toEqual(ok);

    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 1, paused: 1 });
    expect((await claim(broker)).jobs).toEqual([]);
    await repository.enableJobs({ id: 'a' as never });
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('does not open a debounce window again that is over', async () => {
    const { manager, repository } = await open();
    const at = new Date(START);
    const died = { nextRunAt: null, lastFinishedAt: at, failedAt: at, debounceStartedAt: at };
    const row = { name: 'mail', type: 'normal', priority: 0, data: 1, ...died } as const;
    const { _id } = await repository.saveJob(row);

    expect(await manager.requeue([_id!], now)).toEqual(ok);

    expect((await manager.get(_id!))!.debounceStartedAt).toBeNull();
  });

  const finish = { key: 'order-1', release: 'finish', holdMs: 0 } as const;

  it('takes a key again that its death has freed', async () => {
    const store = await open();
    const { broker, manager } = store;
    await dead(store, 'a', { idempotency: finish });

    expect(await manager.requeue(['a'], now)).toEqual(ok);

    const [second] = await broker.enqueue([newJob({ id: 'b', idempotency: finish })]);
    expect(second).toMatchObject({ created: false, job: { id: 'a' } });
  });

  it('is refused while another job has the key, which is named, and changes nothing', async () => {
    const store = await open();
    const { broker, manager, dump } = store;
    await dead(store, 'a', { idempotency: finish });
    await add(broker, { id: 'b', idempotency: finish });
    const before = await dump();

    const taken = [{ outcome: 'key-taken', holder: 'b' }];
    expect(await manager.requeue(['a'], now)).toEqual(taken);
    expect(await dump()).toEqual(before);

    await settleOne(broker, complete(await claimOne(broker)));
    expect(await manager.requeue(['a'], now)).toEqual(ok);
  });

  it('gives the key to one of two that had it, in one call', async () => {
    const store = await open();
    for (const id of ['a', 'b']) await dead(store, id, { idempotency: finish });

    expect(await store.manager.requeue(['a', 'b'], now)).toEqual([
      { outcome: 'ok' },
      { outcome: 'key-taken', holder: 'a' },
    ]);
  });

  it('is news to whoever waits for the name', async () => {
    const store = await open();
    const { broker, manager, channel } = store;
    await dead(store);
    await claim(broker);
    const heard = new Promise<string>((resolve) => {
      channel.subscribe(({ jobName }) => resolve(jobName));
    });

    await manager.requeue(['a'], now);

    expect(await heard).toBe('mail');
  });

  it.each<[string, string[], Partial<RequeueRequest>, new (...args: never[]) => Error]>([
    ['101 ids', Array<string>(101).fill('a'), {}, InvalidOptionError],
    ['a negative delay', ['a'], { due: { delayMs: -1 } }, InvalidOptionError],
    ['a time that is none', ['a'], { due: { at: Number.NaN } }, InvalidOptionError],
    ['an empty name', ['a'], { expectName: '' }, InvalidJobError],
  ])('refuses %s, and changes nothing', async (_, ids, how, error) => {
    const store = await open();
    await dead(store);
    const before = await store.dump();

    await expect(store.manager.requeue(ids, { ...now, ...how })).rejects.toThrow(error);
    expect(await store.dump()).toEqual(before);
  });
});
