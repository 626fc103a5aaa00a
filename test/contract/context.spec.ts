import { InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import type { Dedupe, JobHeaders, NewJob } from '../../lib/core/job/job-record.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  claimOne,
  complete,
  loseAndRescue,
  newJob,
  retry,
  settleOne,
} from './support/builders.js';
import { newRow } from './support/rows.js';

const now = { due: { delayMs: 0 }, resetAttempts: true };

/** Texts that a store could take for its own. */
const HOSTILE: JobHeaders = {
  tenant: 'acme',
  'a "name" {': '[{"}\\\t, ä €',
  nonce: 'ab12',
  by: 'nobody',
  key: 'other',
  expires: '+5',
  tags: '["red"]',
  ['__proto__']: 'kept',
};

describeBackends('what a job is given along', (open) => {
  it('is told wherever the job is, as it was given', async () => {
    const store = await open();
    const { broker, manager } = store;
    const context = HOSTILE;
    const added = await add(broker, { id: 'a', context, data: '{"context":{"tenant":"none"}}' });
    expect(added.context).toEqual(context);

    const held = await claimOne(broker);
    expect(held.record).toMatchObject({ context, data: { context: { tenant: 'none' } } });
    await settleOne(broker, retry(held));
    await claim(broker, { slots: 1 });
    await loseAndRescue(store);
    await settleOne(broker, bury(await claimOne(broker)));
    await manager.requeue(['a'], { ...now, data: '2' });
    await manager.update('a', { data: '3', priority: 2, lastModifiedBy: 'support' });
    await settleOne(broker, complete(await claimOne(broker)));

    const told = { context, data: 3, lastModifiedBy: 'support' };
    expect(await manager.get('a')).toMatchObject(told);
    expect((await manager.inspect('a'))!.record).toMatchObject(told);
    expect((await manager.find({ limit: 1 })).jobs).toMatchObject([told]);
    const [again] = await broker.enqueue([newJob({ id: 'a' })]);
    expect(again).toMatchObject({ created: false, job: told });
  });

  it('is no part of a job that was given nothing', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await add(broker, { id: 'b', context: {} });

    expect(await manager.get('a')).not.toHaveProperty('context');
    expect(await manager.get('b')).not.toHaveProperty('context');
  });

  it('is nobody else’s to change', async () => {
    const { broker, manager } = await open();
    const context = { tenant: 'acme' };
    const added = await add(broker, { id: 'a', context });
    context.tenant = 'changed';
    Object.assign(added.context!, { tenant: 'changed' });
    const read = (await manager.get('a'))!;
    Object.assign(read.context!, { tenant: 'changed' });

    expect((await manager.get('a'))!.context).toEqual({ tenant: 'acme' });
  });

  it('leaves key, tags, expiry and own id what they are', async () => {
    const { broker, manager, clock } = await open();
    const context = HOSTILE;
    await manager.setLimits('mail', { key: { concurrency: 1 } });
    const asked = { context, key: 'k', tags: ['blue'], data: '{"expires":"+7"}' };
    await add(broker, { id: 'a', nonce: 'cd', expires: { at: START + 50 }, ...asked });
    await add(broker, { id: 'b', expires: { delayMs: 60 }, ...asked });

    const [first, second] = await manager.getMany(['a', 'b']);
    expect(first).toMatchObject({ context, key: 'k', tags: ['blue'], expiresAt: START + 50 });
    expect(second).toMatchObject({ context, key: 'k', tags: ['blue'], expiresAt: START + 60 });
    expect([first!.data, second!.data]).toEqual([{ expires: '+7' }, { expires: '+7' }]);
    expect((await claim(broker)).jobs).toHaveLength(1);
    expect((await manager.find({ tags: ['blue'], limit: 5 })).jobs).toHaveLength(2);
    clock.advance(60);
    expect((await broker.prune!('')).expired).toEqual([{ id: 'b', name: 'mail' }]);
  });

  it.each(['latest', 'debounce'] as const)(
    'stays that of the first of duplicates: %s',
    async (mode) => {
      const { broker, manager } = await open();
      const dedupe = { key: 'user-7', mode, forMs: 50 } as Dedupe;
      const asked = (tenant: string) => ({
        ...newJob({ data: JSON.stringify(tenant), context: { tenant } }),
        nonce: randomToken(),
        dedupe,
      });
      const { job } = await broker.dedupe(asked('acme'));

      expect((await broker.dedupe(asked('other'))).deduped).toBe('replaced');

      expect(await manager.get(job.id)).toMatchObject({
        data: 'other',
        context: { tenant: 'acme' },
      });
    },
  );

  it('is kept by a save of a new row, and stays that of the first', async () => {
    const { repository, manager } = await open();
    const row = newRow({ type: 'single', data: 1 });
    const { _id: id } = await repository.saveJob(row, { context: HOSTILE, key: 'k' });
    expect(await manager.get(id!)).toMatchObject({ context: HOSTILE, key: 'k' });

    await repository.saveJob({ ...row, data: 2 }, { context: { tenant: 'other' } });
    await repository.saveJob({ ...row, _id: id!, priority: 3 }, { lastModifiedBy: 'support' });

    const told = { context: HOSTILE, key: 'k', lastModifiedBy: 'support' };
    expect(await manager.get(id!)).toMatchObject(told);
  });

  it('of 8 KiB in a hundred jobs is kept whole', async () => {
    const { broker, manager } = await open();
    const context = { a: 'x'.repeat(8 * 1024 - '{"a":""}'.length) };
    const jobs = await addMany(broker, 100, () => ({ context, tags: ['red'] }));

    const read = await manager.getMany(jobs.map(({ id }) => id));
    expect(read.every((job) => job!.context!.a === context.a)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a text', 'tenant'],
    ['a list', ['tenant']],
    ['a Map', new Map([['tenant', 'acme']])],
    ['a number for a text', { tenant: 7 }],
    ['undefined for a text', { tenant: undefined }],
    ['no name', { '': 'acme' }],
    ['a long name', { ['x'.repeat(129)]: 'acme' }],
    ['a name with a tab', { 'a\tb': 'acme' }],
    ['a text with a line break', { tenant: 'acme\nx' }],
    ['a text with a broken surrogate', { tenant: '\ud800' }],
    ['33 texts', Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`h${i}`, '']))],
    ['more than 8 KiB', { a: 'x'.repeat(8 * 1024 - '{"a":""}'.length + 1) }],
  ])('is refused when it is %s, and nothing is written', async (_, bad) => {
    const { broker, manager, repository } = await open();
    const context = bad as JobHeaders;
    const job: NewJob = newJob({ context });

    await expect(broker.enqueue([newJob(), job])).rejects.toThrow(InvalidOptionError);
    const dedupe = { key: 'user-7', mode: 'latest' as const };
    const deduped = broker.dedupe({ ...job, nonce: 'ab', dedupe });
    await expect(deduped).rejects.toThrow(InvalidOptionError);
    await expect(repository.saveJob(newRow(), { context })).rejects.toThrow(/`context/);

    expect((await manager.counts()).size).toBe(0);
  });

  it('may be 32 texts with names of 128 bytes and tabs in them', async () => {
    const { broker, manager } = await open();
    const names = Array.from({ length: 32 }, (_, i) => `${i}-`.padEnd(128, 'x'));
    const context = Object.fromEntries(names.map((name) => [name, '\t']));

    await add(broker, { id: 'a', context });

    expect((await manager.get('a'))!.context).toEqual(context);
  });
});
