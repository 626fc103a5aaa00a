import { InvalidJobError, InvalidOptionError } from '../../../lib/core/errors.js';
import type { JobOptions } from '../../../lib/core/scheduler/job-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench } from './support.js';

afterEach(closeBenches);

const DAY = 86_400_000;

it('tells the job in place when its key is held, in every way to add one', async () => {
  const { engine } = await makeBench();
  const { scheduler } = engine;
  const options = { idempotencyKey: 'order-7' };

  const first = await scheduler.now('mail', 1, options);
  const second = await scheduler.now('mail', 2, options);
  const third = await scheduler.schedule('in 1 hour', 'mail', 3, options);
  const many = await scheduler.enqueueMany([
    { name: 'mail', data: 4, options },
    { name: 'report', data: 5, options },
  ]);

  expect([first, second, third].map(({ created }) => created)).toEqual([true, false, false]);
  expect([second, third, many.jobs[0]].map((job) => [job!.id, job!.data])).toEqual(
    [1, 2, 3].map(() => [first.id, 1]),
  );
  expect(many).toMatchObject({ total: 2, created: 1, existing: 1, failed: 0 });
});

it('makes one job and 99 answers that name it of 100 parallel calls', async () => {
  const { engine } = await makeBench();

  const jobs = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      engine.scheduler.now('mail', i, { idempotencyKey: 'order-7' }),
    ),
  );

  expect(jobs.filter(({ created }) => created)).toHaveLength(1);
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
});

it.each<[JobOptions['idempotencyRelease'], unknown]>([
  [undefined, { release: 'removal', holdMs: DAY }],
  ['removal', { release: 'removal', holdMs: DAY }],
  ['finish', { release: 'finish' }],
  ['10 minutes', { release: 'time', holdMs: 600_000 }],
  [1_500, { release: 'time', holdMs: 1_500 }],
])('takes the release %p', async (idempotencyRelease, asked) => {
  const { engine, broker } = await makeBench();

  await engine.scheduler.now('mail', 1, { idempotencyKey: 'order-7', idempotencyRelease });

  expect(broker.argsOf('enqueue')[0]![0][0]!.idempotency).toMatchObject({
    key: 'order-7',
    ...(asked as object),
  });
});

it('keeps the key of a job that is removed on completion for the window of the engine', async () => {
  const clock = new ManualClock(Date.UTC(2026, 2, 4));
  const { engine } = await makeBench({ idempotencyWindow: '1 hour' }, new MemoryBackend({ clock }));
  const { scheduler } = engine;
  engine.handlers.define('mail', () => {}, { removeOnComplete: true });
  const job = await scheduler.now('mail', 1, { idempotencyKey: 'order-7' });
  await engine.workerHost.start();
  while (await scheduler.get(job.id)) await new Promise(setImmediate);

  clock.advance(3_600_000 - 1);
  const duplicate = await scheduler.now('mail', 2, { idempotencyKey: 'order-7' });
  clock.advance(1);
  const next = await scheduler.now('mail', 3, { idempotencyKey: 'order-7' });

  expect([duplicate.id, duplicate.created]).toEqual([job.id, false]);
  expect(next.created).toBe(true);
});

it.each([[''], ['a\nb'], ['x'.repeat(513)], [7], [null]])(
  'refuses the key %p',
  async (idempotencyKey) => {
    const { engine, broker } = await makeBench();

    const adding = engine.scheduler.now('mail', 1, { idempotencyKey: idempotencyKey as string });

    await expect(adding).rejects.toThrow(InvalidJobError);
    await expect(adding).rejects.toMatchObject({ part: 'idempotencyKey' });
    expect(broker.calls).toEqual([]);
  },
);

it.each([
  [{ idempotencyKey: 'k', idempotencyRelease: 'never' }, /'removal', 'finish' or a duration/],
  [{ idempotencyKey: 'k', idempotencyRelease: 0 }, /'removal', 'finish' or a duration/],
  [{ idempotencyKey: 'k', idempotencyRelease: null }, /'removal', 'finish' or a duration/],
  [{ idempotencyRelease: 'finish' }, /left out where there is no `idempotencyKey`/],
])('refuses the options %p', async (options, message) => {
  const { engine, broker } = await makeBench();

  const adding = engine.scheduler.now('mail', 1, options as JobOptions);

  await expect(adding).rejects.toThrow(InvalidOptionError);
  await expect(adding).rejects.toMatchObject({ option: 'idempotencyRelease' });
  await expect(adding).rejects.toThrow(message);
  expect(broker.calls).toEqual([]);
});
