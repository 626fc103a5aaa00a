import {
  METRICS_KEPT_MINUTES,
  type MetricsBatch,
} from '../../../lib/core/contracts/metrics-store.js';
import { Engine } from '../../../lib/core/engine.js';
import {
  BackendClosedError,
  BackendFullError,
  ConnectionError,
  InvalidOptionError,
  UnsupportedOperationError,
} from '../../../lib/core/errors.js';
import { figuresOf, METRICS_BUCKETS_MS } from '../../../lib/core/metrics/figures.js';
import { MetricsRecorder } from '../../../lib/core/metrics/metrics-recorder.js';
import type { MetricsOptions } from '../../../lib/core/scheduler/read-metrics.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, nextEvent, nextEvents } from './support.js';

afterEach(closeBenches);

const MINUTE = 60_000;

/** A recorder whose store is a list. */
function makeRecorder() {
  const clock = new ManualClock(10 * MINUTE);
  const sent: MetricsBatch[] = [];
  const errors: Error[] = [];
  const faults: Error[] = [];
  const recorder = new MetricsRecorder({
    writer: 'me',
    now: () => clock.now(),
    send: async (batch) => {
      sent.push(batch);
      const fault = faults.shift();
      if (fault) throw fault;
    },
    report: (error) => errors.push(error),
  });
  const rows = () => sent.flatMap((batch) => batch.rows);
  return { recorder, clock, sent, errors, faults, rows };
}

describe('the numbers of a process', () => {
  it('count what happens to jobs, by name', async () => {
    const { recorder, rows } = makeRecorder();
    recorder.enqueued('mail');
    recorder.started('mail', 5);
    recorder.failed('mail', 7, true);
    recorder.started('mail', undefined);
    recorder.failed('mail', 2, false);
    recorder.dead('mail');
    recorder.stalled('mail');
    recorder.started('report', -3);
    recorder.completed('report', 1.25);
    await recorder.flush();

    const [mail, report] = rows();
    expect(mail).toMatchObject({ name: 'mail', minute: 10 });
    expect(figuresOf(mail!.numbers)).toMatchObject({
      enqueued: 1,
      started: 2,
      completed: 0,
      failed: 2,
      retried: 1,
      stalled: 1,
      dead: 1,
      wait: { count: 1, sumMs: 5, maxMs: 5 },
      run: { count: 2, sumMs: 9, maxMs: 7 },
    });
    expect(figuresOf(report!.numbers)).toMatchObject({
      completed: 1,
      wait: { count: 1, sumMs: 0 },
      run: { count: 1, sumMs: 1.25, maxMs: 1.25 },
    });
  });

  it('belong to the minute in which it happened', async () => {
    const { recorder, clock, rows } = makeRecorder();
    recorder.enqueued('mail');
    clock.advance(MINUTE - 1);
    recorder.enqueued('mail');
    clock.advance(1);
    recorder.enqueued('mail');
    await recorder.flush();

    expect(rows().map(({ minute, numbers }) => [minute, figuresOf(numbers).enqueued])).toEqual([
      [10, 2],
      [11, 1],
    ]);
  });

  it.each([
    [0, 0],
    [1, 0],
    [1.001, 1],
    [3, 1],
    [10_000_000, METRICS_BUCKETS_MS.length - 1],
    [10_000_001, METRICS_BUCKETS_MS.length],
  ])('put %d ms into bucket %d', async (ms, bucket) => {
    const { recorder, rows } = makeRecorder();
    recorder.completed('mail', ms);
    await recorder.flush();

    const { buckets } = figuresOf(rows()[0]!.numbers).run;
    expect(buckets).toHaveLength(METRICS_BUCKETS_MS.length + 1);
    expect(buckets.indexOf(1)).toBe(bucket);
  });

  it('are sent once, and nothing is sent when nothing was counted', async () => {
    const { recorder, sent } = makeRecorder();
    await recorder.flush();
    recorder.enqueued('mail');
    await recorder.flush();
    await recorder.flush();

    expect(sent).toHaveLength(1);
  });

  it('are sent again under the same number when no answer came, and reported once', async () => {
    const { recorder, sent, errors, faults } = makeRecorder();
    const lost = new ConnectionError('lost', false);
    faults.push(lost, lost);
    recorder.enqueued('mail');
    await recorder.flush();
    recorder.enqueued('mail');
    await recorder.flush();
    await recorder.flush();
    await recorder.close();

    expect(sent.map(({ number }) => number)).toEqual([1, 1, 1, 2]);
    expect(errors).toEqual([lost]);
  });

  it('wait for room, without a word, in a store whose memory is full', async () => {
    const { recorder, sent, errors, faults } = makeRecorder();
    faults.push(new BackendFullError('No room'));
    recorder.enqueued('mail');

    await recorder.flush();
    await recorder.flush();

    expect(errors).toEqual([]);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  it('are no trouble when the backend is closed before they are sent', async () => {
    const { recorder, errors, faults } = makeRecorder();
    faults.push(new BackendClosedError());
    recorder.enqueued('mail');

    await recorder.close();

    expect(errors).toEqual([]);
  });

  it('are forgotten when they could not be sent for longer than metrics are kept', async () => {
    const { recorder, clock, faults, rows } = makeRecorder();
    recorder.enqueued('first');
    clock.advance(MINUTE);
    recorder.enqueued('second');
    clock.advance((METRICS_KEPT_MINUTES - 1) * MINUTE);
    recorder.enqueued('last');
    await recorder.flush();

    expect(faults).toEqual([]);
    expect(rows().map(({ name }) => name)).toEqual(['second', 'last']);
  });

  it('go in batches of a hundred rows', async () => {
    const { recorder, sent } = makeRecorder();
    for (let i = 0; i < 250; i++) recorder.enqueued(`name-${i}`);
    await recorder.flush();

    expect(sent.map(({ rows: { length } }) => length)).toEqual([100, 100, 50]);
  });
});

describe('the metrics of an engine', () => {
  it('tell what all processes did, at once for what this one did', async () => {
    const backend = new MemoryBackend();
    const { engine: other } = await makeBench({}, backend);
    await other.scheduler.now('mail');
    await other.close();
    const { engine } = await makeBench({}, backend);
    engine.handlers.define(
      'mail',
      (job) => {
        if (job.attempt === 1) throw new Error('once');
      },
      { attempts: 2 },
    );
    const completed = nextEvents(engine, 'completed', 2);
    await engine.scheduler.now('mail');
    await engine.workerHost.start();
    await completed;

    const { mail } = await engine.scheduler.metrics();

    expect(mail!.total).toMatchObject({
      enqueued: 2,
      started: 4,
      completed: 2,
      failed: 2,
      retried: 2,
      dead: 0,
      stalled: 0,
    });
    expect(mail!.total.wait.count).toBe(4);
    expect(mail!.total.run.count).toBe(4);
    expect(mail!.latencyMs).toBe(0);
  });

  it('tell each minute, oldest first, and how long the oldest due job waits', async () => {
    const clock = new ManualClock(100 * MINUTE);
    const { engine } = await makeBench({}, new MemoryBackend({ clock }));
    await engine.scheduler.now('mail');
    clock.advance(MINUTE + 5);
    await engine.scheduler.now('mail');

    const { mail, nobody } = await engine.scheduler.metrics({ names: ['mail', 'nobody'] });

    expect(mail!.minutes.map(({ at, enqueued }) => [at.getTime() / MINUTE, enqueued])).toEqual([
      [100, 1],
      [101, 1],
    ]);
    expect(mail!.latencyMs).toBe(MINUTE + 5);
    expect(nobody).toMatchObject({ latencyMs: 0, total: { enqueued: 0 }, minutes: [] });
    const newest = await engine.scheduler.metrics({ names: ['mail'], minutes: 1 });
    expect(newest.mail!.total.enqueued).toBe(1);
  });

  it('count dead letters', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => {
      throw new Error('always');
    });
    const dead = nextEvent(engine, 'dead');
    await engine.scheduler.now('mail');
    await engine.workerHost.start();
    await dead;

    const { mail } = await engine.scheduler.metrics();

    expect(mail!.total).toMatchObject({ failed: 1, retried: 0, dead: 1 });
  });

  it('are not counted where they are switched off', async () => {
    const { engine } = await makeBench({ metrics: false });
    await engine.scheduler.now('mail');

    expect((await engine.scheduler.metrics()).mail).toMatchObject({ total: { enqueued: 0 } });
  });

  it.each([{ minutes: 0 }, { minutes: 121 }, { names: 'mail' }, { name: 'mail' }])(
    'refuse %p',
    async (options) => {
      const { engine } = await makeBench();

      await expect(engine.scheduler.metrics(options as MetricsOptions)).rejects.toThrow(
        InvalidOptionError,
      );
    },
  );

  it('of a backend that keeps none are an error, unless nobody asks for them', async () => {
    const { repository } = new MemoryBackend();
    const foreign = {
      name: 'Files',
      repository,
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
    };
    expect(() => new Engine(foreign, { metrics: true })).toThrow(InvalidOptionError);
    const { engine } = await makeBench({}, foreign);

    await expect(engine.scheduler.metrics()).rejects.toThrow(UnsupportedOperationError);
  });
});
