import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  claim,
  claimOne,
  complete,
  forged,
  LEASE,
  loseAndRescue,
  newJob,
  release,
  retry,
  settle,
  settleOne,
} from './support/builders.js';

describeBackends('complete', (open) => {
  it('keeps the job as completed, with its result and times', async () => {
    const { broker, manager, clock } = await open();
    const added = await add(broker, { id: 'a', data: '1' });
    clock.advance(10);
    const held = await claimOne(broker);
    clock.advance(5);

    expect(await settleOne(broker, complete(held, { result: '{"sent":[1,2]}' }))).toBe('ok');

    expect(await manager.get('a')).toEqual({
      ...added,
      nextRunAt: null,
      lastRunAt: START + 10,
      lastFinishedAt: START + 15,
      attempt: 1,
      result: { sent: [1, 2] },
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ completed: 1, total: 1 });
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it.each(['null', '0', '""', 'false', '"null"', '[]', '{}', undefined])(
    'gives the result %s back as it was',
    async (result) => {
      const { broker, manager } = await open();
      await add(broker, { id: 'a' });

      await settleOne(broker, complete(await claimOne(broker), { ...(result && { result }) }));

      const job = await manager.get('a');
      expect(job!.result).toEqual(result === undefined ? undefined : JSON.parse(result));
    },
  );

  it('writes once when it comes twice', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    await settleOne(broker, complete(held, { result: '"first"' }));
    const first = await manager.get('a');
    clock.advance(1_000);

    expect(await settleOne(broker, complete(held, { result: '"second"' }))).toBe('ok');
    expect(await manager.get('a')).toEqual(first);
  });

  it('lets a job that was lost be claimed again under another token, and completed', async () => {
    const store = await open();
    await add(store.broker);
    const lost = await claimOne(store.broker);
    await loseAndRescue(store);

    const again = await claimOne(store.broker, { host: 'host-b' });

    expect(again.lease.token).not.toBe(lost.lease.token);
    expect(await settleOne(store.broker, complete(lost))).toBe('lease-mismatch');
    expect(await settleOne(store.broker, complete(again))).toBe('ok');
  });

  it('is refused after the expiry, and the next holder completes', async () => {
    const store = await open();
    const { broker, clock } = store;
    await add(broker);
    const late = await claimOne(broker);
    clock.advance(LEASE);

    expect(await settleOne(broker, complete(late))).toBe('lease-expired');
    await broker.rescue(1, LEASE);
    expect(await settleOne(broker, complete(await claimOne(broker)))).toBe('ok');
  });

  it('with a wrong token is a mismatch, and the right one works afterwards', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);

    expect(await settleOne(broker, complete(forged(held)))).toBe('lease-mismatch');
    expect(await settleOne(broker, complete(held))).toBe('ok');
    expect(await manager.get('a')).toMatchObject({ attempt: 1, nextRunAt: null });
  });

  it('deletes the job instead, if told so', async () => {
    const { broker, manager, dump } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);

    expect(await settleOne(broker, complete(held, { remove: true }))).toBe('ok');

    expect(await manager.get('a')).toBeUndefined();
    expect(await manager.counts()).toEqual(new Map());
    expect(JSON.stringify(await dump())).not.toContain(held.lease.token);
    expect((await add(broker, { id: 'a' })).attempt).toBe(0);
  });

  it('forgets everything about a deleted job, also what its earlier attempts left', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    await settleOne(broker, complete(await claimOne(broker), { remove: true, result: '1' }));

    const anew = await add(broker, { id: 'a' });

    expect(await manager.get('a')).toEqual(anew);
    expect(anew).toMatchObject({ attempt: 0, failCount: 0, failure: null, result: undefined });
  });

  it('sets the failures of a row to 0 and keeps the newest as history', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    clock.advance(1);
    await settleOne(broker, complete(await claimOne(broker)));

    expect(await manager.get('a')).toMatchObject({
      attempt: 2,
      failCount: 0,
      failedAt: START,
      lastFinishedAt: START + 1,
      failure: { message: 'no luck' },
    });
  });

  it('counts as completed what failed and succeeded within one millisecond', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    await settleOne(broker, complete(await claimOne(broker)));

    const job = await manager.get('a');
    expect(job!.lastFinishedAt).toBeGreaterThan(job!.failedAt!);
    expect((await manager.counts()).get('mail')).toMatchObject({ completed: 1, failed: 0 });
  });

  it('settles many attempts of one call, each with its own result', async () => {
    const { broker, manager } = await open();
    await broker.enqueue('abc'.split('').map((id) => newJob({ id })));
    const { jobs } = await claim(broker);

    await settle(broker, ...jobs.map((job, i) => complete(job, i === 1 ? {} : { result: `${i}` })));

    const results = await Promise.all(
      'abc'.split('').map(async (id) => (await manager.get(id))!.result),
    );
    expect(results).toEqual([0, undefined, 2]);
  });
});

const HOUR = 3_600_000;

describeBackends('complete of a recurring job', (open) => {
  async function recurring({ broker, repository }: OpenBackend) {
    const row = await repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 hour',
      nextRunAt: new Date(START),
      priority: 3,
      data: null,
    });
    return { id: row._id!, held: await claimOne(broker) };
  }

  it('waits for its next occurrence, and counts its attempts anew', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    const { id, held } = await recurring(store);
    await settleOne(broker, retry(held));
    await settleOne(broker, release(await claimOne(broker)));
    clock.advance(7);

    await settleOne(
      broker,
      complete(await claimOne(broker), { nextRunAt: START + HOUR, result: '1' }),
    );

    expect(await manager.get(id)).toMatchObject({
      nextRunAt: START + HOUR,
      lockedAt: null,
      lastFinishedAt: START + 7,
      attempt: 0,
      failCount: 0,
      rescueCount: 0,
      releaseCount: 0,
      result: 1,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ repeating: 1, total: 1 });
  });

  it('runs again at that very ms, and not 1 ms before', async () => {
    const store = await open();
    const { id, held } = await recurring(store);
    await settleOne(store.broker, complete(held, { nextRunAt: START + HOUR }));

    store.clock.set(START + HOUR - 1);
    expect((await claim(store.broker)).jobs).toEqual([]);
    store.clock.advance(1);
    expect((await claimOne(store.broker)).lease.id).toBe(id);
  });

  it('has the result of its newest run, also when that has none', async () => {
    const store = await open();
    const { id, held } = await recurring(store);
    await settleOne(store.broker, complete(held, { nextRunAt: START, result: '"old"' }));
    expect((await store.manager.get(id))!.result).toBe('old');

    await settleOne(
      store.broker,
      complete(await claimOne(store.broker), { nextRunAt: START + HOUR }),
    );
    expect((await store.manager.get(id))!.result).toBeUndefined();
  });

  it('is kept though its removal is asked for: another run is planned', async () => {
    const store = await open();
    const { id, held } = await recurring(store);

    await settleOne(store.broker, complete(held, { nextRunAt: START + HOUR, remove: true }));

    expect(await store.manager.get(id)).toMatchObject({ nextRunAt: START + HOUR });
  });

  it('is not-running when it is completed twice', async () => {
    const store = await open();
    const { held } = await recurring(store);
    const done = complete(held, { nextRunAt: START + HOUR });

    expect(await settle(store.broker, done, done)).toEqual(['ok', 'not-running']);
  });

  it('begins its next occurrence with a new budget of rescues', async () => {
    const store = await open();
    const { broker, clock } = store;
    await recurring(store);
    await loseAndRescue(store);
    const held = await claimOne(broker);
    await settleOne(broker, complete(held, { nextRunAt: clock.now() }));

    for (let lost = 0; lost < 2; lost++) {
      await claimOne(broker);
      await loseAndRescue(store);
    }
    expect((await claimOne(broker)).record).toMatchObject({ rescueCount: 2, attempt: 2 });
    expect(clock.now()).toBe(START + 3 * LEASE);
  });
});
