import type { JobBroker, NameLimits } from '../../lib/core/contracts/job-broker.js';
import { describeBackends } from './support/backends.js';
import { add, addMany, claim, complete, idsOf, newJob, retry, settle } from './support/builders.js';
import { at, newRow } from './support/rows.js';

const limit = (broker: JobBroker, limits?: NameLimits, name = 'mail') =>
  broker.register([{ name, maxRescues: 2, ...(limits && { limits }) }]);

describeBackends('a name with a limit of jobs that wait', (open) => {
  it('refuses those beyond it, one by one inside a call', async () => {
    const { broker, manager } = await open();
    await limit(broker, { maxQueued: 3 });
    await add(broker);

    const answers = await broker.enqueue([
      newJob({ id: 'a' }),
      newJob({ id: 'b', due: { delayMs: 1_000 } }),
      newJob({ id: 'c' }),
      newJob({ id: 'd', name: 'report' }),
      newJob({ id: 'e', due: { delayMs: 1_000 } }),
    ]);

    const refused = { maxQueued: 3, queued: 3 };
    expect(answers).toMatchObject([
      { created: true },
      { created: true },
      { created: false, job: { id: 'c' }, refused },
      { created: true },
      { created: false, job: { id: 'e' }, refused },
    ]);
    expect(answers[0]).not.toHaveProperty('refused');
    expect(await manager.get('c')).toBeUndefined();
    expect((await manager.counts()).get('mail')).toMatchObject({ total: 3 });
  });

  it('counts all that wait: due, not due, disabled and for a retry, and nothing else', async () => {
    const { broker, manager, repository } = await open();
    await addMany(broker, 6, (i) => ({ id: `${i}`, due: { delayMs: i < 4 ? 0 : 1_000 } }));
    const { jobs } = await claim(broker, { slots: 3 });
    await settle(broker, complete(jobs[0]!), retry(jobs[1]!, { due: { delayMs: 500 } }));
    await repository.disableJobs!({ id: '5' });
    await limit(broker, { maxQueued: 5 });

    // One has ended, one runs; four wait.
    expect(await broker.enqueue([newJob(), newJob()])).toMatchObject([
      { created: true },
      { refused: { maxQueued: 5, queued: 5 } },
    ]);
    expect((await manager.counts()).get('mail')).toMatchObject({ total: 7 });
  });

  it('takes more as soon as there is room, and without a limit any number', async () => {
    const { broker } = await open();
    await limit(broker, { maxQueued: 1 });
    await add(broker);
    expect(await broker.enqueue([newJob()])).toMatchObject([{ refused: { queued: 1 } }]);

    await claim(broker, { slots: 1 });
    await add(broker);
    expect(await broker.enqueue([newJob()])).toMatchObject([{ refused: { queued: 1 } }]);

    await limit(broker);
    await addMany(broker, 3);
  });

  it('answers with the job in place, also when it is full', async () => {
    const { broker } = await open();
    await limit(broker, { maxQueued: 2 });
    const idempotency = { key: 'order-1', release: 'removal', holdMs: 1_000 } as const;
    await add(broker, { id: 'a', nonce: 'aa' });
    await add(broker, { id: 'b', idempotency });

    const answers = await broker.enqueue([
      newJob({ id: 'a', nonce: 'aa' }),
      newJob({ id: 'a', nonce: 'bb' }),
      newJob({ id: 'c', idempotency }),
      newJob({ id: 'd', idempotency: { ...idempotency, key: 'order-2' } }),
    ]);

    expect(answers.map(({ created }) => created)).toEqual([true, false, false, false]);
    expect(idsOf(answers.map(({ job }) => job))).toEqual(['a', 'a', 'b', 'd']);
    expect(answers.map(({ refused }) => refused?.queued)).toEqual([
      undefined,
      undefined,
      undefined,
      2,
    ]);
  });

  it('leaves nothing of what it refuses: neither tags nor keys nor an expiry', async () => {
    const { broker, manager, dump } = await open();
    await limit(broker, { maxQueued: 1 });
    await add(broker, { id: 'a' });
    const idempotency = { key: 'order-1', release: 'removal', holdMs: 1_000 } as const;

    await broker.enqueue([
      newJob({ id: 'b', tags: ['red'], expires: { delayMs: 100 }, idempotency }),
    ]);

    expect((await manager.find({ tags: ['red'], limit: 10 })).jobs).toEqual([]);
    expect(JSON.stringify(await dump())).not.toMatch(/order-1|red"/);
    await manager.cancel(['a'], 'gone');
    await add(broker, { id: 'c', idempotency });
  });

  it('does not ask recurring jobs, and counts them', async () => {
    const { broker, repository } = await open();
    await limit(broker, { maxQueued: 1 });
    await add(broker);
    await repository.saveJob(newRow({ nextRunAt: at(1_000), repeatInterval: '1 hour' }));
    await repository.saveJob(newRow({ nextRunAt: at(1_000), repeatAt: '3:00pm' }));

    expect(await broker.enqueue([newJob()])).toMatchObject([
      { refused: { maxQueued: 1, queued: 3 } },
    ]);
  });

  it('refuses a saved row beyond it, and saves one that is there', async () => {
    const { broker, repository, manager } = await open();
    await limit(broker, { maxQueued: 1 });
    const unique = { 'data.order': 1 };
    const row = newRow({ data: { order: 1 }, unique });
    await repository.saveJob(row);
    const refusal = { name: 'QueueFullError', jobName: 'mail', maxQueued: 1, queued: 1 };

    await expect(repository.saveJob(newRow({ startDate: at(0) }))).rejects.toMatchObject(refusal);
    await expect(repository.saveJob(newRow({ type: 'single' }))).rejects.toMatchObject(refusal);
    await repository.saveJob({ ...row, data: { order: 1, more: true } });

    expect((await manager.counts()).get('mail')).toMatchObject({ total: 1 });
  });

  it('may be limited by hand', async () => {
    const { broker, manager } = await open();
    await manager.setLimits('mail', { maxQueued: 1 });
    await add(broker);
    expect(await broker.enqueue([newJob()])).toMatchObject([{ refused: { maxQueued: 1 } }]);

    await manager.setLimits('mail', null);
    await add(broker);
  });
});
