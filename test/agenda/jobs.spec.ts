import { define, Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

describe('Agenda on our backend', () => {
  it('runs at once what it adds, and stores how it ended', async () => {
    const seen: unknown[] = [];
    const agenda = await family.worker({ mail: (job) => seen.push(job.attrs.data) });
    const completed = next(agenda, 'complete:mail');

    const job = await agenda.now('mail', { to: 'ann' });
    await completed;

    expect(seen).toEqual([{ to: 'ann' }]);
    expect(await job.isRunning()).toBe(false);
    const { jobs } = await agenda.queryJobs({ name: 'mail' });
    expect(jobs).toEqual([
      expect.objectContaining({
        _id: job.attrs._id,
        state: 'completed',
        nextRunAt: null,
        lastFinishedAt: expect.any(Date),
      }),
    ]);
    expect(jobs[0]).not.toHaveProperty('lockedAt');
    expect(jobs[0]).not.toHaveProperty('failCount');
  });

  it('starts at once what a process adds that never starts, though nobody looks', async () => {
    const worker = await family.worker({ mail: () => {} });
    const producer = await family.agenda();
    const started = next(worker, 'start:mail');
    const addedAt = performance.now();

    await producer.now('mail');
    await started;

    expect(performance.now() - addedAt).toBeLessThan(1_000);
  });

  it('starts at its time what another process schedules, though nobody looks', async () => {
    const worker = await family.worker({ mail: () => {} });
    const producer = await family.agenda();
    const started = next(worker, 'start:mail');
    const when = Date.now() + 400;

    await producer.schedule(new Date(when), 'mail');
    await started;

    expect(Date.now() - when).toBeGreaterThanOrEqual(0);
    expect(Date.now() - when).toBeLessThan(500);
  });

  it('gives each job to one of two workers, and works on both', async () => {
    const ran: string[] = [];
    const perWorker = [0, 0];
    const workers = await Promise.all(
      perWorker.map((_, i) =>
        family.worker(
          {
            mail: async (job) => {
              ran.push(job.attrs._id!);
              perWorker[i]! += 1;
              await pause(20);
            },
          },
          { defaultConcurrency: 2, defaultLockLimit: 2, processEvery: 20 },
        ),
      ),
    );
    const jobs = await Promise.all(Array.from({ length: 30 }, () => workers[0]!.now('mail')));
    while (ran.length < 30) await pause(10);

    expect(ran.toSorted()).toEqual(jobs.map((job) => job.attrs._id!).toSorted());
    expect(Math.min(...perWorker)).toBeGreaterThan(0);
  });

  it('brings every field back as it went in', async () => {
    const agenda = await family.agenda({ name: 'shop' });
    const [startDate, endDate] = [new Date('2030-01-01'), new Date('2031-01-01')];
    const data = { list: [1, null, 'null'], at: new Date(0), none: undefined, '': { '': false } };
    const job = agenda.create('report', data).priority('high');
    job.startDate(startDate).endDate(endDate).skipDays([6, 0]);
    job.repeatEvery('0 9 * * *', { timezone: 'Europe/Paris' }).repeatAt('3:30pm').forkMode(true);
    await job.disable().save();

    const { jobs } = await (await family.agenda()).queryJobs({ id: job.attrs._id });

    expect(jobs).toEqual([
      {
        _id: job.attrs._id,
        name: 'report',
        type: 'normal',
        priority: 10,
        data: { list: [1, null, 'null'], at: '1970-01-01T00:00:00.000Z', '': { '': false } },
        nextRunAt: job.attrs.nextRunAt,
        repeatInterval: '0 9 * * *',
        repeatTimezone: 'Europe/Paris',
        repeatAt: '3:30pm',
        startDate,
        endDate,
        skipDays: [0, 6],
        disabled: true,
        fork: true,
        lastModifiedBy: 'shop',
        state: expect.any(String),
      },
    ]);
  });

  it.each([[null], [0], [''], ['null'], [false], [[]]])('keeps %j as data', async (data) => {
    const agenda = await family.agenda();
    const { attrs } = await agenda.create('mail', data).save();

    expect((await agenda.queryJobs({ id: attrs._id })).jobs[0]!.data).toEqual(data);
  });

  it('keeps an interval in ms a number', async () => {
    const agenda = await family.agenda();
    await agenda.every(5_000, 'poll');

    expect((await agenda.queryJobs({ name: 'poll' })).jobs[0]!.repeatInterval).toBe(5_000);
  });

  it('runs the most urgent first, and equals in the order they came', async () => {
    const order: unknown[] = [];
    const when = new Date(Date.now() - 1_000);
    const producer = await family.agenda();
    for (const [i, priority] of [-20, 0, 150, 0, -10, 0, 20].entries()) {
      const job = producer.create('mail', i).priority(priority);
      await job.schedule(when).save();
    }
    const worker = await family.agenda({ maxConcurrency: 1 });
    define(worker, 'mail', async (job) => void order.push(job.attrs.data), { concurrency: 1 });

    await worker.start();
    while (order.length < 7) await pause(10);

    expect(order).toEqual([2, 6, 1, 3, 5, 4, 0]);
  });

  it('cancels, disables and enables what meets all conditions, and nothing else', async () => {
    const agenda = await family.agenda();
    const add = async (name: string, userId: number) =>
      (await agenda.now(name, { userId, tags: ['a'] })).attrs._id!;
    const [one, twelve, other] = [await add('mail', 1), await add('mail', 12), await add('fax', 1)];
    const left = async () => (await agenda.queryJobs({})).jobs.map((job) => job._id).toSorted();

    expect(await agenda.cancel({})).toBe(0);
    expect(await agenda.cancel({ data: {} })).toBe(0);
    expect(await agenda.cancel({ data: 5 })).toBe(0);
    expect(await agenda.cancel({ id: one, name: 'fax' })).toBe(0);
    expect(await agenda.disable({ name: 'mail', data: { userId: 12 } })).toBe(1);
    expect((await agenda.queryJobs({ state: 'paused' })).jobs.map((job) => job._id)).toEqual([
      twelve,
    ]);
    expect(await agenda.enable({ ids: [twelve, other] })).toBe(2);
    expect(await agenda.cancel({ name: 'mail', data: { userId: 1 } })).toBe(1);
    expect(await left()).toEqual([twelve, other].toSorted());

    define(agenda, 'fax', async () => {});
    expect(await agenda.purge()).toBe(1);
    expect(await left()).toEqual([other]);
    expect(await agenda.cancelAll()).toBe(1);
    expect(await agenda.getJobsOverview()).toEqual([]);
  });

  it('runs nothing that is disabled, and the rest when it is enabled', async () => {
    const ran: unknown[] = [];
    const worker = await family.worker({ mail: (job) => ran.push(job.attrs.data) });
    const job = worker.create('mail', 'paused').disable();
    await job.save();
    await worker.now('mail', 'other');
    while (ran.length < 1) await pause(5);

    await worker.enable({ id: job.attrs._id });
    while (ran.length < 2) await pause(5);

    expect(ran).toEqual(['other', 'paused']);
  });

  it('removes what is done when told to, and keeps what failed', async () => {
    const fail = () => {
      throw new Error('no luck');
    };
    const agenda = await family.worker({ ok: () => {}, bad: fail }, { removeOnComplete: true });
    const ends = [next(agenda, 'complete:ok'), next(agenda, 'complete:bad')];
    await Promise.all([agenda.now('ok'), agenda.now('bad'), ...ends]);
    while ((await agenda.queryJobs({ name: 'ok' })).total > 0) await pause(5);

    expect((await agenda.queryJobs({})).jobs).toMatchObject([
      { name: 'bad', state: 'failed', failCount: 1, failReason: 'no luck' },
    ]);
  });

  it('tells its running statistics', async () => {
    const agenda = await family.worker({ mail: () => pause(100) });
    const started = next(agenda, 'start:mail');
    await agenda.now('mail');
    await agenda.schedule('in 1 hour', 'mail');
    await started;

    expect(await agenda.getRunningStats()).toMatchObject({
      totalQueueSizeDB: 0,
      backend: { name: 'Redis', hasNotificationChannel: true },
      jobStatus: { mail: { running: 1 } },
      runningJobs: 1,
    });
  });
});
