import type { JobBroker } from '../../lib/core/contracts/job-broker.js';
import { InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import type { Dedupe, DedupedJob, NewJob } from '../../lib/core/job/job-record.js';
import { describeBackends, START, type Open, type OpenBackend } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  loseAndRescue,
  newJob,
  release,
  retry,
  settleOne,
  snooze,
} from './support/builders.js';

type Mode = DistributiveOmit<Dedupe, 'key'>;
type DistributiveOmit<T, Key extends string> = T extends unknown ? Omit<T, Key> : never;

const FOR = 1_000;
const debounce: Mode = { mode: 'debounce', forMs: FOR };
const leading: Mode = { mode: 'debounce', forMs: FOR, leading: true };
const latest: Mode = { mode: 'latest' };
const replace: Mode = { mode: 'replace', takes: ['data'] };

const MODES = { debounce, leading, latest, replace } as const;

/** A job of one key, due at once, or a debounce later. */
function keyed(mode: Mode, data: unknown, asked: Partial<NewJob> = {}): DedupedJob {
  const isTrailing = mode.mode === 'debounce' && !mode.leading;
  return {
    ...newJob({ due: { delayMs: isTrailing ? FOR : 0 }, ...asked }),
    data: JSON.stringify(data),
    nonce: randomToken(),
    dedupe: { key: 'user-7', ...mode } as Dedupe,
  };
}

const dedupe = (broker: JobBroker, mode: Mode, data: unknown, asked?: Partial<NewJob>) =>
  broker.dedupe(keyed(mode, data, asked));

/** Makes a first job, with the data 1, be in some state. */
const brought: Record<string, (store: OpenBackend, mode: Mode) => Promise<void>> = {
  waiting: async ({ clock }) => clock.advance(FOR - 1),
  delayed: async () => {},
  paused: async ({ manager }) => {
    await manager.pause({ name: 'mail' });
  },
  disabled: async ({ repository }) => {
    await repository.disableJobs({ name: 'mail' });
  },
  running: async (store, mode) => {
    await claimFirst(store, mode);
  },
  'put off': async (store, mode) => {
    const held = await claimFirst(store, mode);
    await settleOne(store.broker, snooze(held, { due: { delayMs: 5_000 } }));
  },
  'handed back': async (store, mode) => {
    await settleOne(store.broker, release(await claimFirst(store, mode)));
  },
  retrying: async (store, mode) => {
    const held = await claimFirst(store, mode);
    await settleOne(store.broker, retry(held, { due: { delayMs: 5_000 } }));
  },
  rescued: async (store, mode) => {
    await claimFirst(store, mode);
    await loseAndRescue(store);
  },
  completed: async (store, mode) => {
    await settleOne(store.broker, complete(await claimFirst(store, mode)));
  },
  dead: async (store, mode) => {
    await settleOne(store.broker, bury(await claimFirst(store, mode)));
  },
  removed: async (store) => {
    await store.repository.removeJobs({ name: 'mail' });
  },
};

/** The first job is claimed as soon as it is due. */
function claimFirst({ broker, clock }: OpenBackend, mode: Mode) {
  if (mode === debounce) clock.advance(FOR);
  return claimOne(broker);
}

async function openWithFirst(open: Open, mode: Mode, state: string) {
  const store = await open();
  const asked = state === 'delayed' ? { due: { delayMs: 60_000 } } : {};
  const { job: first } = await dedupe(store.broker, mode, 1, asked);
  await brought[state]!(store, mode);
  return { ...store, first };
}

type Answer = 'added' | 'duplicate' | 'replaced' | 'kept-for-next';

const TABLE: Record<keyof typeof MODES, Record<string, Answer>> = {
  debounce: {
    waiting: 'replaced',
    delayed: 'replaced',
    paused: 'replaced',
    disabled: 'replaced',
    running: 'added',
    'put off': 'added',
    'handed back': 'added',
    retrying: 'added',
    rescued: 'added',
    completed: 'added',
    dead: 'added',
    removed: 'added',
  },
  leading: {
    waiting: 'replaced',
    delayed: 'replaced',
    paused: 'replaced',
    disabled: 'replaced',
    running: 'duplicate',
    'put off': 'duplicate',
    'handed back': 'duplicate',
    retrying: 'duplicate',
    // Its time is over by then.
    rescued: 'added',
    completed: 'duplicate',
    dead: 'duplicate',
    removed: 'added',
  },
  latest: {
    waiting: 'replaced',
    delayed: 'replaced',
    paused: 'replaced',
    disabled: 'replaced',
    running: 'kept-for-next',
    'put off': 'replaced',
    'handed back': 'replaced',
    retrying: 'replaced',
    rescued: 'replaced',
    completed: 'added',
    dead: 'added',
    removed: 'added',
  },
  replace: {
    waiting: 'replaced',
    delayed: 'replaced',
    paused: 'replaced',
    disabled: 'replaced',
    running: 'duplicate',
    'put off': 'replaced',
    'handed back': 'replaced',
    retrying: 'replaced',
    rescued: 'replaced',
    completed: 'added',
    dead: 'added',
    removed: 'added',
  },
};

const cases = Object.entries(TABLE).flatMap(([mode, states]) =>
  Object.entries(states).map(([state, answer]) => [mode as keyof typeof MODES, state, answer]),
) as [keyof typeof MODES, string, Answer][];

describeBackends('a duplicate', (open) => {
  it.each(cases)('of mode %s, whose job in place is %s, is %s', async (name, state, expected) => {
    const mode = MODES[name];
    const { broker, manager, first } = await openWithFirst(open, mode, state);

    const { job, created, deduped } = await dedupe(broker, mode, 2);

    expect(created ? 'added' : (deduped ?? 'duplicate')).toBe(expected);
    expect(job.id === first.id).toBe(expected !== 'added');
    expect(await manager.get(job.id)).toEqual(job);
    const inPlace = await manager.get(first.id);
    const changes = expected === 'replaced' || expected === 'kept-for-next';
    expect(inPlace?.data).toBe(state === 'removed' ? undefined : changes ? 2 : 1);
  });

  it.each(Object.entries(MODES))(
    'of mode %s keeps all but the data, and its place among equals',
    async (_, mode) => {
      const { broker, manager, clock } = await open();
      const asked = { priority: 3, overrides: { attempts: 4 }, due: { delayMs: 500 } };
      const { job: first } = await dedupe(broker, mode, 1, asked);
      clock.advance(100);

      await dedupe(broker, mode, 2, { priority: 9, overrides: { attempts: 9 } });

      const { nextRunAt: _time, ...rest } = (await manager.get(first.id))!;
      expect(rest).toMatchObject({ priority: 3, overrides: { attempts: 4 }, data: 2 });
      expect(rest.createdAt).toBe(START);
    },
  );

  it('may have no data, or such as looks like more of the record', async () => {
    const { broker, manager } = await open();
    const { job } = await dedupe(broker, latest, 1, { lastModifiedBy: 'a' });
    for (const data of [
      undefined,
      null,
      [',{"lastModifiedBy":"x"}]'],
      'text',
      { type: 'single' },
    ]) {
      await broker.dedupe({ ...keyed(latest, 0), data: JSON.stringify(data) });

      expect(await manager.get(job.id)).toMatchObject({ data, lastModifiedBy: 'a' });
    }
  });

  it('says who has changed the job', async () => {
    const { broker, manager } = await open();
    const { job } = await dedupe(broker, latest, 1, { lastModifiedBy: 'shop' });

    await dedupe(broker, latest, 2, { lastModifiedBy: 'desk "{[2]}"' });

    expect(await manager.get(job.id)).toMatchObject({ lastModifiedBy: 'desk "{[2]}"' });
  });

  it('is one of the same name, mode and key', async () => {
    const { broker } = await open();
    await dedupe(broker, latest, 1);

    const others = [
      await dedupe(broker, latest, 2, { name: 'report' }),
      await dedupe(broker, replace, 3),
      await broker.dedupe({ ...keyed(latest, 4), dedupe: { mode: 'latest', key: 'user-8' } }),
    ];

    expect(others.map(({ created }) => created)).toEqual([true, true, true]);
    expect((await dedupe(broker, latest, 5)).deduped).toBe('replaced');
  });

  it('may have any key, as long as each is another one', async () => {
    const { broker } = await open();
    const keys = ['a', 'A', '"', '\\', '{[()]}', ':', 'ä€😀', ' ', 'x'.repeat(512)];
    const addAll = () =>
      Promise.all(
        keys.map((key) => broker.dedupe({ ...keyed(latest, 1), dedupe: { mode: 'latest', key } })),
      );

    const first = await addAll();
    const second = await addAll();

    expect(first.every(({ created }) => created)).toBe(true);
    expect(second.map(({ job }) => job.id)).toEqual(first.map(({ job }) => job.id));
  });

  it('counts by its id first, when it has one that is taken', async () => {
    const { broker, manager } = await open();
    const { job: inPlace } = await dedupe(broker, latest, 1);
    const other = await add(broker, { id: 'mine', name: 'report' });

    const answer = await dedupe(broker, latest, 2, { id: 'mine' });

    expect(answer).toEqual({ job: other, created: false });
    expect(await manager.get(inPlace.id)).toEqual(inPlace);
  });

  it('is a repeat with the nonce of the call that added the job', async () => {
    const { broker } = await open();
    const asked = keyed(latest, 1);
    const first = await broker.dedupe(asked);

    expect(await broker.dedupe(asked)).toEqual(first);
  });

  it('takes a row back that was handed out and has not begun to run', async () => {
    const { broker, repository, manager, clock } = await open();
    const { job } = await dedupe(broker, replace, 1);
    const row = await repository.getNextJobToRun('mail', at(5_000), at(-600_000), at(0));
    expect(row).toMatchObject({ _id: job.id });

    clock.advance(1);
    const answer = await dedupe(broker, replace, 2);

    expect(answer).toMatchObject({ deduped: 'replaced', job: { data: 2, lockedAt: null } });
    expect(idsOf((await claim(broker)).jobs)).toEqual([job.id]);
    expect(await manager.get(job.id)).toMatchObject({ data: 2 });
  });

  it('is one job of 100 parallel adds over several connections', async () => {
    const store = await open();
    const brokers = [store.broker, await store.another(), await store.another()];

    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => dedupe(brokers[i % 3]!, latest, i)),
    );

    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
    expect((await store.manager.counts()).get('mail')!.total).toBe(1);
  });

  it('finds its key held through a pause, and takes the place of one that expired', async () => {
    const { broker, clock, manager } = await open();
    await manager.pause({ name: 'mail' });
    const { job } = await dedupe(broker, latest, 1, { expires: { delayMs: 5_000 } });

    clock.advance(4_999);
    expect((await dedupe(broker, latest, 2)).deduped).toBe('replaced');
    clock.advance(1);
    const next = await dedupe(broker, latest, 3);

    expect(next.created).toBe(true);
    expect(next.job.id).not.toBe(job.id);
  });

  it('is taken in by a name that takes no more jobs', async () => {
    const { broker, manager } = await open();
    await broker.register([{ name: 'mail', maxRescues: 2, limits: { maxQueued: 1 } }]);
    await dedupe(broker, latest, 1);

    expect((await dedupe(broker, latest, 2)).deduped).toBe('replaced');
    expect(await dedupe(broker, replace, 3)).toMatchObject({
      created: false,
      refused: { maxQueued: 1, queued: 1 },
      job: { data: 3 },
    });
    expect((await manager.counts()).get('mail')!.total).toBe(1);
  });

  it('keeps its tags, its place ahead of others and its expiry', async () => {
    const { broker, manager } = await open();
    const asked = {
      tags: ['a', 'b'],
      first: true,
      key: 'host',
      expires: { delayMs: 500 },
    } as const;
    const { job } = await dedupe(broker, latest, 1, asked);

    const answer = await dedupe(broker, latest, 2, { tags: ['c'], expires: { delayMs: 900 } });

    const told = { tags: ['a', 'b'], first: true, key: 'host', expiresAt: START + 500, data: 2 };
    expect(job).toMatchObject({ ...told, data: 1 });
    expect(answer.job).toMatchObject(told);
    expect(await manager.get(job.id)).toEqual(answer.job);
  });

  it.each([
    [{ dedupe: { mode: 'latest', key: '' } }, InvalidJobError],
    [{ dedupe: { mode: 'latest', key: 'a\nb' } }, InvalidJobError],
    [{ dedupe: { mode: 'latest', key: 'x'.repeat(513) } }, InvalidJobError],
    [{ dedupe: { mode: 'throttle', key: 'k' } }, InvalidOptionError],
    [{ dedupe: { mode: 'debounce', key: 'k', forMs: 0 } }, InvalidOptionError],
    [{ dedupe: { mode: 'debounce', key: 'k', forMs: 5, maxWaitMs: 0 } }, InvalidOptionError],
    [{ dedupe: { mode: 'replace', key: 'k', takes: ['id'] } }, InvalidOptionError],
    [{ dedupe: { mode: 'replace', key: 'k', takes: [] } }, InvalidOptionError],
    [{ nonce: '' }, InvalidOptionError],
    [{ name: '' }, InvalidJobError],
    [{ idempotency: { key: 'k', release: 'finish', holdMs: 1 } }, InvalidOptionError],
  ])('is refused when it says %j, and nothing is stored', async (part, error) => {
    const { broker, dump } = await open();
    const before = await dump();

    const adding = broker.dedupe({ ...keyed(latest, 1), ...(part as object) });

    await expect(adding).rejects.toThrow(error);
    expect(await dump()).toEqual(before);
  });

  it('is refused among others', async () => {
    const { broker, dump } = await open();
    const before = await dump();

    const adding = broker.enqueue([newJob(), keyed(latest, 1)]);

    await expect(adding).rejects.toMatchObject({ option: 'dedupe' });
    expect(await dump()).toEqual(before);
  });
});

describeBackends('a debounced job', (open) => {
  const plannedOf = ({ job }: { job: { nextRunAt: number | null } }) => job.nextRunAt! - START;

  it('runs once, so long after the newest call, with its data', async () => {
    const { broker, clock } = await open();
    expect(plannedOf(await dedupe(broker, debounce, 0))).toBe(1_000);
    for (let n = 1; n <= 9; n++) {
      clock.advance(300);
      expect(plannedOf(await dedupe(broker, debounce, n))).toBe(n * 300 + 1_000);
      expect((await claim(broker)).jobs).toEqual([]);
    }

    clock.advance(999);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect((await claim(broker)).jobs).toMatchObject([{ record: { data: 9 } }]);
  });

  it('is put off by `maxWait` after its first call at most', async () => {
    const { broker, clock } = await open();
    const mode: Mode = { mode: 'debounce', forMs: FOR, maxWaitMs: 1_500 };
    await dedupe(broker, mode, 1);

    clock.advance(499);
    expect(plannedOf(await dedupe(broker, mode, 2))).toBe(1_499);
    clock.advance(1);
    expect(plannedOf(await dedupe(broker, mode, 2))).toBe(1_500);
    clock.advance(400);
    expect(plannedOf(await dedupe(broker, mode, 3))).toBe(1_500);
    clock.advance(599);
    expect(plannedOf(await dedupe(broker, mode, 4))).toBe(1_500);
  });

  it('keeps its place in the line from then on', async () => {
    const { broker, clock } = await open();
    const mode: Mode = { mode: 'debounce', forMs: FOR, maxWaitMs: 1_500 };
    await dedupe(broker, mode, 1);
    clock.advance(700);
    await dedupe(broker, mode, 2);

    clock.advance(800);
    expect(plannedOf(await dedupe(broker, mode, 3))).toBe(1_500);
    clock.advance(700);
    expect(plannedOf(await dedupe(broker, mode, 4))).toBe(1_500);
    expect((await claim(broker)).jobs).toMatchObject([{ record: { data: 4 } }]);
  });

  it('is put off as long as nobody has claimed it, also when it is due', async () => {
    const { broker, clock } = await open();
    await dedupe(broker, debounce, 1);
    clock.advance(FOR);

    expect(plannedOf(await dedupe(broker, debounce, 2))).toBe(2_000);
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('leaves its key to the next round as soon as it is claimed', async () => {
    const { broker, clock } = await open();
    await dedupe(broker, debounce, 1);
    clock.advance(FOR);
    const held = await claimOne(broker);

    const second = await dedupe(broker, debounce, 2);
    const third = await dedupe(broker, debounce, 3);
    await settleOne(broker, complete(held));

    expect(second.created).toBe(true);
    expect(third).toMatchObject({ deduped: 'replaced', job: { id: second.job.id, data: 3 } });
    expect(await dedupe(broker, debounce, 4)).toMatchObject({ job: { id: second.job.id } });
  });

  it('does not have it back when it is brought back from the dead', async () => {
    const { broker, clock, manager } = await open();
    const { job } = await dedupe(broker, debounce, 1);
    clock.advance(FOR);
    await settleOne(broker, bury(await claimOne(broker)));
    const { job: next } = await dedupe(broker, debounce, 2);

    const [answer] = await manager.requeue([job.id], { due: { delayMs: 0 }, resetAttempts: true });

    expect(answer).toEqual({ outcome: 'ok' });
    expect(await dedupe(broker, debounce, 3)).toMatchObject({ job: { id: next.id, data: 3 } });
    expect(await manager.get(job.id)).toMatchObject({ data: 1 });
  });

  it('stays disabled, and waits for its new time', async () => {
    const { broker, clock, repository } = await openWithFirst(open, debounce, 'disabled');
    clock.advance(500);
    await dedupe(broker, debounce, 2);
    clock.advance(FOR);
    expect((await claim(broker)).jobs).toEqual([]);

    await repository.enableJobs({ name: 'mail' });

    expect((await claim(broker)).jobs).toMatchObject([{ record: { data: 2 } }]);
  });
});

describeBackends('a leading debounce', (open) => {
  it('runs at once, and holds its key for its time from the first call', async () => {
    const { broker, clock } = await open();
    const { job } = await dedupe(broker, leading, 1);
    await settleOne(broker, complete(await claimOne(broker)));

    clock.advance(FOR - 1);
    expect(await dedupe(broker, leading, 2)).toMatchObject({
      created: false,
      job: { id: job.id, data: 1 },
    });
    clock.advance(1);
    expect(await dedupe(broker, leading, 3)).toMatchObject({ created: true });
  });

  it('holds its key beyond that while the job waits', async () => {
    const { broker, clock } = await open();
    await dedupe(broker, leading, 1);
    clock.advance(5 * FOR);

    const answer = await dedupe(broker, leading, 2);
    const { jobs } = await claim(broker);

    expect(answer.deduped).toBe('replaced');
    expect(jobs).toMatchObject([{ record: { data: 2, nextRunAt: START } }]);
    expect((await dedupe(broker, leading, 3)).created).toBe(true);
  });

  it('knows of a job that left nothing but its id', async () => {
    const { broker } = await open();
    const { job } = await dedupe(broker, leading, 1);
    await settleOne(broker, complete(await claimOne(broker), { remove: true }));

    expect(await dedupe(broker, leading, 2)).toMatchObject({ created: false, job: { id: job.id } });
  });

  it('frees its key when the job is cancelled', async () => {
    const { broker, manager } = await open();
    const { job } = await dedupe(broker, leading, 1);
    await manager.cancel([job.id], 'no more');

    expect((await dedupe(broker, leading, 2)).created).toBe(true);
  });

  it('leaves no key behind when its time and its job are gone', async () => {
    const { broker, clock, dump } = await open();
    const empty = keysIn(await dump());
    await dedupe(broker, leading, 1);
    await settleOne(broker, complete(await claimOne(broker), { remove: true }));
    clock.advance(FOR);

    for (let cursor: string | null = ''; cursor !== null;) {
      cursor = (await broker.prune!(cursor)).next;
    }

    expect(keysIn(await dump())).toEqual(empty);
  });
});

describeBackends('the latest of a key', (open) => {
  it('runs once more after the run under way, with the newest data, and never beside it', async () => {
    const { broker, manager, first } = await openWithFirst(open, latest, 'removed');
    expect(await manager.get(first.id)).toBeUndefined();
    await dedupe(broker, latest, 1);
    const held = await claimOne(broker);
    expect(held.record.data).toBe(1);

    for (const data of [2, 3, 4]) {
      expect((await dedupe(broker, latest, data)).deduped).toBe('kept-for-next');
      expect((await claim(broker)).jobs).toEqual([]);
    }
    await settleOne(broker, complete(held));

    const again = await claimOne(broker);
    expect(again.record).toMatchObject({ id: held.record.id, data: 4, attempt: 0 });
    await settleOne(broker, complete(again));
    expect((await claim(broker)).jobs).toEqual([]);
    expect((await dedupe(broker, latest, 5)).created).toBe(true);
  });

  it.each([
    ['succeeds', complete],
    ['succeeds and is to be removed', (held: Held) => complete(held, { remove: true })],
    ['fails, to run again', (held: Held) => retry(held, { due: { delayMs: 60_000 } })],
    ['fails for good', bury],
    ['is handed back', release],
    ['is put off', (held: Held) => snooze(held, { due: { delayMs: 60_000 } })],
  ] as const)('follows a run that %s, and its attempts count anew', async (_, end) => {
    const { broker } = await open();
    await dedupe(broker, latest, 1);
    const held = await claimOne(broker);
    await dedupe(broker, latest, 2);

    await settleOne(broker, end(held));

    const { record } = await claimOne(broker);
    expect(record).toMatchObject({ id: held.record.id, data: 2 });
    expect(record).toMatchObject({ attempt: 0, snoozeCount: 0, releaseCount: 0 });
  });

  it('runs with its data when the process is lost that had the job', async () => {
    const store = await open();
    const { broker } = store;
    await dedupe(broker, latest, 1);
    await claimOne(broker);
    await dedupe(broker, latest, 2);

    await loseAndRescue(store);

    const { jobs } = await claim(broker);
    expect(jobs).toMatchObject([{ record: { data: 2, rescueCount: 1 } }]);
    await settleOne(broker, complete(jobs[0]!));
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('waits for the time of the first call that came during the run', async () => {
    const { broker, clock } = await open();
    await dedupe(broker, latest, 1);
    const held = await claimOne(broker);
    await dedupe(broker, latest, 2, { due: { delayMs: 500 } });
    clock.advance(100);
    await dedupe(broker, latest, 3, { due: { delayMs: 900 } });
    await settleOne(broker, complete(held));

    clock.advance(399);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect((await claim(broker)).jobs).toMatchObject([{ record: { data: 3 } }]);
  });

  it('does not expire any more when it runs once more', async () => {
    const { broker, clock } = await open();
    await dedupe(broker, latest, 1, { expires: { delayMs: 500 } });
    const held = await claimOne(broker);
    clock.advance(600);
    expect((await dedupe(broker, latest, 2)).deduped).toBe('kept-for-next');
    await settleOne(broker, complete(held));

    expect((await claim(broker)).jobs).toMatchObject([{ record: { data: 2 } }]);
  });

  it('has its key again when it is brought back from the dead, unless another one has it', async () => {
    const { broker, manager } = await open();
    const how = { due: { delayMs: 0 }, resetAttempts: true };
    const { job } = await dedupe(broker, latest, 1);
    await settleOne(broker, bury(await claimOne(broker)));
    const { job: next } = await dedupe(broker, latest, 2);

    expect(await manager.requeue([job.id], how)).toEqual([
      { outcome: 'key-taken', holder: next.id },
    ]);
    await manager.cancel([next.id], 'no more');
    expect(await manager.requeue([job.id], how)).toEqual([{ outcome: 'ok' }]);

    expect(await dedupe(broker, latest, 3)).toMatchObject({ job: { id: job.id, data: 3 } });
  });
});

describeBackends('a replaced job', (open) => {
  it.each<[ReplacedPartOf, object]>([
    [['data'], { data: 2, priority: 0, nextRunAt: START + 1_000 }],
    [['priority'], { data: 1, priority: 7.5, nextRunAt: START + 1_000 }],
    [['nextRunAt'], { data: 1, priority: 0, nextRunAt: START + 200 }],
    [['priority', 'nextRunAt', 'data'], { data: 2, priority: 7.5, nextRunAt: START + 200 }],
  ])('takes %j and nothing else', async (takes, expected) => {
    const { broker, manager } = await open();
    const mode: Mode = { mode: 'replace', takes };
    const { job } = await dedupe(broker, mode, 1, { due: { delayMs: 1_000 } });

    const answer = await dedupe(broker, mode, 2, { priority: 7.5, due: { delayMs: 200 } });

    expect(answer.job).toEqual({ ...job, ...expected });
    expect(await manager.get(job.id)).toEqual(answer.job);
  });

  it('is claimed in its new place, and announced when it is due earlier', async () => {
    const { broker, channel } = await open();
    const mode: Mode = { mode: 'replace', takes: ['nextRunAt', 'priority'] };
    await dedupe(broker, mode, 1, { due: { delayMs: 60_000 } });
    const other = await add(broker, { priority: 3 });
    await claim(broker, { slots: 0 });
    const news: unknown[] = [];
    channel.subscribe((message) => void news.push(message.jobName));
    const report = { name: 'report' };
    await dedupe(broker, mode, 1, { ...report, due: { delayMs: 60_000 } });
    await dedupe(broker, mode, 2, report);

    const { job } = await dedupe(broker, mode, 2, { priority: 5 });

    expect(idsOf((await claim(broker)).jobs)).toEqual([job.id, other.id]);
    await until(() => news.includes('report'));
  });

  it('keeps its failures when it waits for a retry', async () => {
    const { broker, manager, first } = await openWithFirst(open, replace, 'retrying');

    await dedupe(broker, { mode: 'replace', takes: ['data', 'nextRunAt'] }, 2);

    expect(await manager.get(first.id)).toMatchObject({ attempt: 1, failCount: 1, data: 2 });
    expect((await claim(broker)).jobs).toMatchObject([{ record: { id: first.id, data: 2 } }]);
  });

  it('takes its key with it', async () => {
    const { broker, clock, dump } = await open();
    const empty = keysIn(await dump());
    await dedupe(broker, replace, 1);
    await settleOne(broker, complete(await claimOne(broker)));
    expect(keysIn(await dump())).toEqual(empty);
    clock.advance(1);
  });
});

type Held = Parameters<typeof release>[0];
type ReplacedPartOf = Extract<Dedupe, { mode: 'replace' }>['takes'];

const at = (ms: number): Date => new Date(START + ms);

/** What leads to jobs, of either kind of store. */
function keysIn(dump: unknown): unknown[] {
  const store = dump as Record<string, unknown>;
  if (store.keys instanceof Map) return [...(store.keys as Map<string, string>)];
  const entry = Object.entries(store).find(([key]) => /^hash test:\w+:keys$/.test(key));
  return (entry?.[1] as unknown[]) ?? [];
}

async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setImmediate(resolve));
}
