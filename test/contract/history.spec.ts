import { HISTORY_LENGTH, type HistoryEntry } from '../../lib/core/job/attempt-history.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  bury,
  claimOne,
  complete,
  LEASE,
  loseAndRescue,
  passTime,
  release,
  retry,
  settle,
  settleOne,
  snooze,
} from './support/builders.js';

const boom = { name: 'TypeError', message: 'ünfit "\\" {x}\n[1]', stack: 'TypeError: …\n  at a:1' };

describeBackends('the history of a job', (open) => {
  const kinds = async ({ manager }: OpenBackend, id = 'a') =>
    (await manager.history(id))!.map(({ kind }) => kind);

  it('is unknown of a job that is not there, and empty before the first attempt has ended', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });

    expect(await manager.history('nobody')).toBeUndefined();
    expect(await manager.history('a')).toEqual([]);
    await claimOne(broker);
    expect(await manager.history('a')).toEqual([]);
  });

  it('tells of a first run that ended the job well as much as its record does', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    clock.advance(10);
    const held = await claimOne(broker);
    clock.advance(5);
    await settleOne(broker, complete(held, { result: '1' }));

    expect(await manager.history('a')).toEqual<HistoryEntry[]>([
      {
        kind: 'completed',
        attempt: 1,
        plannedAt: null,
        startedAt: START + 10,
        endedAt: START + 15,
        host: '',
      },
    ]);
  });

  it('tells each failure and the success that came of it: number, times, host, error', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    clock.advance(1);
    const first = await claimOne(broker, { host: 'host "a" {1}' });
    clock.advance(2);
    await settleOne(broker, retry(first, { failure: boom, due: { delayMs: 10 } }));
    clock.advance(20);
    const second = await claimOne(broker, { host: 'host-b' });
    clock.advance(5);
    await settleOne(broker, complete(second));

    expect(await manager.history('a')).toEqual<HistoryEntry[]>([
      {
        kind: 'failed',
        attempt: 1,
        plannedAt: START,
        startedAt: START + 1,
        endedAt: START + 3,
        host: 'host "a" {1}',
        failure: boom,
      },
      {
        kind: 'completed',
        attempt: 2,
        plannedAt: START + 13,
        startedAt: START + 23,
        endedAt: START + 28,
        host: 'host-b',
      },
    ]);
  });

  it('tells why the job died', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    await settleOne(broker, bury(await claimOne(broker), 'unrecoverable'));

    expect(await manager.history('a')).toMatchObject([
      { kind: 'failed', attempt: 1, failure: { message: 'no luck' } },
      { kind: 'dead', attempt: 2, failure: { reason: 'unrecoverable', message: 'no hope' } },
    ]);
  });

  it('keeps no more than the beginning of messages and stacks, of which the record keeps more', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    const long = { name: 'Error', message: 'mé'.repeat(1_000), stack: 's'.repeat(4_000) };
    await settleOne(broker, retry(await claimOne(broker), { failure: long }));
    await settleOne(broker, { ...bury(await claimOne(broker)), failure: long } as never);

    const history = (await manager.history('a'))!;
    for (const { failure } of history) {
      expect(Buffer.byteLength(failure!.message)).toBe(1_024);
      expect(long.message.startsWith(failure!.message)).toBe(true);
      expect(failure!.stack).toHaveLength(1_024);
    }
    expect(history[1]!.failure!.reason).toBe('exhausted');
    expect((await manager.get('a'))!.failure).toEqual({ ...long, reason: 'exhausted' });
  });

  it('tells of a lost process and whose it was', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await add(broker, { id: 'a' });
    await claimOne(broker, { host: 'host-a' });
    await loseAndRescue(store);

    expect(await manager.history('a')).toEqual<HistoryEntry[]>([
      {
        kind: 'rescued',
        attempt: 1,
        plannedAt: START,
        startedAt: START,
        endedAt: clock.now(),
        host: 'host-a',
      },
    ]);
  });

  it('says of the rescue that buries the job why', async () => {
    const store = await open();
    const { broker, manager } = store;
    await broker.register([{ name: 'mail', maxRescues: 0 }]);
    await add(broker, { id: 'a' });
    await claimOne(broker);
    await loseAndRescue(store);

    const [entry, ...others] = (await manager.history('a'))!;
    expect(entry).toMatchObject({ kind: 'rescued', attempt: 1, failure: { reason: 'stalled' } });
    expect(others).toEqual([]);
  });

  it('leaves out what was handed back, put off or passed over', async () => {
    const store = await open();
    const { broker } = store;
    await add(broker, { id: 'a' });
    await settleOne(broker, release(await claimOne(broker)));
    await settleOne(broker, snooze(await claimOne(broker)));
    const { lease } = await claimOne(broker);
    await settleOne(broker, { kind: 'skip', lease, nextRunAt: START });
    expect(await kinds(store)).toEqual([]);

    await settleOne(broker, complete(await claimOne(broker)));
    expect(await kinds(store)).toEqual(['completed']);
  });

  it('tells every occurrence of a recurring job, whose attempts count anew', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    const next = { nextRunAt: START };
    await settleOne(broker, complete(await claimOne(broker), next));
    await settleOne(broker, retry(await claimOne(broker)));
    clock.advance(1);
    await settleOne(broker, complete(await claimOne(broker), next));
    await settleOne(broker, retry(await claimOne(broker), { fresh: true }));

    const history = (await manager.history('a'))!;
    expect(history.map(({ kind, attempt }) => [kind, attempt])).toEqual([
      ['completed', 1],
      ['failed', 1],
      ['completed', 2],
      ['failed', 1],
    ]);
  });

  it('goes on when a job that had ended runs again: nothing that it told is forgotten', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await add(broker, { id: 'a' });
    await settleOne(broker, complete(await claimOne(broker)));
    const [first] = (await manager.history('a'))!;
    clock.advance(50);

    const again = { id: 'a', claimId: 'abc', host: 'host-b', leaseMs: LEASE };
    const { job } = (await broker.claimOne!(again)) as { job: Parameters<typeof complete>[0] };
    expect(await manager.history('a')).toEqual([first]);
    await settleOne(broker, complete(job));

    expect(await manager.history('a')).toEqual([
      first,
      expect.objectContaining({ kind: 'completed', attempt: 1, startedAt: START + 50 }),
    ]);
  });

  it('calls a burial a failure when a time that was saved meanwhile goes on with the job', async () => {
    const store = await open();
    const { broker, repository } = store;
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    const row = (await repository.getJobById('a'))!;
    await repository.saveJob({ ...row, nextRunAt: new Date(START + 50) });
    await settleOne(broker, bury(held));

    expect(await kinds(store)).toEqual(['failed']);
  });

  it('keeps the newest, however many there were', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    for (let i = 0; i < HISTORY_LENGTH + 5; i++) {
      await settleOne(broker, retry(await claimOne(broker)));
    }

    const attempts = (await manager.history('a'))!.map(({ attempt }) => attempt);
    expect(attempts).toEqual(Array.from({ length: HISTORY_LENGTH }, (_, i) => i + 6));
  });

  it('tells one end once: a repeat and a refused settlement leave no entry', async () => {
    const store = await open();
    const { broker } = store;
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    await settle(broker, retry(held), retry(held), bury(held));
    await passTime(store, LEASE);
    const late = await claimOne(broker);
    await passTime(store, LEASE);
    await settleOne(broker, retry(late));

    expect(await kinds(store)).toEqual(['failed']);
  });

  it.each<[string, (store: OpenBackend) => Promise<unknown>]>([
    ['is cancelled', ({ manager }) => manager.cancel(['a'], 'gone')],
    ['is removed', ({ repository }) => repository.removeJobs({ id: 'a' as never })],
    [
      'has completed and is not kept',
      async ({ broker }) => settleOne(broker, complete(await claimOne(broker), { remove: true })),
    ],
  ])('goes with its job when that %s', async (_, remove) => {
    const store = await open();
    const { broker, manager, dump } = store;
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker), { failure: boom }));

    await remove(store);

    expect(await manager.history('a')).toBeUndefined();
    expect(JSON.stringify(await dump())).not.toContain('TypeError');
    await add(broker, { id: 'a' });
    expect(await manager.history('a')).toEqual([]);
  });

  it('tells the newest end of a row as the row tells it, where its process keeps no history', async () => {
    const { manager, repository } = await open();
    const row = { name: 'mail', type: 'normal', priority: 0, data: null } as const;
    const ended = { lastRunAt: new Date(START), lastFinishedAt: new Date(START + 5) };
    const failed = { failedAt: new Date(START + 5), failReason: 'no luck', failCount: 1 };
    const rows = await Promise.all([
      repository.saveJob({ ...row, ...ended, nextRunAt: null }),
      repository.saveJob({ ...row, ...ended, ...failed, nextRunAt: null }),
      repository.saveJob({ ...row, ...ended, ...failed, nextRunAt: new Date(START + 60_000) }),
    ]);

    const end = { attempt: 1, plannedAt: null, startedAt: START, endedAt: START + 5, host: '' };
    const failure = expect.objectContaining({ message: 'no luck' });
    const told = await Promise.all(rows.map(({ _id }) => manager.history(_id!)));
    expect(told).toEqual([
      [{ kind: 'completed', ...end }],
      [{ kind: 'dead', ...end, failure }],
      [{ kind: 'failed', ...end, failure }],
    ]);
  });
});
