import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import {
  InvalidDataError,
  InvalidJobError,
  InvalidOptionError,
  NonRetryableError,
} from '../../../lib/core/errors.js';
import { defineJob } from '../../../lib/core/handlers/define-job.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { JobFunction } from '../../../lib/core/handlers/job-function.js';
import type { Job } from '../../../lib/core/job/job.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

const MINUTE = 60_000;

const mail = z.object({ to: z.string().min(3), copies: z.number().default(1) });
/** As `mail`, but asks somebody who answers later. */
const asyncMail = mail.refine(async ({ to }) => to !== 'bob', { path: ['to'], message: 'no bob' });

/** An engine that knows the schema of `mail`, but does not run it. */
async function producer(options: HandlerOptions = { schema: mail }) {
  const clock = new ManualClock();
  const memory = new MemoryBackend({ clock });
  const bench = await makeBench({ worker: false, handlers: { mail: options } }, memory);
  const count = async () => (await bench.engine.scheduler.queryJobs()).total;
  return { ...bench, clock, count };
}

describe.each([
  ['a schema', mail],
  ['an async schema', asyncMail],
])('what %s refuses', (_, schema) => {
  const bad = { to: 1 };
  const good = { to: 'ada' };

  it.each<[string, (engine: Awaited<ReturnType<typeof producer>>['engine']) => Promise<unknown>]>([
    ['now', ({ scheduler }) => scheduler.now('mail', bad)],
    ['now with options', ({ scheduler }) => scheduler.now('mail', bad, { delay: '1s' })],
    ['schedule', ({ scheduler }) => scheduler.schedule('in 1 hour', 'mail', bad)],
    [
      'schedule between dates',
      ({ scheduler }) => scheduler.schedule('in 1 hour', 'mail', bad, { skipDays: [] }),
    ],
    ['every', ({ scheduler }) => scheduler.every('1 hour', 'mail', bad)],
    ['nowDebounced', ({ scheduler }) => scheduler.nowDebounced('mail', bad, { name: 1 }, '1s')],
    ['runAndWait', ({ scheduler }) => scheduler.runAndWait('mail', bad)],
    [
      'dedupe',
      ({ scheduler }) => scheduler.now('mail', bad, { dedupe: { mode: 'latest', key: 'k' } }),
    ],
    ['save', ({ scheduler }) => scheduler.create('mail', bad).save()],
    ['no data', ({ scheduler }) => scheduler.now('mail')],
  ])('is not added by %s', async (_verb, add) => {
    const { engine, count } = await producer({ schema });

    await expect(add(engine)).rejects.toThrow(InvalidDataError);
    expect(await count()).toBe(0);
  });

  it('fails alone among the items of enqueueMany', async () => {
    const { engine, count } = await producer({ schema });
    const items = [good, bad, good, { to: 'no' }, good].map((data) => ({ name: 'mail', data }));
    const { created, errors } = await engine.scheduler.enqueueMany(items);

    expect(created).toBe(3);
    expect(errors.map(({ index }) => index)).toEqual([1, 3]);
    expect(errors[0]!.error).toBeInstanceOf(InvalidDataError);
    expect(await count()).toBe(3);
  });

  it('ends enqueueMany that shall not go on after an error', async () => {
    const { engine, count } = await producer({ schema });
    const items = [good, bad, good].map((data) => ({ name: 'mail', data }));
    const { total, stopped } = await engine.scheduler.enqueueMany(items, {
      continueOnError: false,
    });

    expect({ total, stopped }).toEqual({ total: 2, stopped: 'error' });
    expect(await count()).toBe(0);
  });

  it('is not taken by dedupe for the job in place', async () => {
    const { engine } = await producer({ schema });
    const dedupe = { mode: 'latest', key: 'k' } as const;
    const { id } = await engine.scheduler.now('mail', good, { dedupe });
    const again = engine.scheduler.now('mail', { to: 'x' }, { dedupe });

    await expect(again).rejects.toThrow(InvalidDataError);
    expect((await engine.scheduler.get(id))?.data).toEqual(good);
  });

  it('is no update of a job', async () => {
    const { engine } = await producer({ schema });
    const { id } = await engine.scheduler.now('mail', good);

    await expect(engine.scheduler.update(id, { data: bad })).rejects.toThrow(InvalidDataError);
    expect(await engine.scheduler.update(id, { data: { to: 'eve' } })).toEqual('ok');
    expect((await engine.scheduler.get(id))?.data).toEqual({ to: 'eve' });
  });

  it('is no change of a saved job', async () => {
    const { engine } = await producer({ schema });
    const job: Job<unknown> = await engine.scheduler.now('mail', good);
    job.attrs.data = bad;

    await expect(job.save()).rejects.toThrow(InvalidDataError);
    expect((await engine.scheduler.get(job.id))?.data).toEqual(good);
  });

  it('stays where it is stored already, when another part of the job is saved', async () => {
    const store = new MemoryBackend();
    const older = await makeBench({ worker: false }, store);
    const { id } = await older.engine.scheduler.now('mail', bad);
    const newer = await makeBench({ worker: false, handlers: { mail: { schema } } }, store);
    const job = (await newer.engine.scheduler.get(id))!;
    await job.priority('high').save();

    expect(await newer.engine.scheduler.get(id)).toMatchObject({ data: bad });
    expect((await newer.engine.scheduler.get(id))?.attrs.priority).toBe(10);
  });
});

describe('a call that adds', () => {
  it('stores what the caller gave, and not what the schema makes of it', async () => {
    const { engine } = await producer();
    const { id, data } = await engine.scheduler.now('mail', { to: 'ada', more: true });

    expect(data).toEqual({ to: 'ada', more: true });
    expect((await engine.scheduler.get(id))?.data).toEqual({ to: 'ada', more: true });
  });

  it('judges data as JSON gives it back', async () => {
    const { engine } = await producer({ schema: z.object({ at: z.iso.datetime() }) });
    const at = new Date(0);

    expect((await engine.scheduler.now('mail', { at })).data).toEqual({ at: at.toISOString() });
  });

  it('refuses what is no JSON before the schema is asked', async () => {
    const { engine } = await producer();

    await expect(engine.scheduler.now('mail', { to: () => 1 })).rejects.toThrow(InvalidJobError);
  });

  it.each([
    ['a schema', mail],
    ['an async schema', asyncMail],
  ])('encodes at once under %s: later changes of the caller change nothing', async (_, schema) => {
    const { engine } = await producer({ schema, key: ({ to }) => to as string });
    const data = { to: 'ada' };
    const options = { tags: ['first'] };
    const added = [
      engine.scheduler.now('mail', data, options),
      engine.scheduler.every('1 hour', 'mail', data),
      engine.scheduler.create('mail', data).save(),
    ];
    data.to = 'eve';
    options.tags[0] = 'second';
    const ids = (await Promise.all(added)).map(({ id }) => id);
    const jobs = (await Promise.all(ids.map((id) => engine.scheduler.get(id)))).map((job) => job!);

    expect(jobs.map((job) => job.data)).toEqual([{ to: 'ada' }, { to: 'ada' }, { to: 'ada' }]);
    expect(jobs.map(({ key }) => key)).toEqual(['ada', 'ada', 'ada']);
    expect(jobs[0]!.tags).toEqual(['first']);
  });

  it('keeps its place in the order of calls', async () => {
    const { engine, broker } = await producer();
    const names = ['mail', 'other', 'mail', 'other'];
    await Promise.all(names.map((name, i) => engine.scheduler.now(name, { to: `${name}-${i}` })));

    const sent = broker.argsOf('enqueue').flatMap(([jobs]) => jobs.map(({ data }) => data));
    expect(sent).toEqual(names.map((name, i) => JSON.stringify({ to: `${name}-${i}` })));
  });

  it('comes when its data is judged, where the schema is async', async () => {
    const goesOn = gate();
    const slow = mail.refine(async ({ to }) => {
      if (to === 'slow') await goesOn.opened;
      return true;
    });
    const { engine, broker } = await producer({ schema: slow });
    const first = engine.scheduler.now('mail', { to: 'slow' });
    await engine.scheduler.now('mail', { to: 'fast' });
    goesOn.open();
    await first;

    const sent = broker.argsOf('enqueue').flatMap(([jobs]) => jobs.map(({ data }) => data));
    expect(sent).toEqual(['{"to":"fast"}', '{"to":"slow"}']);
  });

  it('has no answer while its data is judged, and a close waits for it', async () => {
    const goesOn = gate();
    const slow = mail.refine(() => goesOn.opened.then(() => true));
    const { engine, count } = await producer({ schema: slow });
    const added = engine.scheduler.now('mail', { to: 'ada' });
    const settled = engine.scheduler.settled();
    goesOn.open();
    await settled;

    expect(await count()).toBe(1);
    await added;
  });

  it('has none either while middleware has it after that', async () => {
    const [judged, wrapped] = [gate(), gate()];
    const slow = mail.refine(() => judged.opened.then(() => true));
    const { engine } = await makeBench({
      worker: false,
      handlers: { mail: { schema: slow } },
      middleware: [
        {
          add: async (_call, next) => {
            await wrapped.opened;
            await next();
          },
        },
      ],
    });
    let isAdded = false;
    const added = engine.scheduler.now('mail', { to: 'ada' }).then(() => (isAdded = true));
    const settled = engine.scheduler.settled();
    judged.open();
    setTimeout(() => wrapped.open(), 10);
    await settled;

    expect(isAdded).toBe(true);
    await added;
  });

  it.each([
    [
      'a schema',
      v.pipe(
        v.any(),
        v.check(() => broken()),
      ),
    ],
    [
      'an async schema',
      v.pipeAsync(
        v.any(),
        v.checkAsync(async () => broken()),
      ),
    ],
  ])('fails as %s fails that throws, with nothing written', async (_, schema) => {
    const { engine, count } = await producer({ schema });

    await expect(engine.scheduler.now('mail', {})).rejects.toThrow(new TypeError('broken'));
    await expect(engine.scheduler.every('1 hour', 'mail')).rejects.toThrow('broken');
    expect(await count()).toBe(0);
  });

  it.each([
    ['a schema', mail],
    ['an async schema', asyncMail],
  ])('tells of wrong data first, where no key can be made of it under %s', async (_, schema) => {
    const key = ({ url }: { url: string }) => new URL(url).host;
    const { engine } = await producer({ schema, key });

    await expect(engine.scheduler.now('mail', {})).rejects.toThrow(InvalidDataError);
    await expect(engine.scheduler.now('mail', { to: 'ada' })).rejects.toThrow(InvalidOptionError);
  });

  it('is judged by the schema of a token', async () => {
    const { engine } = await makeBench({ worker: false });
    const token = defineJob('mail', { schema: mail });

    await expect(engine.scheduler.now(token, { to: '' })).rejects.toThrow(InvalidDataError);
    await expect(engine.scheduler.now('mail', { to: 1 })).rejects.toThrow(InvalidDataError);
    expect((await engine.scheduler.now(token, { to: 'ada' })).data).toEqual({ to: 'ada' });
  });
});

function broken(): boolean {
  throw new TypeError('broken');
}

/** An engine that runs a job of this data, which was added by a process that knew no schema. */
async function running(
  data: unknown,
  handler: JobFunction,
  options: HandlerOptions,
  memory = new MemoryBackend(),
) {
  const older = await makeBench({ worker: false }, memory);
  const { id } = await older.engine.scheduler.now('mail', data);
  const { engine } = await makeBench({}, memory);
  engine.handlers.define('mail', handler, options);
  const ended = {
    completed: nextEvent(engine, 'completed'),
    retrying: nextEvent(engine, 'retrying'),
    dead: nextEvent(engine, 'dead'),
  };
  await engine.workerHost.start();
  const stored = async () => (await engine.scheduler.get(id))!;
  return { engine, id, ...ended, stored };
}

describe('a handler with a schema', () => {
  it.each<[string, StandardSchemaV1]>([
    ['zod', z.object({ at: z.coerce.date(), copies: z.number().default(1) })],
    [
      'valibot',
      v.object({
        at: v.pipe(
          v.string(),
          v.transform((at) => new Date(at)),
        ),
        copies: v.optional(v.number(), 1),
      }),
    ],
    ['arktype', type({ at: 'string.date.iso.parse', copies: 'number = 1' })],
  ])('sees what %s makes of its data, and nothing stored changes', async (_, schema) => {
    const at = '2026-03-04T10:00:00.000Z';
    const seen: unknown[] = [];
    const { completed, stored } = await running(
      { at },
      (job) => void seen.push(job.data, job.attrs.data),
      { schema },
    );
    await completed;

    expect(seen).toEqual([{ at: new Date(at), copies: 1 }, { at }]);
    expect((await stored()).data).toEqual({ at });
  });

  it('may write into its data, and stores nothing of that', async () => {
    const handler = async (job: Job<{ to: string }>) => {
      job.data.to = 'eve';
      await job.priority('high').save();
    };
    const { completed, stored } = await running({ to: 'ada' }, handler, { schema: z.any() });
    await completed;

    expect((await stored()).attrs).toMatchObject({ data: { to: 'ada' }, priority: 10 });
  });

  it.each([
    ['a schema', mail],
    ['an async schema', asyncMail],
  ])('is not called with what %s refuses: that is a dead letter at once', async (_, schema) => {
    const calls: unknown[] = [];
    const asked: unknown[] = [];
    const { dead, stored } = await running({ to: 'x' }, (job) => void calls.push(job), {
      schema,
      attempts: 5,
      isFailure: (error) => asked.push(error) > 0,
    });

    expect(await dead).toMatchObject({ failure: { reason: 'invalid-data' } });
    expect(await stored()).toMatchObject({ attempt: 1, failCount: 1 });
    expect(calls).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('leaves a failure that says what is wrong, and not with which value', async () => {
    const { dead, engine, id } = await running({ to: 7, pin: 'hunter2' }, () => undefined, {
      schema: type({ to: 'string', pin: '/^\\d+$/' }),
    });
    await dead;
    const { failure } = (await engine.scheduler.inspect(id))!;

    expect(failure).toMatchObject({ name: 'InvalidDataError', reason: 'invalid-data' });
    expect(failure?.message).toMatch(/^The data of "mail" is not valid: .*pin.*; .*to/);
    expect(failure?.message).not.toContain('hunter2');
    expect(failure?.stack).not.toContain('hunter2');
  });

  it.each([
    [
      'a schema',
      v.pipe(
        v.any(),
        v.check(() => broken()),
      ),
    ],
    [
      'an async schema',
      v.pipeAsync(
        v.any(),
        v.checkAsync(async () => broken()),
      ),
    ],
  ])('has failed, and tries again, when %s throws', async (_, schema) => {
    const { retrying } = await running({}, () => undefined, { schema, attempts: 2 });

    expect((await retrying).error).toEqual(new TypeError('broken'));
  });

  it('is not called any more when the job was cancelled while its data was judged', async () => {
    const goesOn = gate();
    const judging = gate();
    const calls: unknown[] = [];
    const schema = z.any().refine(async () => {
      judging.open();
      await goesOn.opened;
      return true;
    });
    const { engine, id } = await running({}, (job) => void calls.push(job), { schema });
    const lost = nextEvent(engine, 'cancelled');
    await judging.opened;
    await engine.scheduler.cancel(id);
    await lost;
    goesOn.open();
    await engine.workerHost.stop();

    expect(calls).toEqual([]);
  });

  it('gives up the occurrence of a recurring job alone', async () => {
    const clock = new ManualClock();
    const memory = new MemoryBackend({ clock });
    const older = await makeBench({ worker: false }, memory);
    const { id } = await older.engine.scheduler.every('1 hour', 'mail', { to: 1 });
    const { engine } = await makeBench({}, memory);
    engine.handlers.define('mail', () => undefined, { schema: mail, attempts: 5 });
    const failed = nextEvent(engine, 'failed');
    await engine.workerHost.start();
    const { error } = await failed;
    await engine.workerHost.stop();

    expect(error).toBeInstanceOf(InvalidDataError);
    const { nextRunAt } = (await engine.scheduler.get(id))!;
    expect(nextRunAt).toEqual(new Date(clock.now() + 60 * MINUTE));
  });

  it('may save its job: what is stored stays, and other data is judged', async () => {
    const saves: unknown[] = [];
    const { completed, stored } = await running(
      { to: 'ada' },
      async (job: Job<unknown>) => {
        await job.priority('high').save();
        job.attrs.data = { to: 1 };
        await job.save().catch((error: unknown) => saves.push(error));
        job.attrs.data = { to: 'eve' };
        await job.save();
        saves.push(job.data);
      },
      { schema: mail },
    );
    await completed;

    expect(saves).toEqual([expect.any(InvalidDataError), { to: 'ada', copies: 1 }]);
    expect(await stored()).toMatchObject({ data: { to: 'eve' } });
    expect((await stored()).attrs.priority).toBe(10);
  });

  it('is unrecoverable, and its own data is not blamed, when it adds another job with bad data', async () => {
    const { engine, dead } = await running({ to: 'ada' }, () => engine.scheduler.now('other', 1), {
      schema: mail,
    });
    engine.handlers.know(defineJob('other', { schema: z.string() }));

    expect(await dead).toMatchObject({ failure: { reason: 'unrecoverable' } });
  });

  it.each([
    ['thrown', (error: Error) => error],
    ['a cause', (cause: Error) => new Error('Could not.', { cause })],
    [
      'a cause of one that is not retried',
      (cause: Error) => new NonRetryableError('No.', { cause }),
    ],
  ])('may say itself that its data is invalid: %s', async (_, thrown) => {
    const error = new InvalidDataError('mail', [{ path: 'to', message: 'is unknown' }]);
    const handler = () => {
      throw thrown(error);
    };
    const { dead } = await running({ to: 'ada' }, handler, { attempts: 3 });

    expect(await dead).toMatchObject({ failure: { reason: 'invalid-data' } });
  });
});

describe('a dead letter with invalid data', () => {
  it('comes back with other data, if the schema lets that through', async () => {
    const { dead, completed, engine, id } = await running({ to: 'x' }, (job) => job.data, {
      schema: asyncMail,
    });
    await dead;
    const bad = engine.scheduler.requeue(id, { data: { to: 'bob' } });

    await expect(bad).rejects.toThrow('no bob');
    expect((await engine.scheduler.get(id))?.state).toBe('failed');
    expect(await engine.scheduler.requeue(id, { data: { to: 'eve' } })).toMatchObject({
      outcome: 'ok',
    });
    expect((await completed).result).toEqual({ to: 'eve', copies: 1 });
  });
});

it('reads no job to change it where nothing is known of any data', async () => {
  const { engine } = await makeBench({ worker: false });
  const { id } = await engine.scheduler.now('mail', 1);
  const reads: string[] = [];
  const { manager } = engine.parts;
  const get = manager.get.bind(manager);
  manager.get = (asked) => {
    reads.push(asked);
    return get(asked);
  };
  await engine.scheduler.update(id, { data: 2 });

  expect(reads).toEqual([]);
});
