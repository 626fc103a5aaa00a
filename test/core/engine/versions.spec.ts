import { z } from 'zod';
import { InvalidDataError, NonRetryableError } from '../../../lib/core/errors.js';
import { defineJob } from '../../../lib/core/handlers/define-job.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { JobFunction } from '../../../lib/core/handlers/job-function.js';
import type { Job } from '../../../lib/core/job/job.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents } from './support.js';

afterEach(closeBenches);

const SECOND = 1_000;

/** Two processes on one store: what adds writes data of this version, and what runs has these options. */
async function release(
  version: number,
  data: unknown,
  handler: JobFunction,
  options: HandlerOptions,
) {
  const clock = new ManualClock();
  const memory = new MemoryBackend({ clock });
  const writer = await makeBench({ worker: false, handlers: { mail: { version } } }, memory);
  const { engine } = await makeBench({}, memory);
  engine.handlers.define('mail', handler, options);
  engine.events.on('warning', () => undefined);
  const { id } = await writer.engine.scheduler.now('mail', data);
  const ended = {
    completed: nextEvent(engine, 'completed'),
    snoozed: nextEvent(engine, 'snoozed'),
    retrying: nextEvent(engine, 'retrying'),
    dead: nextEvent(engine, 'dead'),
  };
  const stored = async () => (await engine.scheduler.get(id))!;
  return { engine, writer: writer.engine, clock, memory, id, ...ended, stored };
}

const upcast = {
  1: ({ name }: { name: string }) => ({ fullName: name }),
  2: async ({ fullName }: { fullName: string }) => ({ names: fullName.split(' ') }),
};

describe('data of an older version', () => {
  it('is brought to the newest, step by step, before the handler sees it', async () => {
    const seen: unknown[] = [];
    const { engine, completed, stored } = await release(
      1,
      { name: 'Ada Lovelace' },
      (job) => void seen.push(job.data),
      { version: 3, upcast, schema: z.object({ names: z.array(z.string()).min(1) }) },
    );
    await engine.workerHost.start();
    await completed;

    expect(seen).toEqual([{ names: ['Ada', 'Lovelace'] }]);
    expect(await stored()).toMatchObject({ data: { name: 'Ada Lovelace' }, dataVersion: 1 });
  });

  it('takes the steps that it still needs', async () => {
    const { engine, completed } = await release(2, { fullName: 'Ada' }, (job) => job.data, {
      version: 3,
      upcast,
    });
    await engine.workerHost.start();

    expect((await completed).result).toEqual({ names: ['Ada'] });
  });

  it('does not change in the store by a step that writes into it', async () => {
    const { engine, completed, stored } = await release(
      1,
      { name: 'Ada' },
      async (job) => {
        await job.priority('high').save();
        return job.data;
      },
      { version: 2, upcast: { 1: (data) => Object.assign(data, { more: true }) } },
    );
    await engine.workerHost.start();

    expect((await completed).result).toEqual({ name: 'Ada', more: true });
    expect(await stored()).toMatchObject({ data: { name: 'Ada' }, dataVersion: 1 });
  });

  it.each([1, 2])('does not change in the store by its handler, from version %i', async (from) => {
    const handler = async (job: Job<{ name: string }>) => {
      job.data.name = 'Eve';
      await job.priority('high').save();
    };
    const options = { version: 2, upcast: { 1: (data: unknown) => data } };
    const { engine, completed, stored } = await release(from, { name: 'Ada' }, handler, options);
    await engine.workerHost.start();
    await completed;

    expect(await stored()).toMatchObject({ data: { name: 'Ada' }, dataVersion: from });
  });

  it('is a dead letter at once where no step leads on', async () => {
    const { engine, dead } = await release(1, {}, () => undefined, {
      version: 3,
      upcast: { 2: upcast[2] },
      attempts: 5,
    });
    await engine.workerHost.start();

    expect((await dead).failure).toMatchObject({
      reason: 'invalid-data',
      name: 'InvalidDataError',
      message:
        'The data of "mail" is not valid: it is of version 1, and no `upcast` leads from 1 to 3',
    });
  });

  it.each([
    ['says that it is beyond repair', new NonRetryableError('no name')],
    ['says what is wrong', new InvalidDataError('mail', [{ path: 'name', message: 'is empty' }])],
  ])('is a dead letter at once when a step %s', async (_, thrown) => {
    const { engine, dead } = await release(1, {}, () => undefined, {
      version: 2,
      upcast: {
        1: () => {
          throw thrown;
        },
      },
      attempts: 5,
    });
    await engine.workerHost.start();
    const { error, failure } = await dead;

    expect(failure).toMatchObject({ reason: 'invalid-data' });
    expect(failure.message).toContain('`upcast` from version 1 gave up');
    expect(error?.cause).toBe(thrown);
  });

  it('has failed, and tries again, when a step throws anything else', async () => {
    const mistake = new Error('no connection');
    const { engine, retrying } = await release(1, {}, () => undefined, {
      version: 2,
      upcast: { 1: () => Promise.reject(mistake) },
      attempts: 2,
    });
    await engine.workerHost.start();

    expect((await retrying).error).toBe(mistake);
  });
});

describe('data of a newer version', () => {
  it.each<[string, HandlerOptions]>([
    ['that knows an older one', { version: 2 }],
    ['that says nothing of versions', {}],
    ['whose schema would refuse it', { schema: z.object({ name: z.string() }) }],
  ])('is put off by a handler %s, and nothing is counted', async (_, options) => {
    const calls: unknown[] = [];
    const { engine, snoozed, stored } = await release(3, {}, (job) => calls.push(job), options);
    await engine.workerHost.start();

    expect(await snoozed).toMatchObject({ delayMs: 30 * SECOND });
    expect(await stored()).toMatchObject({ attempt: 0, failCount: 0, dataVersion: 3 });
    expect(calls).toEqual([]);
  });

  it('is taken up by a process that knows it', async () => {
    const { engine, snoozed, memory, clock } = await release(
      3,
      { names: ['Ada'] },
      () => undefined,
      {},
    );
    await engine.workerHost.start();
    await snoozed;
    await engine.workerHost.stop();
    const newer = await makeBench({}, memory);
    newer.engine.handlers.define('mail', (job) => job.data, { version: 3, upcast });
    const completed = nextEvent(newer.engine, 'completed');
    clock.advance(30 * SECOND);
    await newer.engine.workerHost.start();

    expect((await completed).result).toEqual({ names: ['Ada'] });
  });

  it('is warned of once for each name', async () => {
    const { engine, writer } = await release(3, {}, () => undefined, {});
    engine.handlers.define('sms', () => undefined);
    writer.handlers.know(defineJob('sms', { version: 2 }));
    await writer.scheduler.now('mail', {});
    await writer.scheduler.now('sms', {});
    const warnings: string[] = [];
    engine.events.on('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
    const snoozed = nextEvents(engine, 'snoozed', 3);
    await engine.workerHost.start();
    await snoozed;

    expect(warnings.sort()).toEqual([
      expect.stringMatching(/^newer-data: The data of job "mail" \S+ is of version 3.* up to 1\./),
      expect.stringMatching(/^newer-data: The data of job "sms" \S+ is of version 2.* up to 1\./),
    ]);
  });
});

describe('the version of what is written', () => {
  it('goes with the data of each add', async () => {
    const { engine } = await makeBench({ worker: false });
    engine.handlers.know(defineJob('mail', { version: 4 }));
    const { scheduler } = engine;
    const { jobs } = await scheduler.enqueueMany([{ name: 'mail' }, { name: 'other' }]);
    const added = [
      await scheduler.now('mail'),
      await scheduler.now('mail', 1, { delay: '1s' }),
      await scheduler.schedule('in 1 hour', 'mail'),
      await scheduler.schedule('in 1 hour', 'mail', 1, { skipDays: [] }),
      await scheduler.every('1 hour', 'mail'),
      await scheduler.create('mail').save(),
      await scheduler.nowDebounced('mail', {}, { name: 'mail' }, '1s'),
      ...jobs,
      await scheduler.now('other'),
    ];
    const stored = await Promise.all(added.map(({ id }) => scheduler.get(id)));

    expect(added.map(({ dataVersion }) => dataVersion)).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 1, 1]);
    expect(stored.map((job) => job?.dataVersion)).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 1, 1]);
  });

  it('goes with new data of a stored job, and stays with data that stays', async () => {
    const { writer, engine, id, stored } = await release(1, { name: 'Ada' }, () => undefined, {
      version: 2,
    });
    await engine.scheduler.update(id, { priority: 'high' });
    expect(await stored()).toMatchObject({ dataVersion: 1 });

    await engine.scheduler.update(id, { data: { fullName: 'Ada' } });
    expect(await stored()).toMatchObject({ dataVersion: 2 });

    // A process that knows nothing of the name mends what it has found.
    await writer.scheduler.update(id, { data: { fullName: 'Bea' } });
    expect(await stored()).toMatchObject({ data: { fullName: 'Bea' }, dataVersion: 2 });

    const job: Job<unknown> = await stored();
    job.attrs.data = { fullName: 'Eve' };
    await job.save();
    expect(await stored()).toMatchObject({ data: { fullName: 'Eve' }, dataVersion: 2 });
  });

  it('goes with the new data of a dead letter', async () => {
    const { engine, dead, completed, id, stored } = await release(1, {}, (job) => job.data, {
      version: 2,
    });
    await engine.workerHost.start();
    await dead;
    await engine.scheduler.requeue(id, { data: { fullName: 'Ada' } });

    expect((await completed).result).toEqual({ fullName: 'Ada' });
    expect(await stored()).toMatchObject({ dataVersion: 2 });
  });
});

it('calls no handler whose job was cancelled while its data was brought up to date', async () => {
  const [begun, goesOn] = [gate(), gate()];
  const calls: unknown[] = [];
  const { engine, id } = await release(1, {}, (job) => calls.push(job), {
    version: 2,
    upcast: {
      1: async () => {
        begun.open();
        await goesOn.opened;
      },
    },
  });
  await engine.workerHost.start();
  await begun.opened;
  await engine.scheduler.cancel(id);
  goesOn.open();
  await engine.workerHost.stop();

  expect(calls).toEqual([]);
});
