import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { InvalidOptionError, LeaseLostError } from '../../lib/core/errors.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import { claim, claimOne, complete, idsOf, retry, settleOne } from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

async function openWithWorker(open: () => Promise<OpenBackend>) {
  const store = await open();
  const save = (asked?: Partial<JobParameters>) => store.repository.saveJob(newRow(asked));
  const read = async (row: JobParameters) => (await store.repository.getJobById(row._id!))!;
  return { ...store, worker: new AgendaWorker(store), save, read };
}

describeBackends('getNextJobToRun', (open) => {
  it('hands out a due row, locked and with its fields', async () => {
    const { worker, save, read, clock } = await openWithWorker(open);
    const saved = await save({ data: { to: 'ann' }, priority: 3, repeatInterval: 5_000 });
    clock.advance(7);

    const row = await worker.claim();

    expect(row).toMatchObject({ ...saved, lockedAt: at(7) });
    expect(await read(saved)).toEqual({ ...saved, lockedAt: at(7) });
  });

  it('gives it a token that survives copies, and shows in no key, no JSON and no later read', async () => {
    const { worker, save, read } = await openWithWorker(open);
    const saved = await save();

    const row = await worker.claim();
    const symbols = Object.getOwnPropertySymbols({ ...row });

    expect(symbols).toHaveLength(1);
    expect(Object.keys(row)).toEqual(Object.keys({ ...saved, lockedAt: at(0) }));
    expect(JSON.stringify(row)).not.toContain(String(Reflect.get(row, symbols[0]!)));
    expect(Object.getOwnPropertySymbols(await read(saved))).toEqual([]);
  });

  it('gives a token that was never used before', async () => {
    const { worker, save } = await openWithWorker(open);
    await save();

    const tokens = new Set<unknown>();
    for (let i = 0; i < 5; i++) {
      const row = await worker.claim();
      tokens.add(Reflect.get(row, Object.getOwnPropertySymbols(row)[0]!));
      await worker.repository.unlockJob(row);
    }

    expect(tokens.size).toBe(5);
  });

  it.each(['mai', 'mail2', 'Mail', 'mail:', '*', 'm?il', ''])(
    'wants exactly the name: %j is another one',
    async (name) => {
      const { worker, save } = await openWithWorker(open);
      await save();

      expect(await worker.next({ name })).toBeUndefined();
      expect(await worker.next()).toBeDefined();
    },
  );

  it('claims ahead as far as it is asked to, and no further', async () => {
    const { worker, save } = await openWithWorker(open);
    await save({ nextRunAt: at(5_000) });

    expect(await worker.next({ aheadMs: 4_999 })).toBeUndefined();
    expect(await worker.next({ aheadMs: 5_000 })).toMatchObject({ nextRunAt: at(5_000) });
  });

  it('hands out nothing that is due after the time it is asked for', async () => {
    const { worker, save } = await openWithWorker(open);
    await save();

    expect(await worker.next({ aheadMs: -1 })).toBeUndefined();
    expect(await worker.next({ aheadMs: 0 })).toBeDefined();
  });

  it.each([600_000, -600_000])(
    'looks ahead from the present of the store, not from a clock that is %i ms off',
    async (clockIsAheadMs) => {
      const { worker, save } = await openWithWorker(open);
      await save({ nextRunAt: at(5_000) });

      expect(await worker.next({ clockIsAheadMs, aheadMs: 4_999 })).toBeUndefined();
      expect(await worker.next({ clockIsAheadMs, aheadMs: 5_000 })).toBeDefined();
    },
  );

  it('never hands out a disabled row, one without a time, or one that is handed out', async () => {
    const { worker, save } = await openWithWorker(open);
    await save({ disabled: true });
    await save({ nextRunAt: null });
    const free = await save();

    expect((await worker.claim())._id).toBe(free._id);
    expect(await worker.next({ aheadMs: 3_600_000 })).toBeUndefined();
  });

  it('hands out each row once, to 100 claimers in three processes', async () => {
    const store = await open();
    const ids = new Set<string>();
    for (let i = 0; i < 50; i++) ids.add((await store.repository.saveJob(newRow()))._id!);
    const workers = [
      new AgendaWorker(store),
      await AgendaWorker.another(store),
      await AgendaWorker.another(store),
    ];

    const rows = await Promise.all(Array.from({ length: 100 }, (_, i) => workers[i % 3]!.next()));

    const claimed = rows.filter((row) => row !== undefined).map(({ _id }) => _id!);
    expect(claimed).toHaveLength(50);
    expect(new Set(claimed)).toEqual(ids);
  });

  it('goes on with the other rows when some are removed meanwhile', async () => {
    const { worker, save, repository } = await openWithWorker(open);
    const rows: JobParameters[] = [];
    for (let i = 0; i < 12; i++) rows.push(await save());
    const gone = rows.filter((_, i) => i % 3 === 1).map(({ _id }) => _id!);

    const [claimed] = await Promise.all([
      Promise.all(rows.map(() => worker.next())),
      repository.removeJobs({ ids: gone }),
    ]);
    const left = [...claimed, ...(await worker.claimAll())].filter((row) => row !== undefined);

    for (const { _id } of rows) {
      const isThere = gone.includes(_id!) || left.some((row) => row._id === _id);
      expect([_id, isThere]).toEqual([_id, true]);
    }
    expect(await worker.next()).toBeUndefined();
  });

  it('leaves alone what a host of ours runs, however long, and the other way round', async () => {
    const { worker, save, broker } = await openWithWorker(open);
    const ours = await save();
    await claim(broker, { leaseMs: 86_400_000 });
    const theirs = await save();

    expect((await worker.next({ lockLifetimeMs: 0 }))?._id).toBe(theirs._id);
    expect(idsOf((await claim(broker)).jobs)).toEqual([]);
    expect(ours._id).not.toBe(theirs._id);
  });

  it('tells `lockedAt` by the clock of its caller when that differs by more than a second', async () => {
    const { worker, save, read } = await openWithWorker(open);
    const [one, other] = [await save(), await save()];

    expect((await worker.claim({ clockIsAheadMs: 900 })).lockedAt).toEqual(at(0));
    expect((await worker.claim({ clockIsAheadMs: 600_000 })).lockedAt).toEqual(at(600_000));
    expect((await read(one)).lockedAt).toEqual(at(0));
    expect((await read(other)).lockedAt).toEqual(at(0));
  });

  it('takes its own clock when the caller tells no time', async () => {
    const { repository, save } = await openWithWorker(open);
    await save({ nextRunAt: new Date(0) });
    const before = Date.now();

    const row = await repository.getNextJobToRun('mail', new Date(), new Date(0), undefined);

    expect(row!.lockedAt!.getTime()).toBeGreaterThanOrEqual(before);
    expect(row!.lockedAt!.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('counts a row that is handed out as running', async () => {
    const { worker, save, manager, repository } = await openWithWorker(open);
    await save();
    await worker.claim();

    expect((await manager.counts()).get('mail')).toMatchObject({ running: 1, total: 1 });
    expect(await repository.getQueueSize()).toBe(0);
  });

  it('makes the next save of the name news again', async () => {
    const { worker, save, channel } = await openWithWorker(open);
    await save();
    await worker.claimAll();
    const news = new Promise((resolve) => {
      // On a Cluster the news of the first save may come after this.
      channel.subscribe((told) => {
        if (told.nextRunAt?.getTime() === at(50).getTime()) resolve(told);
      });
    });

    await save({ nextRunAt: at(50) });

    expect(await news).toMatchObject({ jobName: 'mail', nextRunAt: at(50) });
  });

  it.each(['nextScanAt', 'lockDeadline', 'now'])('refuses a broken %s', async (which) => {
    const { save, repository } = await openWithWorker(open);
    await save();
    const broken = (name: string) => new Date(name === which ? Number.NaN : START);

    await expect(
      repository.getNextJobToRun(
        'mail',
        broken('nextScanAt'),
        broken('lockDeadline'),
        broken('now'),
      ),
    ).rejects.toThrow(InvalidOptionError);
  });
});

describeBackends('lockJob', (open) => {
  it('hands out that row to one of two callers', async () => {
    const { save, repository, anotherBackend } = await openWithWorker(open);
    const row = await save({ data: 1 });
    const other = (await anotherBackend()).repository;

    const locked = await Promise.all([repository.lockJob(row), other.lockJob(row)]);

    const [winner, ...more] = locked.filter((one) => one !== undefined);
    expect(more).toEqual([]);
    expect(winner).toMatchObject({ _id: row._id, data: 1, lockedAt: expect.any(Date) });
    await expect(repository.saveJobState(winner!)).resolves.toBeUndefined();
  });

  it('hands out a row without a time, and one that is not due', async () => {
    const { save, repository } = await openWithWorker(open);
    const rows = [await save({ nextRunAt: null }), await save({ nextRunAt: at(9_000) })];

    for (const row of rows) {
      expect(await repository.lockJob(row)).toMatchObject({ nextRunAt: row.nextRunAt });
    }
  });

  it('hands out nothing that is disabled, handed out, unknown, or not as the caller knows it', async () => {
    const { save, repository, worker } = await openWithWorker(open);
    const disabled = await save({ disabled: true });
    const held = await save();
    await worker.claim();
    const free = await save({ nextRunAt: at(5) });

    const calls = [
      disabled,
      held,
      { ...free, nextRunAt: at(6) },
      { ...free, nextRunAt: null },
      { ...free, name: 'other' },
      { ...free, _id: 'nobody' },
      newRow(),
    ];
    for (const row of calls) expect(await repository.lockJob(row)).toBeUndefined();
    expect(await repository.lockJob(free)).toBeDefined();
  });
});

describeBackends('unlockJob', (open) => {
  it('gives a row back to its old place, and counts nothing', async () => {
    const { worker, save, read, manager } = await openWithWorker(open);
    const [first, second] = [await save(), await save()];
    const before = await manager.get(first._id!);

    const held = await worker.claim();
    await worker.repository.unlockJob(held);

    expect(await manager.get(first._id!)).toEqual(before);
    expect(await read(first)).toEqual(first);
    expect((await worker.claimAll()).map(({ _id }) => _id)).toEqual([first._id, second._id]);
  });

  it('needs the token in force', async () => {
    const { worker, save } = await openWithWorker(open);
    await save();
    const stale = await worker.claim();
    await worker.repository.unlockJob(stale);
    await worker.claim();

    await worker.repository.unlockJob(stale);

    expect(await worker.next()).toBeUndefined();
  });

  it('without a token gives back what this object handed out, and no other', async () => {
    const store = await openWithWorker(open);
    const row = await store.save();
    const other = await AgendaWorker.another(store);
    await store.worker.claim();
    const bare = JSON.parse(JSON.stringify({ _id: row._id, name: 'mail' })) as JobParameters;

    await other.repository.unlockJob(bare);
    expect(await other.next()).toBeUndefined();
    await store.worker.repository.unlockJob(bare);
    expect(await other.next()).toBeDefined();
  });

  it('keeps a row without a time, which nobody would find again', async () => {
    const { save, read, repository } = await openWithWorker(open);
    const row = await save({ nextRunAt: null });
    const held = await repository.lockJob(row);

    await repository.unlockJob(held!);

    expect((await read(row)).lockedAt).toEqual(expect.any(Date));
  });

  it('never rejects, and leaves nothing behind for a row that is gone', async () => {
    const { worker, save, repository, dump } = await openWithWorker(open);
    await save();
    const held = await worker.claim();
    await repository.removeJobs({ id: held._id! });
    const before = await dump();

    await repository.unlockJob(held);
    await repository.unlockJob(newRow());
    await repository.unlockJob({ ...held, _id: '\u0000' });
    await repository.unlockJobs([held._id!, 'nobody']);

    expect(await dump()).toEqual(before);
  });
});

describeBackends('unlockJobs', (open) => {
  it('gives back what this object handed out, whatever its time, started or not', async () => {
    const { worker, save, repository, read } = await openWithWorker(open);
    const [claimed, started, timeless] = [
      await save(),
      await save({ nextRunAt: at(-5), repeatInterval: 60_000 }),
      await save({ nextRunAt: null }),
    ];
    await repository.lockJob(claimed);
    await worker.start((await repository.lockJob(started))!, at(60_000));
    await repository.lockJob(timeless);

    await repository.unlockJobs([claimed._id!, started._id!, timeless._id!, 'nobody']);

    expect(await read(claimed)).toEqual(claimed);
    // Its run does not count: it goes back to the time that was planned for it.
    expect(await read(started)).toMatchObject({ nextRunAt: at(-5) });
    for (const row of [claimed, started, timeless]) {
      expect(Object.keys(await read(row))).not.toContain('lockedAt');
    }
  });

  it('leaves the leases of others and newer ones alone', async () => {
    const store = await openWithWorker(open);
    const row = await store.save();
    const other = await AgendaWorker.another(store);
    await other.claim();

    await store.worker.repository.unlockJobs([row._id!]);

    expect(await store.worker.next()).toBeUndefined();
  });
});

describeBackends('saveJobState', (open) => {
  it('stores what happened, from the opening write to the closing one', async () => {
    const { worker, save, read, manager, clock } = await openWithWorker(open);
    const row = await save();
    clock.advance(2);
    const started = await worker.start(await worker.claim());
    expect(await read(row)).toMatchObject({ lastRunAt: at(2), lockedAt: at(2), nextRunAt: null });

    clock.advance(8);
    await worker.succeed(started);

    expect(await read(row)).toEqual({
      ...row,
      nextRunAt: null,
      lastRunAt: at(2),
      lastFinishedAt: at(10),
    });
    expect(await manager.get(row._id!)).toMatchObject({ attempt: 1, rescueCount: 0 });
    expect((await manager.counts()).get('mail')).toMatchObject({ completed: 1, total: 1 });
  });

  it('counts a failed run without a next time as a dead letter', async () => {
    const { worker, save, read, manager } = await openWithWorker(open);
    const row = await save();

    await worker.fail(await worker.claimAndStart(), 'no luck');

    expect(await read(row)).toMatchObject({
      nextRunAt: null,
      failedAt: at(0),
      failReason: 'no luck',
      failCount: 1,
    });
    expect(await manager.get(row._id!)).toMatchObject({ attempt: 1 });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, total: 1 });
  });

  it('runs a job again at the time that the closing write brings', async () => {
    const { worker, save, clock, manager } = await openWithWorker(open);
    const row = await save();

    await worker.fail(await worker.claimAndStart(), 'no luck', at(50));

    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, total: 1 });
    clock.advance(49);
    expect(await worker.next()).toBeUndefined();
    clock.advance(1);
    expect(await worker.claim()).toMatchObject({ _id: row._id, failCount: 1 });
  });

  it('begins the count of attempts anew with each success of a recurring job', async () => {
    const { worker, save, manager, clock } = await openWithWorker(open);
    const row = await save({ repeatInterval: 1_000 });
    await worker.fail(await worker.claimAndStart(), 'no luck', at(10));
    expect(await manager.get(row._id!)).toMatchObject({ attempt: 1 });
    clock.advance(10);

    await worker.succeed(await worker.start(await worker.claim(), at(1_000)));

    expect(await manager.get(row._id!)).toMatchObject({ attempt: 0, nextRunAt: START + 1_000 });
    expect((await manager.counts()).get('mail')).toMatchObject({ repeating: 1, total: 1 });
  });

  it('clears what is undefined, but not the progress; 0 and no text are values', async () => {
    const { worker, save, read } = await openWithWorker(open);
    const row = await save();
    const started = await worker.claimAndStart();
    await worker.touch(started, 50);
    await worker.touch(started);
    expect(await read(row)).toMatchObject({ progress: 50 });

    await worker.repository.saveJobState({
      ...started,
      failReason: '',
      failCount: 0,
      progress: 0,
      lastRunAt: undefined as never,
    });

    const after = await read(row);
    expect(after).toMatchObject({ failReason: '', failCount: 0, progress: 0 });
    expect(Object.keys(after)).not.toContain('lastRunAt');
  });

  it('keeps the progress of a run after it, and over the next', async () => {
    const { worker, save, read } = await openWithWorker(open);
    const row = await save();
    const started = await worker.claimAndStart();
    await worker.touch(started, 12.5);

    await worker.fail(started, 'no luck', at(0));
    expect(await read(row)).toMatchObject({ progress: 12.5 });
    await worker.succeed(await worker.claimAndStart());
    expect(await read(row)).toMatchObject({ progress: 12.5 });
  });

  it('keeps who wrote last', async () => {
    const { worker, save, read, repository } = await openWithWorker(open);
    const row = await save();
    const started = await worker.claim();

    await repository.saveJobState(started, { lastModifiedBy: 'worker-1' });
    expect((await read(row)).lastModifiedBy).toBe('worker-1');
    await repository.saveJobState(started);
    expect((await read(row)).lastModifiedBy).toBe('worker-1');
  });

  it('leaves nothing of an earlier run behind: neither its result nor its occurrence', async () => {
    const { worker, save, broker, manager, clock } = await openWithWorker(open);
    const row = await save({ repeatInterval: 1_000 });
    const first = await claimOne(broker);
    await settleOne(broker, complete(first, { result: '"old"', nextRunAt: START + 1_000 }));
    clock.advance(1_000);
    await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 10 } }));
    clock.advance(10);
    expect(await manager.get(row._id!)).toMatchObject({
      result: 'old',
      occurrenceAt: START + 1_000,
    });

    await worker.succeed(await worker.start(await worker.claim(), at(2_000)));

    expect(await manager.get(row._id!)).toMatchObject({
      nextRunAt: START + 2_000,
      result: undefined,
      occurrenceAt: null,
    });
  });

  it('ends a run that has had no opening write', async () => {
    const { worker, save, read, manager } = await openWithWorker(open);
    const row = await save();
    const held = await worker.claim();

    await worker.succeed({ ...held, nextRunAt: null });

    expect(await read(row)).toMatchObject({ nextRunAt: null, lastFinishedAt: at(0) });
    expect(await manager.get(row._id!)).toMatchObject({ attempt: 1 });
  });

  it.each(['lastRunAt', 'nextRunAt', 'progress', 'failCount'])(
    'refuses a broken %s, and writes nothing',
    async (field) => {
      const { worker, save, dump, repository } = await openWithWorker(open);
      await save();
      const held = await worker.claim();
      const before = await dump();
      const broken = /At$/.test(field) ? new Date(Number.NaN) : Number.NaN;

      await expect(repository.saveJobState({ ...held, [field]: broken })).rejects.toThrow(
        InvalidOptionError,
      );
      expect(await dump()).toEqual(before);
    },
  );

  it('ends a run in spite of a progress that cannot be stored', async () => {
    const { worker, save, read } = await openWithWorker(open);
    const row = await save();
    const started = await worker.claimAndStart();
    await worker.touch(started, 5);

    await worker.fail({ ...started, progress: Number.NaN }, 'no number');

    expect(await read(row)).toMatchObject({ failReason: 'no number', progress: 5 });
  });

  it('without a token writes a free row as given', async () => {
    const { save, read, repository, worker } = await openWithWorker(open);
    const row = await save();
    // `job.run()` of a job that was never claimed.
    const running = { ...row, lastRunAt: at(0), nextRunAt: null };
    await repository.saveJobState(running);
    expect(await read(row)).toEqual(running);

    await repository.saveJobState({ ...running, lastFinishedAt: at(0), nextRunAt: at(0) });

    expect(await worker.claim()).toMatchObject({ _id: row._id, lastFinishedAt: at(0) });
  });

  it('places a row without a lease by what is written', async () => {
    const { save, repository, manager } = await openWithWorker(open);
    const [done, dead, waiting] = [await save(), await save(), await save()];
    const failure = { failedAt: at(0), failReason: 'x', failCount: 1 };

    await repository.saveJobState({ ...done, nextRunAt: null, lastFinishedAt: at(0) });
    await repository.saveJobState({ ...dead, nextRunAt: null, lastFinishedAt: at(0), ...failure });
    await repository.saveJobState({ ...waiting, nextRunAt: at(5) });

    expect((await manager.counts()).get('mail')).toMatchObject({
      completed: 1,
      failed: 1,
      scheduled: 1,
      total: 3,
    });
  });

  it('throws for a row that is gone, or never was, and leaves no key behind', async () => {
    const { worker, save, repository, dump } = await openWithWorker(open);
    await save();
    const held = await worker.claimAndStart();
    await repository.removeJobs({ id: held._id! });
    const before = await dump();

    const writes = [held, { ...held, lockedAt: undefined as never }, newRow({ _id: 'nobody' })];
    for (const row of [...writes, newRow()]) {
      await expect(repository.saveJobState(row)).rejects.toThrow(LeaseLostError);
    }
    expect(await dump()).toEqual(before);
  });
});
