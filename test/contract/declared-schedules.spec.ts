import { Engine } from '../../lib/core/engine.js';
import {
  declareSchedule,
  goneSchedules,
  MOST_LOOKED_AT,
  type DeclaredSchedule,
  type GoneSchedule,
} from '../../lib/core/scheduler/declared-schedules.js';
import { describeBackends, type OpenBackend } from './support/backends.js';
import { add, claim } from './support/builders.js';
import { at } from './support/rows.js';

/*
 * Where in the code a rule stands is stored with it, so that it is known when it has gone from there.
 */

const HOUR = 3_600_000;

const rule = (asked: Partial<DeclaredSchedule> = {}): DeclaredSchedule => ({
  interval: '1 hour',
  jobName: 'report',
  options: {},
  origin: 'Reports.nightly',
  ...asked,
});

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

/** A process with handlers for these names. */
async function newProcess(store: OpenBackend, ...names: string[]): Promise<Engine> {
  const engine = new Engine(await store.anotherBackend());
  engines.push(engine);
  for (const name of names) engine.handlers.define(name, () => undefined);
  await engine.connect();
  return engine;
}

const gone = (
  { handlers, parts }: Engine,
  ...declared: DeclaredSchedule[]
): Promise<GoneSchedule[]> => goneSchedules(parts.manager, handlers, declared);

describeBackends('where a rule stands', (open) => {
  it('is kept with its job, and comes back with it', async () => {
    const store = await open();
    const engine = await newProcess(store);

    const saved = await declareSchedule(engine.scheduler, rule({ data: { repeat: '}]' } }));

    const record = await store.manager.get(saved.id);
    expect(record).toMatchObject({ repeatOrigin: 'Reports.nightly', data: { repeat: '}]' } });
    expect((await store.repository.getJobById(saved.id))!.repeatOrigin).toBe('Reports.nightly');
    expect((await engine.scheduler.get(saved.id))!.attrs.repeatOrigin).toBe('Reports.nightly');
  });

  it('is no part of the rule: one that moves in the code, or is older than its place, moves no run', async () => {
    const store = await open();
    const engine = await newProcess(store);
    const older = await engine.scheduler.every('1 hour', 'report');
    store.clock.advance(10);

    for (const origin of ['Reports.nightly', 'Reports.daily', 'Billing.daily']) {
      const { id, nextRunAt } = await declareSchedule(engine.scheduler, rule({ origin }));
      expect({ id, nextRunAt }).toEqual({ id: older.id, nextRunAt: older.nextRunAt });
      expect((await store.manager.get(id))!.repeatOrigin).toBe(origin);
    }
  });

  it('is forgotten when a call takes the schedule over, and stays when the job is changed by its id', async () => {
    const store = await open();
    const engine = await newProcess(store);
    const { id } = await declareSchedule(engine.scheduler, rule({ data: { n: 1 } }));
    const origin = async () => (await store.manager.get(id))!.repeatOrigin;

    await store.manager.update(id, { data: '[{"type":"single","repeat":{}}]' });
    expect(await origin()).toBe('Reports.nightly');
    await (await engine.scheduler.get(id))!.disable().save();
    expect(await origin()).toBe('Reports.nightly');
    await engine.scheduler.every('1 hour', 'report');
    expect(await origin()).toBeUndefined();
  });

  it('is kept of recurring jobs that are there once alone', async () => {
    const { repository } = await open();
    const row = { name: 'mail', priority: 0, nextRunAt: at(0), data: null, repeatOrigin: 'A.b' };

    const normal = await repository.saveJob({ ...row, type: 'normal', repeatInterval: '1 hour' });
    const limits = await repository.saveJob({ ...row, type: 'single', skipDays: [0] });

    expect(normal.repeatOrigin).toBeUndefined();
    expect(limits.repeatOrigin).toBeUndefined();
    await expect(
      repository.saveJob({ ...row, type: 'single', repeatInterval: 5, repeatOrigin: '\n' }),
    ).rejects.toThrow(/`repeatOrigin` must be free of control characters/);
  });
});

describeBackends('schedules that have gone from the code', (open) => {
  it('are those of declared rules whose name and key nobody declares any more', async () => {
    const store = await open();
    const engine = await newProcess(store, 'report');
    const kept = rule({ options: { key: 'kept' } });
    for (const declared of [rule(), rule({ options: { key: 'gone' } }), kept]) {
      await declareSchedule(engine.scheduler, declared);
    }
    await engine.scheduler.every('1 hour', 'report', undefined, { key: 'called' });

    const found = await gone(engine, kept);

    expect(new Set(found.map(({ key }) => key))).toEqual(new Set(['gone', undefined]));
    expect(found[0]).toMatchObject({
      jobName: 'report',
      rule: '1 hour',
      origin: 'Reports.nightly',
      isWorked: true,
    });
    expect(await gone(engine, ...['gone', 'kept', undefined].map(declaredAs))).toEqual([]);
  });

  it('are not looked for among the jobs of other processes, as long as these live', async () => {
    const store = await open();
    const engine = await newProcess(store, 'report');
    await declareSchedule(engine.scheduler, rule({ jobName: 'elsewhere' }));
    const beat = { names: [{ name: 'elsewhere', concurrency: 1, running: 0, paused: false }] };
    await store.broker.beat!({
      host: 'other',
      slots: 1,
      running: 0,
      paused: false,
      version: '1.0.0',
      startedAt: store.clock.now(),
      ...beat,
    });

    expect(await gone(engine)).toEqual([]);
    await store.broker.leave!('other');
    expect(await gone(engine)).toMatchObject([{ jobName: 'elsewhere', isWorked: false }]);
  });

  it('are found when they are due, and not while they run', async () => {
    const store = await open();
    const engine = await newProcess(store, 'report');
    await declareSchedule(engine.scheduler, rule());
    store.clock.advance(HOUR);
    await add(store.broker, { name: 'report' });
    expect(await gone(engine)).toHaveLength(1);

    await claim(store.broker, { names: ['report'] });
    expect(await gone(engine)).toEqual([]);
  });

  it('are found behind pages of others, but not behind a thousand of them', async () => {
    const store = await open();
    const engine = await newProcess(store, 'report');
    const keys = Array.from({ length: MOST_LOOKED_AT }, (_, i) => `${i}`);
    const others = await Promise.all(
      keys.map((key) => engine.scheduler.every('1 hour', 'report', undefined, { key })),
    );
    store.clock.advance(1);
    await declareSchedule(engine.scheduler, rule());
    expect(await gone(engine)).toEqual([]);

    await others[0]!.remove();

    expect(await gone(engine)).toHaveLength(1);
  });
});

const declaredAs = (key: string | undefined): DeclaredSchedule =>
  rule({ options: key === undefined ? {} : { key } });
