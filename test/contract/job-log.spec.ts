import type { JobLogEntry, JobLogger, JobLogQuery } from '../../lib/core/contracts/job-logger.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import { add, addMany, claimOne, complete, settle, settleOne } from './support/builders.js';

type Entry = Omit<JobLogEntry, '_id'>;

/** A start of the job `a` named `mail`, when every test begins. */
const entry = (more: Partial<Entry> = {}): Entry => ({
  timestamp: new Date(START),
  level: 'info',
  event: 'start',
  jobName: 'mail',
  jobId: 'a',
  message: 'started',
  ...more,
});

/** Entries with numbers as messages, a second apart. */
const numbered = (count: number, more: (i: number) => Partial<Entry> = () => ({})): Entry[] =>
  Array.from({ length: count }, (_, i) =>
    entry({ timestamp: new Date(START + i * 1_000), message: String(i), ...more(i) }),
  );

const write = (logger: JobLogger, entries: readonly Entry[]) =>
  Promise.all(entries.map((one) => logger.log(one)));

/** The messages of what a query finds, and how many there are in all. */
async function find(logger: JobLogger, query?: JobLogQuery): Promise<[string[], number]> {
  const { entries, total } = await logger.getLogs(query);
  return [entries.map(({ message }) => message), total];
}

describeBackends('the log of job events', (open) => {
  const openLog = async (...options: Parameters<typeof open>) => {
    const store = await open(...options);
    return { ...store, logger: store.backend.logger! };
  };

  it('gives back every field of an entry, and no others', async () => {
    const { logger } = await openLog();
    const whole: Required<Entry> = {
      timestamp: new Date(START + 7),
      level: 'error',
      event: 'fail',
      jobId: 'a "1" \\ {x}',
      jobName: 'mail "2" \\ [y]',
      message: 'no "luck"\n\u0000 at all, ünïcode 🦆',
      duration: 0,
      error: '',
      failCount: 3,
      retryDelay: 1_000.5,
      retryAttempt: 2,
      agendaName: 'billing',
      meta: { deep: { list: [1, null, 'x', { y: false }] }, empty: {} },
    };

    await logger.log(whole);
    await logger.log(entry({ duration: undefined, meta: undefined } as object));

    const { entries } = await logger.getLogs({ sort: 'asc' });
    const [plain, full] = entries.map(({ _id, ...rest }) => [typeof _id, rest] as const);
    expect(full).toEqual(['string', whole]);
    expect(plain).toStrictEqual(['string', entry()]);
  });

  it('keeps an entry of no job', async () => {
    const { logger } = await openLog();
    const { jobId: _, ...withoutJob } = entry();

    await logger.log(withoutJob);

    const [found] = (await logger.getLogs({ jobName: 'mail' })).entries;
    expect(found).toStrictEqual({ _id: found!._id, ...withoutJob });
  });

  it('keeps what the caller changes afterwards as it was', async () => {
    const { logger } = await openLog();
    const given = entry({ timestamp: new Date(START), meta: { list: [1] } });

    const written = logger.log(given);
    given.message = 'changed';
    given.timestamp.setTime(0);
    (given.meta!.list as number[]).push(2);
    await written;
    (await logger.getLogs()).entries[0]!.meta!.list = 'changed';

    const { entries } = await logger.getLogs();
    expect(entries).toMatchObject([
      { message: 'started', timestamp: new Date(START), meta: { list: [1] } },
    ]);
  });

  it('gives an id of its own to each entry of two writers in one millisecond', async () => {
    const { logger, anotherBackend } = await openLog();
    const other = (await anotherBackend()).logger!;

    await Promise.all([write(logger, numbered(150)), write(other, numbered(150))]);

    const { entries, total } = await logger.getLogs({ limit: 1_000 });
    expect(total).toBe(300);
    expect(new Set(entries.map(({ _id }) => _id)).size).toBe(300);
  });

  describe('finds', () => {
    const ENTRIES: readonly Entry[] = [
      entry({ message: '0', level: 'debug', event: 'locked' }),
      entry({ message: '1', timestamp: new Date(START + 1_000) }),
      entry({ message: '2', timestamp: new Date(START + 2_000), level: 'error', event: 'fail' }),
      entry({ message: '3', timestamp: new Date(START + 3_000), jobId: 'b' }),
      entry({ message: '4', timestamp: new Date(START + 4_000), jobId: 'b', event: 'success' }),
      entry({ message: '5', timestamp: new Date(START + 5_000), jobId: 'c', jobName: 'report' }),
      entry({ message: '6', timestamp: new Date(START + 6_000), jobName: 'report' }),
      entry({
        message: '7',
        timestamp: new Date(START + 7_000),
        level: 'warn',
        event: 'retry:exhausted',
      }),
      entry({ message: '8', timestamp: new Date(START + 8_000), event: 'retry' }),
      entry({
        message: '9',
        timestamp: new Date(START + 9_000),
        level: 'warn',
        event: 'expired',
        jobId: 'c',
        jobName: 'report',
      }),
    ];
    const at = (seconds: number) => new Date(START + seconds * 1_000);

    it.each<[string, JobLogQuery, string]>([
      ['everything', {}, '9876543210'],
      ['a job', { jobId: 'b' }, '43'],
      ['a name', { jobName: 'report' }, '965'],
      ['a job and a name', { jobId: 'a', jobName: 'report' }, '6'],
      ['a level', { level: 'warn' }, '97'],
      ['several levels', { level: ['warn', 'debug'] }, '970'],
      ['an event', { event: 'retry' }, '8'],
      ['several events', { event: ['locked', 'retry:exhausted', 'expired'] }, '970'],
      ['a level and an event', { level: 'warn', event: ['expired', 'retry'] }, '9'],
      ['from a time on, inclusive', { from: at(7) }, '987'],
      ['up to a time, inclusive', { to: at(2) }, '210'],
      ['within a time', { from: at(3), to: at(4) }, '43'],
      ['one millisecond', { from: at(3), to: at(3) }, '3'],
      ['between entries', { from: new Date(+at(3) + 1), to: new Date(+at(4) - 1) }, ''],
      ['a time turned round', { from: at(4), to: at(3) }, ''],
      ['all at once', { jobId: 'a', jobName: 'mail', level: 'info', from: at(1), to: at(8) }, '81'],
      ['none of a list', { level: [] }, ''],
      ['none of another list', { jobId: 'a', event: [] }, ''],
      ['nothing of nobody', { jobId: 'z' }, ''],
      ['nothing of no name', { jobName: '' }, ''],
    ])('%s', async (_, query, expected) => {
      const { logger } = await openLog();
      await write(logger, ENTRIES);
      const messages = expected.split('');

      expect(await find(logger, query)).toEqual([messages, messages.length]);
      expect(await find(logger, { ...query, sort: 'asc' })).toEqual([
        messages.toReversed(),
        messages.length,
      ]);
    });

    it.each<[string, JobLogQuery, string]>([
      ['everything without a query', undefined as unknown as JobLogQuery, ''],
      ['what a job had', { jobId: 'a' }, '9543'],
      ['what a name had', { jobName: 'report' }, '8743210'],
      ['levels of a name', { jobName: 'mail', level: ['debug', 'error'] }, '98765431'],
      ['up to a time', { to: at(6) }, '987'],
      ['whatever the page', { jobId: 'b', limit: 1, offset: 1, sort: 'asc' }, '98765210'],
      ['nothing', { level: [] }, '9876543210'],
    ])('what is left when it has deleted %s', async (_, query, left) => {
      const { logger } = await openLog();
      await write(logger, ENTRIES);

      expect(await logger.clearLogs(query)).toBe(ENTRIES.length - left.length);

      expect(await find(logger)).toEqual([left.split(''), left.length]);
      for (const jobId of ['a', 'b', 'c']) {
        const ofJob = left.split('').filter((message) => ENTRIES[Number(message)]!.jobId === jobId);
        expect(await find(logger, { jobId })).toEqual([ofJob, ofJob.length]);
      }
      expect(await logger.clearLogs(query)).toBe(0);
    });

    it('names and ids as they are, whatever they look like', async () => {
      const { logger } = await openLog();
      const names = ['a:b*[x]{y}', 'a:b', '*', 'all', 'job:a', '../a', 'naïve 🦆', 'a|b', '%s\\'];
      await write(
        logger,
        names.map((name) => entry({ jobName: name, jobId: `${name}:1`, message: name })),
      );

      for (const name of names) {
        expect(await find(logger, { jobName: name })).toEqual([[name], 1]);
        expect(await find(logger, { jobId: `${name}:1` })).toEqual([[name], 1]);
      }
    });

    it('a page of any size, and the total whatever the page', async () => {
      const { logger } = await openLog();
      await write(
        logger,
        numbered(260, (i) => ({ level: i % 2 === 0 ? 'info' : 'warn' })),
      );
      const all = Array.from({ length: 260 }, (_, i) => String(i));
      const even = all.filter((_, i) => i % 2 === 0);

      expect(await find(logger)).toEqual([all.toReversed().slice(0, 50), 260]);
      expect(await find(logger, { limit: 7, offset: 3, sort: 'asc' })).toEqual([
        all.slice(3, 10),
        260,
      ]);
      expect(await find(logger, { limit: 250, offset: 5, sort: 'asc' })).toEqual([
        all.slice(5, 255),
        260,
      ]);
      expect(await find(logger, { limit: 1_000, offset: 100 })).toEqual([
        all.toReversed().slice(100),
        260,
      ]);
      expect(await find(logger, { offset: 260 })).toEqual([[], 260]);
      expect(await find(logger, { level: 'info', limit: 110, offset: 15, sort: 'asc' })).toEqual([
        even.slice(15, 125),
        130,
      ]);
      expect(await find(logger, { level: 'info', limit: 4, offset: 128 })).toEqual([
        ['2', '0'],
        130,
      ]);
    });

    it('entries of one millisecond in the order they were written, or in its reverse', async () => {
      const { logger } = await openLog();
      const written = numbered(230, () => ({ timestamp: new Date(START) }));
      await write(logger, written);
      const all = written.map(({ message }) => message);

      expect(await find(logger, { sort: 'asc', limit: 230 })).toEqual([all, 230]);
      expect(await find(logger, { limit: 230 })).toEqual([all.toReversed(), 230]);
      expect(await find(logger, { limit: 230, level: 'info' })).toEqual([all.toReversed(), 230]);
    });

    it('entries that were written late in their place by time', async () => {
      const { logger } = await openLog();
      await write(logger, numbered(4).toReversed());

      expect(await find(logger, { sort: 'asc' })).toEqual([['0', '1', '2', '3'], 4]);
    });

    it('what is rare in a long log', async () => {
      const { logger } = await openLog();
      const rare = (i: number) => i % 700 === 5;
      await write(
        logger,
        numbered(2_500, (i) => (rare(i) ? { level: 'error', event: 'fail' } : {})),
      );

      expect(await find(logger, { level: 'error' })).toEqual([['2105', '1405', '705', '5'], 4]);
      expect(await find(logger, { event: 'fail', limit: 2, offset: 1, sort: 'asc' })).toEqual([
        ['705', '1405'],
        4,
      ]);
      expect(await logger.clearLogs({ level: 'error' })).toBe(4);
      expect(await logger.clearLogs()).toBe(2_496);
      expect(await find(logger)).toEqual([[], 0]);
    });
  });

  it.each<[string, object]>([
    ['an unknown condition', { jobid: 'a' }],
    ['a job that is no text', { jobId: 1 }],
    ['a name that is no text', { jobName: ['mail'] }],
    ['an unknown level', { level: 'fatal' }],
    ['an unknown level among others', { level: ['info', 'fatal'] }],
    ['an unknown event', { event: 'started' }],
    ['a time that is no Date', { from: START }],
    ['an invalid Date', { to: new Date(Number.NaN) }],
    ['a limit of nothing', { limit: 0 }],
    ['a broken limit', { limit: 1.5 }],
    ['a negative offset', { offset: -1 }],
    ['another direction', { sort: 1 }],
    ['no query at all', 'mail' as unknown as object],
  ])('refuses a query with %s', async (_, query) => {
    const { logger } = await openLog();
    await logger.log(entry());

    await expect(logger.getLogs(query as JobLogQuery)).rejects.toThrow(InvalidOptionError);
    await expect(logger.clearLogs(query as JobLogQuery)).rejects.toThrow(InvalidOptionError);
    expect(await find(logger)).toEqual([['started'], 1]);
  });

  it.each<[string, object]>([
    ['without a time', { timestamp: undefined }],
    ['with an invalid time', { timestamp: new Date(Number.NaN) }],
    ['of an unknown level', { level: 'fatal' }],
    ['of an unknown event', { event: 'started' }],
    ['without a name', { jobName: undefined }],
    ['of an empty name', { jobName: '' }],
    ['of an endless name', { jobName: 'x'.repeat(2_000) }],
    ['of a job that is no text', { jobId: 7 }],
    ['without a message', { message: undefined }],
    ['with a count that is no number', { failCount: '1' }],
    ['with meta that is no object', { meta: [1] }],
    ['with meta that is no JSON', { meta: { n: 1n } }],
    ['with endless meta', { meta: { text: 'x'.repeat(40_000) } }],
  ])('refuses an entry %s, and throws nothing', async (_, more) => {
    const { logger } = await openLog();

    const written = logger.log(entry(more as Partial<Entry>));

    await expect(written).rejects.toThrow(InvalidOptionError);
    expect(await find(logger)).toEqual([[], 0]);
  });

  it('cuts endless texts', async () => {
    const { logger } = await openLog();

    await logger.log(entry({ message: 'm'.repeat(100_000), error: '🦆'.repeat(100_000) }));

    const [found] = (await logger.getLogs()).entries;
    expect(found!.message).toBe('m'.repeat(16 * 1024));
    expect(found!.error).toBe('🦆'.repeat(4 * 1024));
  });

  it('pages through entries that are large', async () => {
    const { logger } = await openLog();
    const large = numbered(120, () => ({ meta: { text: 'x'.repeat(30_000) } }));
    await write(logger, large);

    const { entries, total } = await logger.getLogs({ limit: 120, sort: 'asc', level: 'info' });
    expect(entries.map(({ message }) => message)).toEqual(large.map(({ message }) => message));
    expect(total).toBe(120);
    expect(await find(logger, { limit: 2, offset: 117, sort: 'asc' })).toEqual([
      ['117', '118'],
      120,
    ]);
    expect(await logger.clearLogs()).toBe(120);
  });

  describe('drops', () => {
    it('the oldest when there are too many', async () => {
      const { logger } = await openLog({ logs: { maxCount: 5 } });
      await write(
        logger,
        numbered(4, () => ({ jobId: 'old', jobName: 'old' })),
      );

      await write(
        logger,
        numbered(3, (i) => ({ timestamp: new Date(START + 60_000 + i) })),
      );

      expect(await find(logger, { jobName: 'old' })).toEqual([['3', '2'], 2]);
      expect(await find(logger, { jobId: 'old' })).toEqual([['3', '2'], 2]);
      expect(await find(logger)).toEqual([['2', '1', '0', '3', '2'], 5]);
    });

    it('what is too old, and does not answer it before', async () => {
      const { logger, clock, dump } = await openLog({ logs: { maxAge: '1 minute' } });
      await write(
        logger,
        numbered(4, () => ({ jobId: 'old', jobName: 'old' })),
      );

      clock.set(START + 61_000);
      expect(await find(logger)).toEqual([['3', '2', '1'], 3]);
      clock.set(START + 64_000);
      await logger.log(entry({ timestamp: new Date(clock.now()) }));

      expect(await find(logger)).toEqual([['started'], 1]);
      expect(JSON.stringify(await dump())).not.toContain('old');
    });

    it('so much that a log that is over its limits shrinks with every write', async () => {
      const { logger, anotherBackend } = await openLog({ logs: { maxCount: 3 } });
      await write(logger, numbered(250));
      const other = (await anotherBackend()).logger!;

      await write(other, numbered(250));

      expect((await find(logger))[1]).toBe(3);
    });
  });

  describe('of a job that is removed', () => {
    const ofJobs = (logger: JobLogger, ...ids: string[]) =>
      write(
        logger,
        ids.map((jobId) => entry({ jobId, message: jobId })),
      );

    it('leaves with it, by whatever way', async () => {
      const { logger, broker, manager, repository, dump } = await openLog();
      await addMany(broker, 4, (i) => ({ id: `gone-${i}` }));
      await add(broker, { id: 'stays', due: { delayMs: 1 } });
      await ofJobs(logger, 'gone-0', 'gone-1', 'gone-2', 'gone-2', 'gone-3', 'stays');

      const done = [await claimOne(broker), await claimOne(broker)];
      await settleOne(broker, complete(done[0]!, { remove: true }));
      await settleOne(broker, complete(done[1]!));
      await manager.cancel(['gone-1', 'gone-3'], '');
      await repository.removeJobs({ id: 'gone-2' });

      expect(await find(logger)).toEqual([['stays'], 1]);
      expect(await find(logger, { jobId: 'gone-2' })).toEqual([[], 0]);
      expect(logsIn(await dump())).not.toContain('gone');
    });

    it('stays when the job stays', async () => {
      const { logger, broker } = await openLog();
      await add(broker, { id: 'a' });
      await logger.log(entry());

      await settleOne(broker, complete(await claimOne(broker)));

      expect(await find(logger)).toEqual([['started'], 1]);
    });

    it('stays when all jobs are purged', async () => {
      const { logger, broker, repository } = await openLog();
      await addMany(broker, 2, (i) => ({ id: `job-${i}` }));
      await ofJobs(logger, 'job-0', 'job-1');

      expect(await repository.purgeAllJobs()).toBe(2);
      await ofJobs(logger, 'job-1');

      expect(await find(logger, { sort: 'asc' })).toEqual([['job-0', 'job-1', 'job-1'], 3]);
    });

    it('takes no entries that come late, until there is another job of that id', async () => {
      const { logger, broker, manager } = await openLog();
      await add(broker, { id: 'a' });
      await ofJobs(logger, 'a', 'b');
      await manager.cancel(['a'], '');

      await ofJobs(logger, 'a', 'b');
      expect(await find(logger)).toEqual([['b', 'b'], 2]);

      await broker.enqueue([
        { id: 'a', name: 'mail', data: undefined, priority: 0, due: { delayMs: 0 }, nonce: 'f00d' },
      ]);
      await ofJobs(logger, 'a');
      expect(await find(logger, { jobId: 'a' })).toEqual([['a'], 1]);
    });

    it('leaves whole, however long it is', async () => {
      const { logger, broker, manager } = await openLog();
      await addMany(broker, 3, (i) => ({ id: `job-${i}` }));
      await write(
        logger,
        numbered(900, (i) => ({ jobId: `job-${i % 3}` })),
      );

      await manager.cancel(['job-0', 'job-1'], '');

      expect((await find(logger))[1]).toBe(300);
      expect((await find(logger, { jobId: 'job-2' }))[1]).toBe(300);
    });

    it('leaves bit by bit when a settlement removed the job, and whole in the end', async () => {
      const { logger, broker } = await openLog();
      await add(broker, { id: 'a' });
      await write(logger, numbered(300));
      await settle(broker, complete(await claimOne(broker), { remove: true }));

      for (let i = 0; i < 5; i++) await logger.log(entry({ jobId: 'b', message: 'b' }));

      expect((await find(logger, { jobId: 'a' }))[1]).toBe(0);
      expect(await find(logger)).toEqual([['b', 'b', 'b', 'b', 'b'], 5]);
    });
  });

  it('goes on when its backend was closed and is opened again', async () => {
    const { logger, backend } = await openLog();
    await logger.log(entry());
    await backend.disconnect();

    await backend.connect();
    await logger.log(entry());

    expect((await find(logger))[1]).toBe(2);
  });
});

/** All that is kept of the log; in memory also the jobs are told, whose ids do not count. */
function logsIn(dump: unknown): string {
  const kept = Object.entries(dump as Record<string, unknown>).filter(
    ([key]) => /logs|^log$/.test(key) && !key.includes('removed'),
  );
  return JSON.stringify(kept);
}
