import {
  type JobLogEntry,
  JobLogger,
  type JobLogQueryResult,
} from '../../../lib/core/contracts/job-logger.js';
import { Engine } from '../../../lib/core/engine.js';
import { InvalidOptionError } from '../../../lib/core/errors.js';
import { randomToken } from '../../../lib/core/job/job-id.js';
import type { Job } from '../../../lib/core/job/job.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, type TestBench, until } from './support.js';

afterEach(closeBenches);

/** A logger of another make: without our base class, and slow or broken on command. */
class OwnLogger implements Pick<JobLogger, keyof JobLogger> {
  readonly entries: JobLogEntry[] = [];
  answer: () => Promise<void> = () => Promise.resolve();

  log(entry: JobLogEntry): Promise<void> {
    this.entries.push(entry);
    return this.answer();
  }

  getLogs(): Promise<JobLogQueryResult> {
    return Promise.resolve({ entries: this.entries, total: this.entries.length });
  }

  clearLogs(): Promise<number> {
    return Promise.resolve(this.entries.splice(0).length);
  }

  get events(): string[] {
    return this.entries.map(({ event }) => event);
  }
}

/** Runs one job to its end, with as many attempts as it takes. */
async function runOne(
  { engine }: TestBench,
  name: string,
  end: 'completed' | 'dead' = 'completed',
): Promise<string> {
  const ended = nextEvent(engine, `${end}:${name}`);
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now(name);
  await ended;
  return id;
}

const logOf = async (engine: Engine, jobId: string): Promise<JobLogEntry[]> =>
  (await engine.scheduler.getLogs({ jobId, sort: 'asc' })).entries;

const eventsOf = (entries: readonly JobLogEntry[]): string[] =>
  entries.map(({ level, event }) => `${level} ${event}`);

it('keeps what happens in a run that succeeds', async () => {
  const bench = await makeBench({ logging: true, name: 'billing' });
  bench.engine.handlers.define('mail', () => undefined);

  const id = await runOne(bench, 'mail');

  const entries = await logOf(bench.engine, id);
  expect(eventsOf(entries)).toEqual([
    'debug locked',
    'info start',
    'info success',
    'info complete',
  ]);
  for (const entry of entries) {
    expect(entry).toMatchObject({ jobId: id, jobName: 'mail', agendaName: 'billing' });
    expect(entry.message).toMatch(/^\w/);
  }
  const [locked, start, success, complete] = entries;
  expect(locked!.timestamp.getTime()).toBeLessThanOrEqual(start!.timestamp.getTime());
  expect([locked!.duration, start!.duration]).toEqual([undefined, undefined]);
  expect(success!.duration).toBeGreaterThanOrEqual(0);
  expect(complete!.duration).toBe(success!.duration);
});

it('keeps every failure, retry and the end of the retries', async () => {
  const bench = await makeBench({ logging: true });
  bench.engine.handlers.define(
    'mail',
    (job: Job) => {
      throw new Error(`no luck ${job.attempt}`);
    },
    { attempts: 2, backoff: 7 },
  );

  const id = await runOne(bench, 'mail', 'dead');

  const entries = await logOf(bench.engine, id);
  expect(eventsOf(entries)).toEqual([
    'debug locked',
    'info start',
    'error fail',
    'info retry',
    'info complete',
    'debug locked',
    'info start',
    'error fail',
    'warn retry:exhausted',
    'info complete',
  ]);
  expect(entries.filter(({ event }) => event === 'fail')).toMatchObject([
    { error: 'no luck 1', failCount: 1 },
    { error: 'no luck 2', failCount: 2 },
  ]);
  expect(entries[3]).toMatchObject({ error: 'no luck 1', retryDelay: 7, retryAttempt: 1 });
  expect(entries[8]).toMatchObject({ error: 'no luck 2', failCount: 2 });
  expect(entries[4]!.duration).toBeGreaterThanOrEqual(0);
  expect(entries[0]).not.toHaveProperty('agendaName');
});

it('says nothing of retries where there are none', async () => {
  const bench = await makeBench({ logging: true });
  bench.engine.handlers.define('mail', () => Promise.reject(new Error('no luck')));

  const id = await runOne(bench, 'mail', 'dead');

  expect(eventsOf(await logOf(bench.engine, id))).toEqual([
    'debug locked',
    'info start',
    'error fail',
    'info complete',
  ]);
});

it('tells a run whose time was up from others that fail', async () => {
  const bench = await makeBench({ logging: true });
  bench.engine.handlers.define(
    'slow',
    ({ signal }: Job) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    { timeout: 10 },
  );

  const id = await runOne(bench, 'slow', 'dead');

  const entries = await logOf(bench.engine, id);
  expect(eventsOf(entries).slice(2)).toEqual(['warn expired', 'error fail', 'info complete']);
  expect(entries[2]!.error).toContain('timeout');
});

it('tells of a run whose process was lost', async () => {
  const memory = new MemoryBackend();
  const { engine } = await makeBench({ logging: true, lease: 100 }, memory);
  engine.handlers.define('long', () => undefined);
  const { id } = await engine.scheduler.now('long');
  await memory.broker.settleAndClaim([], {
    claimId: randomToken(),
    host: 'lost',
    leaseMs: 50,
    slots: 1,
    names: [{ name: 'long', slots: 1 }],
  });
  const completed = nextEvent(engine, 'completed');

  await engine.workerHost.start();
  await completed;

  const entries = await logOf(engine, id);
  expect(eventsOf(entries)[0]).toBe('warn expired');
  expect(entries[0]!.message).toBe('Its process lost was lost: the job is requeued');
  expect(eventsOf(entries).slice(1)).toContain('info success');
});

describe('of which jobs it keeps a log', () => {
  it.each<[string, EngineOptions['logging'], string]>([
    ['only those of handlers that want one when it is off', false, 'always'],
    ['the same by default', undefined, 'always'],
    ['all but those of handlers that do not want one', true, 'always plain'],
    ['the same with options', {}, 'always plain'],
    ['the same in so many words', { default: false }, 'always'],
    ['the same once more', { default: true }, 'always plain'],
  ])('%s', async (_, logging, logged) => {
    const bench = await makeBench(logging === undefined ? {} : { logging });
    const { engine } = bench;
    engine.handlers.define('always', () => undefined, { logging: true });
    engine.handlers.define('plain', () => undefined);
    engine.handlers.define('never', () => undefined, { logging: false });

    for (const name of ['always', 'plain', 'never']) await runOne(bench, name);

    const { entries } = await bench.backend.logger!.getLogs({ event: 'complete', sort: 'asc' });
    expect(entries.map(({ jobName }) => jobName).join(' ')).toBe(logged);
  });

  it('as configuration says, which wins over the code', async () => {
    const bench = await makeBench({
      logging: true,
      defaults: { logging: false },
      handlers: { mail: { logging: true } },
    });
    bench.engine.handlers.define('mail', () => undefined, { logging: false });
    bench.engine.handlers.define('other', () => undefined);

    await runOne(bench, 'mail');
    await runOne(bench, 'other');

    const { entries } = await bench.engine.scheduler.getLogs({ event: 'complete' });
    expect(entries.map(({ jobName }) => jobName)).toEqual(['mail']);
  });
});

it('keeps a log for a handler that is defined while others run, though it is off', async () => {
  const bench = await makeBench();
  const logger = bench.backend.logger!;
  let isExpected = false;
  logger.expectEntries = async () => void (isExpected = true);
  bench.engine.handlers.define('plain', () => undefined);
  await runOne(bench, 'plain');
  expect([bench.engine.logger, isExpected]).toEqual([undefined, false]);

  bench.engine.handlers.define('mail', () => undefined, { logging: true });
  const id = await runOne(bench, 'mail');

  expect([bench.engine.logger, isExpected]).toEqual([logger, true]);
  const { entries } = await bench.engine.scheduler.getLogs({ event: 'complete' });
  expect(entries.map(({ jobId }) => jobId)).toEqual([id]);
  expect(await bench.engine.scheduler.clearLogs()).toBe(4);
});

describe('a logger of another make', () => {
  it.each<[string, (logger: JobLogger) => EngineOptions['logging']]>([
    ['given as it is', (logger) => logger],
    ['given among options', (logger) => ({ logger })],
  ])('%s gets every entry, in order, and answers queries', async (_, logging) => {
    const logger = new OwnLogger();
    const bench = await makeBench({ logging: logging(logger) });
    bench.engine.handlers.define('mail', () => undefined);

    await runOne(bench, 'mail');

    expect(logger.events).toEqual(['locked', 'start', 'success', 'complete']);
    expect((await bench.engine.scheduler.getLogs()).total).toBe(4);
    expect((await bench.backend.logger!.getLogs()).total).toBe(0);
    expect(await bench.engine.scheduler.clearLogs()).toBe(4);
    expect(logger.entries).toEqual([]);
  });

  it('hears the end of a job that is removed with it, too', async () => {
    const logger = new OwnLogger();
    const bench = await makeBench({ logging: logger, removeOnComplete: true });
    bench.engine.handlers.define('mail', () => undefined);

    await runOne(bench, 'mail');

    expect(logger.events).toEqual(['locked', 'start', 'success', 'complete']);
  });

  it('holds up no job while it does not answer', async () => {
    const logger = new OwnLogger();
    const written = gate();
    logger.answer = () => written.opened;
    const bench = await makeBench({ logging: logger });
    bench.engine.handlers.define('mail', () => undefined);

    await runOne(bench, 'mail');

    expect(logger.events).toEqual(['locked', 'start', 'success', 'complete']);
    written.open();
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
  ])('that %s fails no job, and is reported once until it works again', async (_, answer) => {
    const logger = new OwnLogger();
    logger.answer = answer;
    const bench = await makeBench({ logging: logger });
    bench.engine.handlers.define('mail', () => undefined);

    const id = await runOne(bench, 'mail');
    await runOne(bench, 'mail');

    expect((await bench.engine.scheduler.get(id))?.state).toBe('completed');
    const reports = () => bench.errors.map(({ message }) => message);
    const report = 'The log of job events cannot be written: disk full';
    expect(reports()).toEqual([report]);

    logger.answer = () => Promise.resolve();
    await runOne(bench, 'mail');
    logger.answer = answer;
    await runOne(bench, 'mail');
    await until(() => bench.errors.length > 1);

    expect(reports()).toEqual([report, report]);
  });

  it('may finish what it writes when the engine closes, for a while', async () => {
    const logger = new OwnLogger();
    let isWritten = false;
    logger.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      isWritten = logger.entries.length === 4;
    };
    const bench = await makeBench({ logging: logger });
    bench.engine.handlers.define('mail', () => undefined);
    await runOne(bench, 'mail');

    await bench.engine.close();

    expect(isWritten).toBe(true);
  });
});

it('answers nothing without a log, and still refuses what cannot be meant', async () => {
  const bench = await makeBench();
  bench.engine.handlers.define('mail', () => undefined);
  await runOne(bench, 'mail');
  const { scheduler } = bench.engine;

  expect(await scheduler.getLogs({ jobName: 'mail' })).toEqual({ entries: [], total: 0 });
  expect(await scheduler.clearLogs()).toBe(0);
  await expect(scheduler.getLogs({ limit: -1 })).rejects.toThrow(InvalidOptionError);
  await expect(scheduler.clearLogs({ jobbId: '1' } as object)).rejects.toThrow(InvalidOptionError);
});

it('listens for nothing of other processes for the sake of its log', async () => {
  const { engine } = await makeBench({ logging: true });

  expect(engine.events.wantsRemote).toBe(false);
  expect(engine.events.wants('complete', 'mail')).toBe(true);
});

it('makes no events for a log that is off', async () => {
  const { engine } = await makeBench();

  expect(engine.events.wants('started', 'mail')).toBe(false);
  expect(engine.events.wants('complete', 'mail')).toBe(false);
});

it.each<[string, unknown]>([
  ['a text', 'true'],
  ['an unknown option', { level: 'info' }],
  ['a logger that is none', { logger: { log() {} } }],
  ['a default that is no boolean', { default: 'yes' }],
])('refuses %s as the option `logging`', (_, logging) => {
  const make = () => new Engine(new MemoryBackend(), { logging } as EngineOptions);

  expect(make).toThrow(InvalidOptionError);
});

it("refuses the backend's logger when the backend has none", () => {
  const { name, repository, broker, manager, ...rest } = new MemoryBackend();
  const poor = {
    name,
    repository,
    broker,
    manager,
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
  };

  expect(rest.logger).toBeDefined();
  expect(() => new Engine(poor, { logging: true })).toThrow(InvalidOptionError);
  expect(() => new Engine(poor, { logging: new OwnLogger() })).not.toThrow();

  const { handlers } = new Engine(poor);
  const ask = () => handlers.define('mail', () => undefined, { logging: true });
  expect(ask).toThrow(InvalidOptionError);
});
