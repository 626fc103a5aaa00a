import { Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

describe('unique', () => {
  it.each([
    ['a nested path', { 'data.user.id': 1 }],
    ['an object', { 'data.user': { id: 1, name: 'ann' } }],
    ['a date', { 'data.at': new Date(0) }],
  ])('is one row of ten saves at once over two backends, by %s', async (_, query) => {
    const agendas = [await family.agenda(), await family.agenda()];
    const save = (i: number) =>
      agendas[i % 2]!.create('mail', { i, user: { name: 'ann', id: 1 }, at: new Date(0) })
        .unique(query)
        .save();

    const jobs = await Promise.all(Array.from({ length: 10 }, (_, i) => save(i)));

    expect(new Set(jobs.map((job) => job.attrs._id)).size).toBe(1);
    expect((await agendas[0]!.queryJobs({ name: 'mail' })).total).toBe(1);
  });

  it('leaves the job in place alone when it is to insert only', async () => {
    const agenda = await family.agenda();
    const save = (n: number) =>
      agenda.create('mail', { user: 1, n }).unique({ 'data.user': 1 }, { insertOnly: true }).save();
    const first = await save(1);

    const second = await save(2);

    expect(second.attrs._id).toBe(first.attrs._id);
    expect((await agenda.queryJobs({})).jobs.map((job) => job.data)).toEqual([{ user: 1, n: 1 }]);
  });

  it('schedules a job again that has run', async () => {
    const seen: unknown[] = [];
    const worker = await family.worker({ mail: (job) => seen.push(job.attrs.data) });
    for (const n of [1, 2]) {
      const completed = next(worker, 'complete:mail');
      await worker.create('mail', { user: 1, n }).unique({ 'data.user': 1 }).save();
      await completed;
    }

    expect(seen).toEqual([
      { user: 1, n: 1 },
      { user: 1, n: 2 },
    ]);
    expect((await worker.queryJobs({})).total).toBe(1);
  });
});

describe('a claimed job that has not started', () => {
  it('obeys a new time, and a pause', async () => {
    const ran: unknown[] = [];
    const worker = await family.worker({ mail: (job) => ran.push(job.attrs.data) });
    // Its engine claims far ahead, and sets a timer.
    const moved = await worker.schedule(new Date(Date.now() + 300), 'mail', 'moved');
    const paused = await worker.schedule(new Date(Date.now() + 300), 'mail', 'paused');
    const { repository } = family.backend();
    while (!(await repository.getJobById(paused.attrs._id!))!.lockedAt) await pause(5);

    await moved.schedule(new Date(Date.now() + 60_000)).save();
    await paused.disable().save();
    await pause(600);

    expect(ran).toEqual([]);
    // Its opening writes were refused.
    expect(family.errors.splice(0).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['LeaseLostError']),
    );
  });
});

describe('debounce', () => {
  it('makes one run of ten saves 300 ms apart, with the newest data, while a worker runs', async () => {
    const seen: unknown[] = [];
    const worker = await family.worker(
      { index: (job) => seen.push(job.attrs.data) },
      { processEvery: 100 },
    );
    for (let n = 1; n <= 10; n++) {
      await worker.nowDebounced('index', { page: 1, n }, { 'data.page': 1 }, 1_000);
      if (n < 10) await pause(300);
    }
    expect(seen).toEqual([]);
    await pause(1_500);

    expect(seen).toEqual([{ page: 1, n: 10 }]);
    expect((await worker.queryJobs({})).total).toBe(1);
    family.errors.splice(0);
  });

  it('waits no longer than `maxWait`, and gives the next burst its full delay', async () => {
    const runs: number[] = [];
    const worker = await family.worker({ index: () => runs.push(Date.now()) });
    const save = () =>
      worker.nowDebounced('index', { page: 1 }, { 'data.page': 1 }, 500, { maxWait: 600 });
    const from = Date.now();
    await save();
    await pause(300);
    expect((await save()).attrs.nextRunAt!.getTime() - from).toBeLessThan(700);
    while (runs.length < 1) await pause(5);
    expect(runs[0]! - from).toBeGreaterThanOrEqual(590);

    const again = await save();

    expect(again.attrs.nextRunAt!.getTime() - Date.now()).toBeGreaterThan(400);
    family.errors.splice(0);
  });

  it('runs the first of a leading burst, and the first after its window', async () => {
    const seen: unknown[] = [];
    const worker = await family.worker({ index: (job) => seen.push(job.attrs.data) });
    const save = (n: number) =>
      worker.nowDebounced('index', { page: 1, n }, { 'data.page': 1 }, 400, {
        strategy: 'leading',
      });
    const completed = next(worker, 'complete:index');
    await save(1);
    await completed;
    await save(2);
    await save(3);
    await pause(500);
    await save(4);
    while (seen.length < 2) await pause(5);
    await pause(100);

    expect(seen).toEqual([
      { page: 1, n: 1 },
      { page: 1, n: 4 },
    ]);
  });
});
