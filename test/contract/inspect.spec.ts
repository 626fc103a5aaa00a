import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claimOne,
  complete,
  LEASE,
  loseAndRescue,
  retry,
  settleOne,
} from './support/builders.js';

describeBackends('inspect', (open) => {
  it('knows nothing of a job that is not there', async () => {
    const { manager } = await open();

    expect(await manager.inspect('nobody')).toBeUndefined();
  });

  it('tells of a waiting job that nobody has it, and that nothing has happened', async () => {
    const { broker, manager, clock } = await open();
    const record = await add(broker, { id: 'a', data: '{"to":"ann"}' });
    clock.advance(5);

    expect(await manager.inspect('a')).toEqual({
      record,
      lease: undefined,
      history: [],
      now: START + 5,
    });
  });

  it('tells who runs a job, since when and until when, and never the token', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    clock.advance(5);
    const { lease } = await claimOne(broker, { host: 'host-x' });
    clock.advance(10);

    const inspected = await manager.inspect('a');

    expect(inspected).toMatchObject({ record: { lockedAt: START + 5 }, now: START + 15 });
    expect(inspected!.lease).toEqual({
      host: 'host-x',
      lockedAt: START + 5,
      expiresAt: START + 5 + LEASE,
      fence: lease.fence,
    });
    expect(JSON.stringify(inspected)).not.toContain(lease.token.split(':')[0]);
  });

  it('tells the expiry as it was renewed, also when it has passed', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    const { lease } = await claimOne(broker);
    clock.advance(10);
    await broker.renew([lease], LEASE);
    const renewed = { lease: { lockedAt: START, expiresAt: START + 10 + LEASE } };

    expect(await manager.inspect('a')).toMatchObject(renewed);
    clock.advance(LEASE);
    expect(await manager.inspect('a')).toMatchObject({ ...renewed, now: START + 10 + LEASE });
  });

  it('tells why a job is dead, and how it came to that', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker)));
    await claimOne(broker);
    await loseAndRescue(store);
    await settleOne(broker, bury(await claimOne(broker), 'unrecoverable'));

    const inspected = await manager.inspect('a');

    expect(inspected).toMatchObject({
      record: { failure: { reason: 'unrecoverable', message: 'no hope' }, failedAt: clock.now() },
      lease: undefined,
      history: [
        { kind: 'failed', attempt: 1, failure: { message: 'no luck' } },
        { kind: 'rescued', attempt: 2 },
        { kind: 'dead', attempt: 3, failure: { message: 'no hope' } },
      ],
    });
    expect(inspected!.record).toEqual(await manager.get('a'));
    expect(inspected!.history).toEqual(await manager.history('a'));
  });

  it('tells the result of a job, and of its first success what the record knows', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    const claimed = await claimOne(broker);
    clock.advance(7);
    await settleOne(broker, complete(claimed, { result: '{"sent":1}' }));

    expect(await manager.inspect('a')).toMatchObject({
      record: { result: { sent: 1 } },
      history: [{ kind: 'completed', attempt: 1, startedAt: START, endedAt: START + 7 }],
    });
  });

  it('tells of a row that an engine of Agenda has, and of a lock that came with one', async () => {
    const { broker, repository, manager } = await open();
    await addMany(broker, 1, () => ({ id: 'a', name: 'handed' }));
    const [now, deadline] = [new Date(START), new Date(START - 600_000)];
    await repository.getNextJobToRun('handed', now, deadline, now);
    const { _id } = await repository.saveJob({
      name: 'locked',
      data: null,
      type: 'normal',
      priority: 0,
      nextRunAt: now,
      lockedAt: new Date(START - 50),
    });

    expect(await manager.inspect('a')).toMatchObject({
      lease: { lockedAt: START, expiresAt: expect.any(Number), fence: expect.any(Number) },
    });
    expect((await manager.inspect(_id!))!.lease).toEqual({
      host: '',
      lockedAt: START - 50,
      expiresAt: null,
      fence: 0,
    });
  });
});
