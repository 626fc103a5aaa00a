import type { LinesPage, LinesQuery } from '../../lib/core/contracts/job-manager.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, type OpenBackend } from './support/backends.js';
import {
  add,
  claimOne,
  complete,
  forged,
  LEASE,
  loseAndRescue,
  retry,
  settleOne,
} from './support/builders.js';

type Held = Awaited<ReturnType<typeof claimOne>>;

describeBackends('the lines of a job', (open) => {
  const write = ({ broker }: OpenBackend, { lease }: Held, first: number, ...lines: string[]) =>
    broker.renew([{ ...lease, lines: { first, lines } }], LEASE);
  const page = async (
    { manager }: OpenBackend,
    query: Partial<LinesQuery> = {},
  ): Promise<LinesPage> => (await manager.logs('a', { limit: 1000, ...query }))!;
  const textsOf = ({ lines }: LinesPage) => lines.map(({ text }) => text);

  async function running(): Promise<{ store: OpenBackend; held: Held }> {
    const store = await open();
    await add(store.broker, { id: 'a' });
    return { store, held: await claimOne(store.broker) };
  }

  it('are kept in their order, while it runs and afterwards', async () => {
    const { store, held } = await running();
    await write(store, held, 1, 'begun', '');
    await write(store, held, 3, 'two\nlines, \u0000 and "quotes" é 😀');
    const kept = {
      lines: [
        { number: 1, text: 'begun' },
        { number: 2, text: '' },
        { number: 3, text: 'two\nlines, \u0000 and "quotes" é 😀' },
      ],
      more: false,
    };

    expect(await page(store)).toEqual(kept);
    await settleOne(store.broker, complete(held));
    expect(await page(store)).toEqual(kept);
    expect((await store.manager.get('a'))!.progress).toBeNull();
  });

  it('are none of a job that has logged nothing, and unknown of a job that is not there', async () => {
    const { store } = await running();

    expect(await page(store)).toEqual({ lines: [], more: false });
    expect(await store.manager.logs('b', { limit: 10 })).toBeUndefined();
  });

  it('go on over retries, and over the loss of a process', async () => {
    const { store, held } = await running();
    await write(store, held, 1, 'first run');
    await settleOne(store.broker, retry(held));
    await write(store, await claimOne(store.broker), 1, 'second run');
    await loseAndRescue(store);
    await write(store, await claimOne(store.broker), 1, 'third run');

    expect(textsOf(await page(store))).toEqual(['first run', 'second run', 'third run']);
  });

  it('are kept once when a batch comes twice', async () => {
    const { store, held } = await running();
    await write(store, held, 1, 'one', 'two');

    await write(store, held, 1, 'one', 'two');
    await write(store, held, 2, 'two', 'three');

    expect(textsOf(await page(store))).toEqual(['one', 'two', 'three']);
  });

  it('count those that never came', async () => {
    const { store, held } = await running();

    await write(store, held, 5, 'five');
    await write(store, held, 8, 'eight');

    expect((await page(store)).lines).toEqual([
      { number: 5, text: 'five' },
      { number: 8, text: 'eight' },
    ]);
  });

  it('are refused for a lease that is lost', async () => {
    const { store, held } = await running();
    await write(store, forged(held) as Held, 1, 'not mine');
    await settleOne(store.broker, complete(held));

    const { lost } = await write(store, held, 1, 'too late');

    expect(lost).toMatchObject([{ refusal: 'not-running' }]);
    expect(textsOf(await page(store))).toEqual([]);
  });

  it('are the newest 1,000', async () => {
    const { store, held } = await running();
    for (let batch = 0; batch < 4; batch++) {
      const lines = Array.from({ length: 400 }, (_, i) => `${batch * 400 + i + 1}`);
      await write(store, held, batch * 400 + 1, ...lines);
    }

    const { lines } = await page(store);

    expect(lines).toHaveLength(1_000);
    expect(lines[0]).toEqual({ number: 601, text: '601' });
    expect(lines.at(-1)).toEqual({ number: 1_600, text: '1600' });
  });

  it.each([
    ['exactly 64 KiB, and stay', 16_384, ['d', 'c', 'b', 'a']],
    ['a byte more, and the oldest one goes', 16_385, ['d', 'c', 'b']],
  ])('may have %s', async (_, bytesOfLast, letters) => {
    const { store, held } = await running();
    const line = (letter: string, bytes: number) => letter.repeat(bytes);
    await write(store, held, 1, line('a', 16_384), line('b', 16_384), line('c', 16_384));

    await write(store, held, 4, line('d', bytesOfLast));

    const { lines } = await page(store, { newestFirst: true });
    expect(lines.map(({ text }) => text[0])).toEqual(letters);
    expect(lines[0]!.number).toBe(4);
  });

  it('keep one of 64 KiB, and drop many small ones for it', async () => {
    const { store, held } = await running();
    await write(store, held, 1, ...Array.from({ length: 300 }, (_, i) => `small ${i}`));

    await write(store, held, 301, 'é'.repeat(32 * 1024));

    expect((await page(store)).lines.map(({ number }) => number)).toEqual([301]);
  });

  it('come in pages, and a page goes on where another ended though lines were dropped', async () => {
    const { store, held } = await running();
    await write(store, held, 1, 'one', 'two', 'three', 'four');

    const first = await page(store, { limit: 2 });
    expect(first).toMatchObject({ lines: [{ text: 'one' }, { text: 'two' }], more: true });
    await write(store, held, 5, ...Array.from({ length: 998 }, (_, i) => `${i + 5}`));
    const second = await page(store, { limit: 2, behind: 2 });
    expect(second).toMatchObject({ lines: [{ number: 3 }, { number: 4 }], more: true });

    const last = await page(store, { limit: 2, behind: 1_000 });
    expect(last).toMatchObject({ lines: [{ number: 1_001 }, { number: 1_002 }], more: false });
    expect(await page(store, { limit: 2, behind: 1_002 })).toEqual({ lines: [], more: false });
  });

  it('come from the newest on, if so wished', async () => {
    const { store, held } = await running();
    await write(store, held, 1, 'one', 'two', 'three');

    const first = await page(store, { limit: 2, newestFirst: true });
    const second = await page(store, { limit: 2, newestFirst: true, behind: 2 });

    expect([textsOf(first), first.more]).toEqual([['three', 'two'], true]);
    expect([textsOf(second), second.more]).toEqual([['one'], false]);
  });

  it('go with the job', async () => {
    const { store, held } = await running();
    await write(store, held, 1, 'found nowhere');
    await settleOne(store.broker, complete(held, { remove: true }));
    await add(store.broker, { id: 'a' });
    await write(store, await claimOne(store.broker), 1, 'found nowhere');
    await store.manager.cancel(['a'], '');
    await add(store.broker, { id: 'a' });
    const again = await claimOne(store.broker);
    await write(store, again, 1, 'found nowhere');
    await settleOne(store.broker, complete(again));
    await store.manager.clean({ name: 'mail', place: 'completed', olderThanMs: 0, limit: 10 });

    expect(JSON.stringify(await store.dump())).not.toContain('found nowhere');
    await add(store.broker, { id: 'a' });
    expect(await page(store)).toEqual({ lines: [], more: false });
  });

  it.each([
    ['none', []],
    ['more than 1,000', Array.from({ length: 1_001 }, () => '')],
    ['larger than 64 KiB', ['x'.repeat(64 * 1024 + 1)]],
    ['no texts', [7 as unknown as string]],
  ])('are refused when they are %s', async (_, lines) => {
    const { store, held } = await running();

    await expect(write(store, held, 1, ...lines)).rejects.toThrow(InvalidOptionError);
    expect(await page(store)).toEqual({ lines: [], more: false });
  });

  it('of many jobs come in one call', async () => {
    const { store, held } = await running();
    await add(store.broker, { id: 'b' });
    const other = await claimOne(store.broker);

    await store.broker.renew(
      [
        { ...held.lease, progress: 1, lines: { first: 1, lines: ['of a', 'and more'] } },
        { ...forged(held).lease, lines: { first: 3, lines: ['of nobody'] } },
        { ...other.lease, progress: { page: 1 }, lines: { first: 1, lines: ['of b'] } },
      ],
      LEASE,
    );

    expect(textsOf(await page(store))).toEqual(['of a', 'and more']);
    expect(textsOf((await store.manager.logs('b', { limit: 10 }))!)).toEqual(['of b']);
    expect((await store.manager.get('a'))!.progress).toBe(1);
    expect((await store.manager.get('b'))!.progress).toEqual({ page: 1 });
  });
});
