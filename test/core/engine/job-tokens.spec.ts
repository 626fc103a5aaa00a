import { InvalidJobError, InvalidOptionError, QueueFullError } from '../../../lib/core/errors.js';
import { defineJob } from '../../../lib/core/handlers/define-job.js';
import type { JobName } from '../../../lib/core/job/job-types.js';
import type { JobScheduler } from '../../../lib/core/scheduler/job-scheduler.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

const mail = defineJob<{ to: string }, { sent: boolean }>('mail');
const data = { to: 'a' };

describe('defineJob', () => {
  it('makes a token of a name and what belongs to it, which nobody can change', () => {
    const key = () => 'k';
    const options = { version: 3, key };
    const token = defineJob('mail', options);
    options.version = 4;

    expect(token.name).toBe('mail');
    expect(String(token)).toBe('mail');
    expect(token.options).toEqual({ version: 3, key });
    expect(Object.isFrozen(token)).toBe(true);
    expect(Object.isFrozen(token.options)).toBe(true);
  });

  it.each(['', 'a\nb', 'x'.repeat(257), undefined, 5])('refuses %j as a name', (name) => {
    expect(() => defineJob(name as string)).toThrow(InvalidJobError);
  });

  it.each([
    ['mail.attempts', { attempts: 3 }],
    ['mail.schemma', { schemma: {} }],
    ['mail.schema', { schema: {} }],
    ['mail.version', { version: 0 }],
    ['mail.upcast.2', { version: 3, upcast: { 1: () => ({}) } }],
    ['mail.key', { key: 'to' }],
  ])('refuses the option %s where it is written', (option, options) => {
    const define = () => defineJob('mail', options as object);

    expect(define).toThrow(InvalidOptionError);
    expect(define).toThrow(`\`${option}\``);
  });
});

describe('a token in the place of a name', () => {
  it.each<[string, (scheduler: JobScheduler, name: JobName) => Promise<unknown>]>([
    ['now', (scheduler, name) => scheduler.now(name, data)],
    ['schedule', (scheduler, name) => scheduler.schedule('in 1 hour', name, data)],
    ['schedule of several', (scheduler, name) => scheduler.schedule('in 1 hour', [name], data)],
    [
      'schedule with limits',
      (scheduler, name) => scheduler.schedule('in 1 hour', name, data, { skipDays: [] }),
    ],
    ['every', (scheduler, name) => scheduler.every('1 hour', name, data)],
    ['every of several', (scheduler, name) => scheduler.every('1 hour', [name], data)],
    ['create', (scheduler, name) => scheduler.create(name, data).save()],
    [
      'nowDebounced',
      (scheduler, name) => scheduler.nowDebounced(name, data, { 'data.to': 'a' }, '1 s'),
    ],
    ['enqueueMany', (scheduler, name) => scheduler.enqueueMany([{ name, data }])],
    [
      'enqueueMany with map',
      (scheduler, name) => scheduler.enqueueMany([1], { map: () => ({ name, data }) }),
    ],
  ])('is its name to %s', async (_, add) => {
    const { engine } = await makeBench();

    await add(engine.scheduler, mail);

    const { jobs } = await engine.scheduler.queryJobs();
    expect(jobs.map(({ name, data: stored }) => ({ name, data: stored }))).toEqual([
      { name: 'mail', data },
    ]);
  });

  it('tells of its options, whichever call it comes with first', async () => {
    const keyed = defineJob('keyed', { key: ({ to }: { to: string }) => to });
    const { engine } = await makeBench();
    const { scheduler } = engine;

    const draft = await scheduler.create(keyed, data).save();
    const [first] = (await scheduler.enqueueMany([{ name: keyed, data }])).jobs;

    expect([draft.key, first?.key]).toEqual(['a', 'a']);
    expect((await scheduler.now('keyed', { to: 'b' })).key).toBe('b');
  });

  it('is its name to whatever reads and removes', async () => {
    const { engine } = await makeBench();
    const { scheduler } = engine;
    for (const name of ['mail', 'mail', 'mail', 'other']) await scheduler.now(name, data);
    const [one] = (await scheduler.find({ name: mail })).jobs;

    expect((await scheduler.find({ names: [mail] })).jobs).toHaveLength(3);
    expect((await scheduler.queryJobs({ name: mail })).total).toBe(3);
    expect((await scheduler.queryJobs({ names: [mail, 'other'] })).total).toBe(4);
    expect((await scheduler.counts(mail)).queued).toBe(3);
    expect(Object.keys(await scheduler.metrics({ names: [mail] }))).toEqual(['mail']);
    expect(await scheduler.disable({ name: mail })).toBe(3);
    expect(await scheduler.enable({ notNames: [mail] })).toBe(1);
    expect(await scheduler.enable({ names: [mail] })).toBe(3);
    expect(await scheduler.cancel({ id: one!.id, name: mail })).toBe(1);
    expect(await scheduler.clear(mail)).toBe(2);
    expect(await scheduler.obliterate(mail, { confirm: 'mail' })).toBe(0);
    expect((await scheduler.queryJobs()).jobs.map(({ name }) => name)).toEqual(['other']);
  });

  it('is its name to whatever brings jobs forward or back', async () => {
    const { engine } = await makeBench();
    const { scheduler } = engine;
    engine.handlers.define(mail, () => Promise.reject(new Error('always')));
    await scheduler.schedule('in 1 hour', mail, data);
    const dead = nextEvent(engine, 'dead');
    expect(await scheduler.promote({ name: mail })).toMatchObject({ promoted: 1 });
    await engine.workerHost.start();
    const { id } = await dead;
    await engine.workerHost.stop();

    expect(await scheduler.requeue(id, { expectName: mail })).toMatchObject({ outcome: 'ok' });
    expect(await scheduler.requeue({ name: mail })).toMatchObject({ matched: 0 });
    expect(await scheduler.clean({ state: 'failed', olderThan: 0, limit: 10, names: [mail] })).toBe(
      0,
    );
  });

  it('is its name to pauses and limits', async () => {
    const { engine } = await makeBench();
    const { scheduler, workerHost } = engine;

    await scheduler.pause(mail, { reason: 'upkeep' });
    expect(Object.keys((await scheduler.pauses()).names)).toEqual(['mail']);
    expect(await scheduler.isPaused(mail)).toBe(true);
    expect(await scheduler.resume(mail)).toBe(true);
    await scheduler.limits(mail).set({ maxQueued: 1 });
    await scheduler.now(mail, data);
    await expect(scheduler.now(mail, data)).rejects.toThrow(QueueFullError);

    engine.handlers.define(mail, () => ({ sent: true }));
    await workerHost.start();
    workerHost.pause(mail);
    workerHost.setConcurrency(mail, 2);
    expect(workerHost.status().names).toMatchObject([
      { name: 'mail', concurrency: 2, paused: true },
    ]);
    workerHost.resume(mail);
    expect(workerHost.status().names).toMatchObject([{ name: 'mail', paused: false }]);
  });

  it('defines a handler, whose result is waited for by it', async () => {
    const { engine } = await makeBench();
    engine.handlers.define(mail, (job) => ({ sent: job.data.to === 'a' }));
    await engine.workerHost.start();

    expect(await engine.scheduler.runAndWait(mail, data)).toEqual({ sent: true });
    expect(await engine.scheduler.waitFor(await engine.scheduler.now(mail, data))).toEqual({
      sent: true,
    });
  });

  it.each([
    [{ only: [mail] }, ['mail']],
    [{ except: [mail] }, ['other']],
  ])('is its name to the option worker: %j', async (worker, worked) => {
    const { engine } = await makeBench({ worker });
    for (const name of ['mail', 'other']) engine.handlers.define(name, () => undefined);

    expect(engine.handlers.workedNames()).toEqual(worked);
  });

  it('picks events from the durable stream', async () => {
    const { engine } = await makeBench({ events: { durable: true } });
    const { scheduler } = engine;
    await scheduler.now('other', data);
    await scheduler.now(mail, data);

    const events = scheduler.events({ from: 'start', names: [mail] });
    expect((await events.next()).value).toMatchObject({ name: 'mail' });
    await events.return();
  });
});
