import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  newJob,
  retry,
  settleOne,
} from './support/builders.js';

describeBackends('cancel', (open) => {
  it('removes jobs in every state, with all their traces, and names those that were there', async () => {
    const { broker, manager, repository, dump } = await open();
    const before = await dump();
    const bornWith = async (id: string) => {
      await add(broker, { id });
      return claimOne(broker);
    };
    await settleOne(broker, complete(await bornWith('completed'), { result: '1' }));
    await settleOne(broker, bury(await bornWith('dead')));
    await settleOne(broker, retry(await bornWith('retrying'), { due: { delayMs: 5 } }));
    await add(broker, { id: 'queued' });
    await add(broker, { id: 'scheduled', due: { delayMs: 9 } });
    await add(broker, { id: 'disabled' });
    await repository.disableJobs({ id: 'disabled' });
    const every = await repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: 5000,
      nextRunAt: new Date(START + 5_000),
      priority: 0,
      data: null,
    });
    const ids = ['queued', 'scheduled', 'disabled', 'retrying', 'completed', 'dead', every._id!];

    expect(await manager.cancel([...ids, 'nobody'], 'clean')).toEqual(ids);

    expect(await manager.counts()).toEqual(new Map());
    expect(withoutShells(await dump())).toEqual(withoutShells(before));
  });

  it('takes the lease of a running job away', async () => {
    const { broker, manager, clock } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);

    await manager.cancel(['a'], 'enough');

    expect(await settleOne(broker, complete(held))).toBe('not-found');
    expect((await claim(broker)).earliestExpiry).toBeNull();
    clock.advance(1);
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('tells the worker of a running job at once, and nobody of a waiting one', async () => {
    const { broker, manager, channel } = await open();
    const heard = new Promise((resolve) => channel.subscribeCancel!(resolve));
    await broker.enqueue([newJob({ id: 'waits', name: 'other' }), newJob({ id: 'runs "{1}"' })]);
    await claimOne(broker);

    await manager.cancel(['waits', 'runs "{1}"'], 'because "I" said so');

    expect(await heard).toMatchObject({ jobId: 'runs "{1}"', reason: 'because "I" said so' });
  });

  it('leaves the others alone', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 3, (i) => ({ id: `job-${i}` }));

    await manager.cancel(['job-1'], '');

    expect(idsOf((await claim(broker)).jobs)).toEqual(['job-0', 'job-2']);
  });

  it('counts a job once that is named twice, and copes with none', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });

    expect(await manager.cancel([], '')).toEqual([]);
    expect(await manager.cancel(['a', 'a'], '')).toEqual(['a']);
  });

  it('frees the key of a recurring job', async () => {
    const { manager, repository } = await open();
    const row = {
      name: 'nightly',
      type: 'single',
      repeatInterval: '1 day',
      nextRunAt: new Date(START),
      priority: 0,
      data: null,
    } as const;
    const first = await repository.saveJob(row);
    await manager.cancel([first._id!], '');

    const second = await repository.saveJob(row);

    expect(second._id).not.toBe(first._id);
    expect((await manager.counts()).get('nightly')!.total).toBe(1);
  });
});

/** What stays when all jobs are gone: names that once had some, insertion numbers, stale due times, calls that may be repeated. */
function withoutShells(dump: unknown): unknown {
  const kept = Object.entries(dump as Record<string, unknown>).filter(
    ([key]) => !/names$|due$|meta$|^lanes$|gone$|saved$|cancelled/.test(key),
  );
  return Object.fromEntries(kept);
}
