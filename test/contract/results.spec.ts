import { describeBackends } from './support/backends.js';
import { add, claimOne, complete, retry, settleOne } from './support/builders.js';

describeBackends('a result that is not kept', (open) => {
  const omitted = { bytes: 70_000, reason: 'too large' };

  it('is told in its place, and the job is completed all the same', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });

    expect(await settleOne(broker, complete(await claimOne(broker), { omitted }))).toBe('ok');

    const job = await manager.get('a');
    expect([job!.result, job!.resultOmitted]).toEqual([undefined, omitted]);
    expect((await manager.inspect('a'))!.record.resultOmitted).toEqual(omitted);
    expect((await manager.counts()).get('mail')).toMatchObject({ completed: 1, failed: 0 });
  });

  it('is told by no result of its own', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    const result = JSON.stringify(`!${JSON.stringify(omitted)}`);

    await settleOne(broker, complete(await claimOne(broker), { result }));

    const job = await manager.get('a');
    expect(job!.result).toBe(JSON.parse(result));
    expect(job!).not.toHaveProperty('resultOmitted');
  });

  it('is forgotten when a later run returns one that is, or none', async () => {
    const { broker, manager, repository } = await open();
    const { _id: id } = await repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 hour',
      nextRunAt: new Date(0),
      priority: 0,
      data: null,
    });
    await settleOne(broker, complete(await claimOne(broker), { nextRunAt: 1, omitted }));
    await settleOne(broker, retry(await claimOne(broker)));
    expect((await manager.get(id!))!.resultOmitted).toEqual(omitted);

    await settleOne(broker, complete(await claimOne(broker), { nextRunAt: 1, result: '7' }));

    const job = await manager.get(id!);
    expect(job!.result).toBe(7);
    expect(job!).not.toHaveProperty('resultOmitted');
  });

  it('is not brought back by a claim', async () => {
    const { broker } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, complete(await claimOne(broker), { omitted }));

    const claimed = await broker.claimOne({
      id: 'a',
      claimId: 'ab12',
      host: 'by-hand',
      leaseMs: 30_000,
    });

    expect(claimed).toMatchObject({ job: { record: { id: 'a', result: undefined } } });
    expect('job' in claimed && 'resultOmitted' in claimed.job.record).toBe(false);
  });
});
