import { inspect } from 'node:util';
import { InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import { newJobId, randomToken } from '../../lib/core/job/job-id.js';
import type { Idempotency, NewJob } from '../../lib/core/job/job-record.js';
import { describeBackends, type OpenBackend, START } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  loseAndRescue,
  newJob,
  passTime,
  release,
  retry,
  settleOne,
} from './support/builders.js';

const WINDOW = 60_000;

const keyed = (release: Idempotency['release'], more: Partial<NewJob> = {}): Partial<NewJob> => ({
  idempotency: { key: 'order-7', release, holdMs: WINDOW },
  ...more,
});

/** Whether another job can have the key; if so, it has it now. */
async function isFree({ broker }: OpenBackend, how: Partial<NewJob> = {}): Promise<boolean> {
  const [answer] = await broker.enqueue([newJob(keyed('removal', how))]);
  return answer!.created;
}

describeBackends('idempotency', (open) => {
  describe('a key that is held', () => {
    it('returns the first job and leaves it as it was, whatever the second one asks', async () => {
      const { broker, dump, clock } = await open();
      const first = await add(broker, keyed('removal', { data: '1' }));
      const before = await dump();
      clock.advance(1_000);

      const answers = await broker.enqueue([
        newJob(keyed('finish', { data: '2', priority: 9, due: { delayMs: 5 } })),
        newJob({ idempotency: { key: 'order-7', release: 'time', holdMs: 1 } }),
      ]);

      expect(answers).toEqual([
        { job: first, created: false },
        { job: first, created: false },
      ]);
      expect(withoutSeq(await dump())).toEqual(withoutSeq(before));
    });

    it('is of one name: another has the same key for itself', async () => {
      const store = await open();
      await add(store.broker, keyed('removal'));

      expect(await isFree(store, { name: 'report' })).toBe(true);
      expect(await isFree(store, { name: 'report' })).toBe(false);
    });

    it('is found by the second job of the same call', async () => {
      const { broker, manager } = await open();

      const answers = await broker.enqueue([
        newJob(keyed('removal', { data: '1' })),
        newJob(keyed('removal', { data: '2' })),
        newJob(keyed('removal', { data: '3', name: 'report' })),
      ]);

      expect(answers.map(({ created }) => created)).toEqual([true, false, true]);
      expect(answers[1]!.job).toEqual(answers[0]!.job);
      expect((await manager.counts()).get('mail')!.total).toBe(1);
    });

    it('is answered with the job as it is by now', async () => {
      const { broker } = await open();
      const { id } = await add(broker, keyed('removal'));
      await settleOne(broker, complete(await claimOne(broker), { result: '"sent"' }));

      const [answer] = await broker.enqueue([newJob(keyed('removal'))]);

      expect(answer).toMatchObject({ created: false, job: { id, result: 'sent', attempt: 1 } });
      expect((await claim(broker)).jobs).toEqual([]);
    });

    it('makes one job and 99 answers that name it of 100 parallel adds', async () => {
      const store = await open();
      const brokers = [store.broker, await store.another(), await store.another()];

      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          brokers[i % 3]!.enqueue([newJob(keyed('removal', { data: String(i) }))]),
        ),
      );

      const created = answers.flat().filter((answer) => answer.created);
      expect(created).toHaveLength(1);
      expect(new Set(answers.flat().map(({ job }) => job.id))).toEqual(
        new Set([created[0]!.job.id]),
      );
      expect((await store.manager.counts()).get('mail')!.total).toBe(1);
    });

    it('may have any text, as long as each is another key', async () => {
      const { broker } = await open();
      const keys = ['a', 'A', '"', '\\', '{[()]}', ':', 'ä€😀', ' ', 'x'.repeat(512)];
      const jobs = () =>
        keys.map((key) => newJob({ idempotency: { key, release: 'finish', holdMs: 0 } }));

      const first = await broker.enqueue(jobs());
      const second = await broker.enqueue(jobs());

      expect(first.map(({ created }) => created)).toEqual(keys.map(() => true));
      expect(second.map(({ job }) => job.id)).toEqual(first.map(({ job }) => job.id));
    });
  });

  describe('released by removal', () => {
    it('is held while the job is kept, long after it has ended', async () => {
      const store = await open();
      await add(store.broker, keyed('removal'));
      await settleOne(store.broker, complete(await claimOne(store.broker)));

      await passTime(store, 10 * WINDOW);

      expect(await isFree(store)).toBe(false);
    });

    it('is held for its window when the job is removed earlier, and named with the id of that job', async () => {
      const { broker, clock, manager } = await open();
      const { id } = await add(broker, keyed('removal', { data: '1' }));
      await settleOne(broker, complete(await claimOne(broker), { remove: true }));
      clock.advance(WINDOW - 1);

      const asked = newJob(keyed('removal', { data: '2', due: { delayMs: 5 } }));
      const [answer] = await broker.enqueue([asked]);

      expect(answer).toMatchObject({ created: false, job: { id, data: 2, failCount: 0 } });
      expect(answer!.job.nextRunAt).toBe(START + WINDOW - 1 + 5);
      expect((await manager.counts()).size).toBe(0);
    });

    it('is free when the window of a removed job is over, to the ms', async () => {
      const store = await open();
      await add(store.broker, keyed('removal'));
      await settleOne(store.broker, complete(await claimOne(store.broker), { remove: true }));

      store.clock.advance(WINDOW - 1);
      expect(await isFree(store)).toBe(false);
      store.clock.advance(1);
      expect(await isFree(store)).toBe(true);
      expect(await isFree(store)).toBe(false);
    });

    it('goes with a job that is removed after its window', async () => {
      const store = await open();
      await add(store.broker, keyed('removal'));
      store.clock.advance(WINDOW);
      await settleOne(store.broker, complete(await claimOne(store.broker), { remove: true }));

      expect(inspected(await store.dump())).not.toContain('order-7');
      expect(await isFree(store)).toBe(true);
    });

    const cancels: [string, (store: OpenBackend, id: string) => Promise<unknown>][] = [
      ['cancels the job', ({ manager }, id) => manager.cancel([id], 'no')],
      ['removes it', ({ repository }, id) => repository.removeJobs({ id })],
      ['removes all jobs', ({ repository }) => repository.purgeAllJobs()],
      [
        'cancels it while it runs',
        async ({ broker, manager }, id) => {
          await claimOne(broker);
          await manager.cancel([id], 'no');
        },
      ],
    ];

    it.each(cancels)('is free at once when somebody %s', async (_, cancel) => {
      const store = await open();
      const { id } = await add(store.broker, keyed('removal'));

      await cancel(store, id);

      expect(inspected(await store.dump())).not.toContain('order-7');
      expect(await isFree(store)).toBe(true);
    });

    it('stays with a job that is saved again', async () => {
      const store = await open();
      const { id } = await add(store.broker, keyed('removal'));
      const row = await store.repository.getJobById(id);
      await store.repository.saveJob({ ...row!, data: { other: true }, priority: 3 });
      store.clock.advance(WINDOW);

      expect(await isFree(store)).toBe(false);
      await settleOne(store.broker, complete(await claimOne(store.broker), { remove: true }));
      expect(await isFree(store)).toBe(true);
    });
  });

  describe('released by the finish', () => {
    const ends: [string, (store: OpenBackend) => Promise<unknown>][] = [
      ['completed', async ({ broker }) => settleOne(broker, complete(await claimOne(broker)))],
      [
        'completed with a result',
        async ({ broker }) => settleOne(broker, complete(await claimOne(broker), { result: '1' })),
      ],
      [
        'completed after a retry',
        async ({ broker }) => {
          await settleOne(broker, retry(await claimOne(broker)));
          await settleOne(broker, complete(await claimOne(broker)));
        },
      ],
      [
        'saved anew and completed',
        async ({ broker, manager, repository }) => {
          const [id] = await idsOfAll({ manager });
          const row = await repository.getJobById(id!);
          await repository.saveJob({ ...row!, priority: 3 });
          await settleOne(broker, complete(await claimOne(broker)));
        },
      ],
      [
        'completed and removed',
        async ({ broker }) => settleOne(broker, complete(await claimOne(broker), { remove: true })),
      ],
      [
        'completed by a process that has no notes on its lease',
        async ({ broker }) => {
          const { lease } = await claimOne(broker);
          const { id, name, token, fence, expiresAt } = lease;
          await settleOne(broker, complete({ lease: { id, name, token, fence, expiresAt } }));
        },
      ],
      ['dead', async ({ broker }) => settleOne(broker, bury(await claimOne(broker)))],
      [
        'dead since its process was lost too often',
        async (store) => {
          await store.broker.register([{ name: 'mail', maxRescues: 0 }]);
          await claimOne(store.broker);
          await loseAndRescue(store);
        },
      ],
      [
        'ended as a row',
        async ({ repository }) => {
          const at = new Date(START);
          const row = await repository.getNextJobToRun('mail', at, new Date(0), at);
          const ended = { lastRunAt: at, lastFinishedAt: at, nextRunAt: null, lockedAt: undefined };
          await repository.saveJobState({ ...row!, ...ended });
        },
      ],
      [
        'saved without a time',
        async ({ repository, manager }) => {
          const [id] = await idsOfAll({ manager });
          const row = await repository.getJobById(id!);
          await repository.saveJob({ ...row!, nextRunAt: null });
        },
      ],
      ['cancelled', async ({ manager }) => manager.cancel(await idsOfAll({ manager }), '')],
    ];

    it.each(ends)('is free when the job is %s', async (_, end) => {
      const store = await open();
      const { id } = await add(store.broker, keyed('finish'));

      await end(store);

      const [next] = await store.broker.enqueue([newJob(keyed('finish'))]);
      expect(next!.created).toBe(true);
      expect(next!.job.id).not.toBe(id);
      expect(await isFree(store)).toBe(false);
    });

    const lives: [string, (store: OpenBackend) => Promise<unknown>][] = [
      ['runs', ({ broker }) => claimOne(broker)],
      [
        'waits for its retry',
        async ({ broker }) =>
          settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 10 * WINDOW } })),
      ],
      [
        'waits again since it was handed back',
        async ({ broker }) => settleOne(broker, release(await claimOne(broker))),
      ],
      [
        'waits again since it was rescued',
        async (store) => {
          await claimOne(store.broker);
          await loseAndRescue(store);
        },
      ],
      ['is disabled', ({ repository }) => repository.disableJobs({ name: 'mail' })],
      [
        'waits for a time that was saved while it ran',
        async ({ broker, repository }) => {
          const { lease, record } = await claimOne(broker);
          const row = await repository.getJobById(record.id);
          await repository.saveJob({ ...row!, nextRunAt: new Date(START + 5_000) });
          await settleOne(broker, complete({ lease }));
        },
      ],
    ];

    it.each(lives)('is held while the job %s', async (_, live) => {
      const store = await open();
      await add(store.broker, keyed('finish'));

      await live(store);
      await passTime(store, WINDOW);

      expect(await isFree(store)).toBe(false);
    });

    it('is not freed by the end of a job that has lost it to another one', async () => {
      const store = await open();
      const first = await add(store.broker, keyed('finish'));
      await settleOne(store.broker, complete(await claimOne(store.broker)));
      await add(store.broker, keyed('finish', { due: { delayMs: WINDOW } }));

      const row = await store.repository.getJobById(first.id);
      await store.repository.saveJob({ ...row!, nextRunAt: new Date(START) });
      await settleOne(store.broker, complete(await claimOne(store.broker)));
      await store.manager.cancel([first.id], '');

      expect(await isFree(store)).toBe(false);
    });
  });

  describe('released after a time', () => {
    it.each<[string, (store: OpenBackend, id: string) => Promise<unknown>]>([
      ['waits', async () => {}],
      ['runs', ({ broker }) => claimOne(broker)],
      ['is completed', async ({ broker }) => settleOne(broker, complete(await claimOne(broker)))],
      [
        'is removed on completion',
        async ({ broker }) => settleOne(broker, complete(await claimOne(broker), { remove: true })),
      ],
      ['is cancelled', ({ manager }, id) => manager.cancel([id], '')],
    ])('is held that long, to the ms, when the job %s', async (_, live) => {
      const store = await open();
      const { id } = await add(store.broker, keyed('time'));
      await live(store, id);

      store.clock.advance(WINDOW - 1);
      const [answer] = await store.broker.enqueue([newJob(keyed('time'))]);
      expect(answer).toMatchObject({ created: false, job: { id } });
      store.clock.advance(1);
      expect(await isFree(store)).toBe(true);
    });

    it('rounds up, so that no key is free early', async () => {
      const store = await open();
      const idempotency = { key: 'order-7', release: 'time', holdMs: 10.1 } as const;
      await add(store.broker, { idempotency });

      store.clock.advance(10);
      expect(await isFree(store)).toBe(false);
      store.clock.advance(1);
      expect(await isFree(store)).toBe(true);
    });

    it('leaves the job that had the key before alone when it is free for another', async () => {
      const store = await open();
      const first = await add(store.broker, keyed('time', { due: { delayMs: 2 * WINDOW } }));
      store.clock.advance(WINDOW);
      const second = await add(store.broker, keyed('finish'));

      await store.manager.cancel([first.id], '');

      const [answer] = await store.broker.enqueue([newJob(keyed('finish'))]);
      expect(answer).toEqual({ created: false, job: second });
    });
  });

  describe('with an id', () => {
    it('looks at the id first', async () => {
      const { broker } = await open();
      const byId = await add(broker, { id: 'mine' });
      await add(broker, keyed('removal'));

      const [answer] = await broker.enqueue([newJob(keyed('removal', { id: 'mine' }))]);

      expect(answer).toEqual({ created: false, job: byId });
    });

    it('knows a repeat of its own call by the nonce, as the holder of the key', async () => {
      const { broker } = await open();
      const asked = newJob(keyed('removal', { id: 'mine', nonce: randomToken() }));

      const [first] = await broker.enqueue([asked]);
      const [again] = await broker.enqueue([asked]);
      const [other] = await broker.enqueue([{ ...asked, id: newJobId(), nonce: randomToken() }]);

      expect([first, again]).toEqual([first, first]);
      expect(other).toEqual({ created: false, job: first!.job });
    });

    it('does not take another call for its repeat when the job is removed and the key still held', async () => {
      const { broker, manager } = await open();
      await add(broker, keyed('removal', { id: 'mine', nonce: randomToken() }));
      await settleOne(broker, complete(await claimOne(broker), { remove: true }));

      const other = newJob(keyed('removal', { id: 'mine', nonce: randomToken() }));
      const [answer] = await broker.enqueue([other]);

      expect(answer).toMatchObject({ created: false, job: { id: 'mine' } });
      expect(await manager.get('mine')).toBeUndefined();
    });

    it('does not give the key to a job that is added under the id of its holder', async () => {
      const store = await open();
      await add(store.broker, keyed('removal', { id: 'mine' }));
      await settleOne(store.broker, complete(await claimOne(store.broker), { remove: true }));
      await add(store.broker, { id: 'mine' });

      expect(await isFree(store)).toBe(false);
      store.clock.advance(WINDOW);
      expect(await isFree(store)).toBe(true);
    });
  });

  it('does not pile up keys whose time is over', async () => {
    const { broker, clock, dump } = await open();
    const soon = (key: string): Partial<NewJob> => ({
      idempotency: { key, release: 'time', holdMs: 5 },
    });
    await broker.enqueue(['old-1', 'old-2', 'old-3', 'old-4'].map((key) => newJob(soon(key))));
    clock.advance(5);

    await add(broker, soon('new-1'));
    await add(broker, soon('new-2'));
    await add(broker, soon('new-3'));

    expect(inspected(await dump())).not.toContain('old-');
  });

  const faults: [string, Partial<Idempotency>, string][] = [
    ['an empty key', { key: '' }, 'idempotencyKey'],
    ['a key with a control character', { key: 'a\nb' }, 'idempotencyKey'],
    ['a key of 513 bytes', { key: 'ä'.repeat(256) + 'x' }, 'idempotencyKey'],
    ['a key with half a surrogate pair', { key: 'a\ud800' }, 'idempotencyKey'],
    ['a key that is no text', { key: 7 as unknown as string }, 'idempotencyKey'],
    ['another release', { release: 'never' as 'time' }, 'release'],
    ['a time of 0', { holdMs: 0 }, 'holdMs'],
    ['a time that is no number', { holdMs: Number.NaN }, 'holdMs'],
    ['an endless time', { holdMs: Infinity, release: 'time' }, 'holdMs'],
  ];

  it.each(faults)('refuses %s, and stores nothing of the batch', async (_, fault, part) => {
    const { broker, dump } = await open();
    const before = await dump();
    const idempotency: Idempotency = { key: 'k', release: 'removal', holdMs: 1, ...fault };

    const error: unknown = await broker
      .enqueue([newJob(), newJob({ idempotency })])
      .catch((thrown: unknown) => thrown);

    expect(error instanceof InvalidJobError || error instanceof InvalidOptionError).toBe(true);
    expect((error as Error).message).toContain(`\`${part}\``);
    expect(await dump()).toEqual(before);
  });
});

async function idsOfAll({ manager }: Pick<OpenBackend, 'manager'>): Promise<string[]> {
  return (await manager.query({})).jobs.map(({ id }) => id);
}

/** A dump as text, to be searched. */
const inspected = (dump: unknown): string =>
  inspect(dump, { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity });

/** Insertion numbers are used up even by an add that adds nothing; gaps mean nothing. */
function withoutSeq(dump: unknown): unknown {
  if (Array.isArray(dump)) return dump.map(withoutSeq);
  if (typeof dump !== 'object' || dump === null || dump instanceof Map) return dump;
  const entries = Object.entries(dump).map(([key, value]) => [
    key,
    key.startsWith('hash') && key.endsWith(':meta')
      ? (value as [string, string][]).filter(([field]) => field !== 'seq')
      : value,
  ]);
  return Object.fromEntries(entries);
}
