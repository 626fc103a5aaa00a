import { InvalidCursorError, InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import type { FindQuery, JobManager } from '../../lib/core/contracts/job-manager.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claimOne,
  complete,
  idsOf,
  newJob,
  passTime,
  settleOne,
} from './support/builders.js';

/** The ids of all pages, and how many these were. */
async function walk(
  manager: JobManager,
  query: Omit<FindQuery, 'limit' | 'cursor'>,
  limit = 200,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await manager.find({ ...query, limit, ...(cursor && { cursor }) });
    expect(page.jobs.length).toBeLessThanOrEqual(limit);
    ids.push(...idsOf(page.jobs));
    ({ cursor } = page);
  } while (cursor !== undefined);
  return ids;
}

const tagged = (...tags: string[]): Partial<NewJob> => ({ tags });

describeBackends('tags', (open) => {
  it('are part of the job, whatever is in them', async () => {
    const { broker, manager } = await open();
    const tags = ['a', 'order:{"1"}', '[x]', 'ä', '\\"', 'x'.repeat(256)];
    await add(broker, { id: 'a', tags, data: '{"tags":["none"]}' });

    expect(await manager.get('a')).toMatchObject({ tags, data: { tags: ['none'] } });
    expect((await claimOne(broker)).record.tags).toEqual(tags);
    for (const tag of tags) expect(await walk(manager, { tags: [tag] })).toEqual(['a']);
    expect(await walk(manager, { tags: ['none'] })).toEqual([]);
  });

  it('are not part of a job that has none', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a', tags: [] });

    expect(await manager.get('a')).not.toHaveProperty('tags');
  });

  it('lead to the jobs that have all of them, in the order of insertion, over all names', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'd', ...tagged('red') });
    await add(broker, { id: 'c', name: 'report', ...tagged('red', 'large') });
    await add(broker, { id: 'b', due: { delayMs: 5_000 }, ...tagged('large', 'red', 'new') });
    await add(broker, { id: 'a', ...tagged('large') });

    expect(await walk(manager, { tags: ['red'] })).toEqual(['d', 'c', 'b']);
    expect(await walk(manager, { tags: ['large', 'red'] })).toEqual(['c', 'b']);
    expect(await walk(manager, { tags: ['red', 'large', 'new'] })).toEqual(['b']);
    expect(await walk(manager, { tags: ['red', 'unheard'] })).toEqual([]);
  });

  it('are combined with names, state and data', async () => {
    const { broker, manager } = await open();
    const red = (id: string, asked: Partial<NewJob> = {}) =>
      add(broker, { id, ...tagged('red'), ...asked });
    await red('done', { data: '{"to":1}' });
    await settleOne(broker, complete(await claimOne(broker)));
    await red('dead', { data: '{"to":1}' });
    await settleOne(broker, bury(await claimOne(broker)));
    await red('waits', { data: '{"to":2}' });
    await red('later', { due: { delayMs: 1_000 } });
    await red('other', { name: 'report' });

    const found = (query: Partial<FindQuery>) => walk(manager, { tags: ['red'], ...query });
    expect(await found({ state: 'completed' })).toEqual(['done']);
    expect(await found({ state: 'dead' })).toEqual(['dead']);
    expect(await found({ state: 'queued' })).toEqual(['waits', 'other']);
    expect(await found({ state: 'queued', names: ['mail'] })).toEqual(['waits']);
    expect(await found({ data: { to: 1 } })).toEqual(['done', 'dead']);
    expect(await found({ names: ['report'] })).toEqual(['other']);
    expect(await found({ names: [] })).toEqual([]);
    expect(await found({ tags: [] })).toHaveLength(5);
  });

  it('are found in pages that lose and repeat nothing, whatever comes and goes meanwhile', async () => {
    const { broker, manager } = await open();
    const jobs = await addMany(broker, 25, (i) => ({
      id: `job-${i}`,
      tags: i % 5 === 0 ? ['all', 'fifth'] : ['all'],
    }));
    const first = await manager.find({ tags: ['all'], limit: 10 });
    await manager.cancel(['job-9', 'job-10'], 'gone');
    await add(broker, { id: 'new', tags: ['all'] });
    const second = await manager.find({ tags: ['all'], limit: 10, cursor: first.cursor! });
    const third = await manager.find({ tags: ['all'], limit: 10, cursor: second.cursor! });

    const expected = [...jobs.map(({ id }) => id).filter((id) => id !== 'job-10'), 'new'];
    expect(idsOf([first, second, third].flatMap((page) => page.jobs))).toEqual(expected);
    expect(await walk(manager, { tags: ['all', 'fifth'] }, 2)).toEqual([
      'job-0',
      'job-5',
      'job-15',
      'job-20',
    ]);
  });

  it('refuses a cursor of other tags', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 3, () => tagged('a', 'b'));
    const { cursor } = await manager.find({ tags: ['a'], limit: 1 });

    await expect(manager.find({ tags: ['b'], limit: 1, cursor: cursor! })).rejects.toThrow(
      InvalidCursorError,
    );
    await expect(manager.find({ limit: 1, cursor: cursor! })).rejects.toThrow(InvalidCursorError);
  });

  it.each([
    ['more than 16', Array.from({ length: 17 }, (_, i) => `${i}`)],
    ['an empty one', ['']],
    ['one of 257 bytes', ['x'.repeat(257)]],
    ['a control character', ['a\nb']],
    ['a number', [1 as never]],
  ])('refuses %s, with nothing written', async (_, tags) => {
    const { broker, manager } = await open();

    await expect(broker.enqueue([newJob({ id: 'a', tags })])).rejects.toThrow(InvalidJobError);
    expect(await manager.get('a')).toBeUndefined();
  });

  it.each([
    [['a'].fill('a', 0, 1).concat(Array.from({ length: 16 }, (_, i) => `${i}`))],
    [[1]],
    ['a'],
  ])('refuses to search for %j', async (tags) => {
    const { manager } = await open();

    await expect(manager.find({ tags: tags as string[], limit: 1 })).rejects.toThrow(
      InvalidOptionError,
    );
  });

  it('choose whom a filter means', async () => {
    const { broker, repository, manager } = await open();
    await add(broker, { id: 'a', ...tagged('red'), data: '1' });
    await add(broker, { id: 'b', ...tagged('red', 'large'), data: '2' });
    await add(broker, { id: 'c', name: 'report', ...tagged('red') });
    await add(broker, { id: 'd' });

    expect(await repository.disableJobs!({ tags: ['red'], names: ['mail'] })).toBe(2);
    expect(await repository.disableJobs!({ tags: ['red'], ids: ['c', 'd'] })).toBe(1);
    expect(await repository.removeJobs({ tags: ['red'], data: 2 } as never)).toBe(1);
    expect(await repository.removeJobs({ tags: [] })).toBe(0);
    expect(await walk(manager, { tags: ['red'] })).toEqual(['a', 'c']);
  });

  it('stay when the row of their job is saved', async () => {
    const { broker, repository, manager } = await open();
    await add(broker, { id: 'a', ...tagged('red') });
    await repository.saveJob({ ...(await repository.getJobById('a'))!, data: 'new' });

    expect(await manager.get('a')).toMatchObject({ data: 'new', tags: ['red'] });
    expect(await walk(manager, { tags: ['red'] })).toEqual(['a']);
  });

  describe('of a job that is removed', () => {
    const removals = {
      'by somebody': async ({ manager }) => {
        await manager.cancel(['a'], 'gone');
      },
      'while it runs': async ({ broker, manager }) => {
        await claimOne(broker);
        await manager.cancel(['a'], 'gone');
      },
      'at its success': async ({ broker }) => {
        await settleOne(broker, complete(await claimOne(broker), { remove: true }));
      },
      'at its death': async ({ broker }) => {
        await settleOne(broker, { ...bury(await claimOne(broker)), remove: true } as never);
      },
      'by clean': async ({ broker, manager }) => {
        await settleOne(broker, complete(await claimOne(broker)));
        await manager.clean({ name: 'mail', place: 'completed', olderThanMs: 0, limit: 10 });
      },
      'by the retention of its name': async (store) => {
        const { broker } = store;
        await settleOne(broker, complete(await claimOne(broker)));
        const rule = { ageMs: 10, count: null };
        const retention = { completed: rule, failed: rule };
        await broker.register([{ name: 'mail', maxRescues: 2, retention }]);
        await passTime(store, 11);
        await broker.prune!('');
      },
    } satisfies Record<string, (store: Awaited<ReturnType<typeof open>>) => Promise<void>>;

    it.each(Object.entries(removals))('lead nowhere: %s', async (_, remove) => {
      const store = await open();
      await add(store.broker, { id: 'a', ...tagged('red', 'large') });
      await add(store.broker, { id: 'b', name: 'report', ...tagged('red') });
      await remove(store);

      expect(await store.manager.get('a')).toBeUndefined();
      expect(await walk(store.manager, { tags: ['red'] })).toEqual(['b']);
      expect(JSON.stringify(await store.dump())).not.toContain('large');
    });
  });

  it('lead to a job that came back under its id, at its new place', async () => {
    const { broker, manager, clock } = await open();
    await addMany(broker, 2, (i) => ({ id: ['a', 'b'][i]!, nonce: `${i}`, tags: ['red'] }));
    await manager.cancel(['a'], 'gone');
    clock.advance(1);
    await add(broker, { id: 'a', nonce: 'ff', tags: ['red'] });

    expect(await walk(manager, { tags: ['red'] })).toEqual(['b', 'a']);
    expect((await manager.get('a'))!.createdAt).toBe(START + 1);
  });
});
