import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { Engine, InvalidOptionError, type Job } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { agendaTracing, type AgendaTracingOptions } from '../../lib/otel/index.js';
import { gate, nextEvent, until } from '../core/engine/support.js';
import { makeSdk, type Sdk, SpanKind, startSdk } from './support.js';

let sdk: Sdk;
let backend: MemoryBackend;
let engines: Engine[] = [];

beforeEach(() => {
  sdk = startSdk();
  backend = new MemoryBackend();
});

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  await sdk.stop();
});

/** An engine on the backend of the test, as a process of its own would be. */
async function open(options?: AgendaTracingOptions): Promise<Engine> {
  const engine = new Engine(backend, { middleware: [agendaTracing(options)] });
  engines.push(engine);
  await engine.connect();
  return engine;
}

/** Adds a job, and runs it by the engine of its consumer. */
async function addAndRun(
  handler: (job: Job) => unknown,
  options?: AgendaTracingOptions,
): Promise<Job> {
  const [producer, consumer] = [await open(options), await open(options)];
  consumer.handlers.define('mail', handler);
  const ended = nextEvent(consumer, 'complete');
  await consumer.workerHost.start();
  const job = await producer.scheduler.now('mail', { secret: 'data' });
  await ended;
  return job;
}

describe('a job that is added here and run there', () => {
  it('makes two traces: the run has a link to the add', async () => {
    const job = await addAndRun(() => 'sent');

    const send = sdk.span('send mail');
    const run = sdk.span('process mail');
    expect([send.kind, run.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(run.parentSpanContext).toBeUndefined();
    expect(run.spanContext().traceId).not.toBe(send.spanContext().traceId);
    expect(run.links.map((link) => [link.context.traceId, link.context.spanId])).toEqual([
      [send.spanContext().traceId, send.spanContext().spanId],
    ]);
    expect(job.context.traceparent).toContain(send.spanContext().spanId);
  });

  it('says of both what the conventions name, and nothing of the data', async () => {
    const { id } = await addAndRun(() => 'a result');

    expect(sdk.span('send mail').attributes).toEqual({
      'messaging.system': 'agenda_redis',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'mail',
      'messaging.message.id': id,
    });
    expect(sdk.span('process mail').attributes).toEqual({
      'messaging.system': 'agenda_redis',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'mail',
      'messaging.message.id': id,
      'agenda_redis.job.attempt': 1,
      'agenda_redis.job.outcome': 'completed',
    });
  });

  it("makes one trace with parent: 'child'", async () => {
    await addAndRun(() => 'sent', { parent: 'child' });

    const send = sdk.span('send mail');
    const run = sdk.span('process mail');
    expect(run.parentSpanContext?.spanId).toBe(send.spanContext().spanId);
    expect(run.spanContext().traceId).toBe(send.spanContext().traceId);
    expect(run.links).toEqual([]);
  });

  it('is added within the trace of whoever adds it, and brings its baggage to the handler', async () => {
    const [producer, consumer] = [await open(), await open()];
    let tenant: string | undefined;
    consumer.handlers.define('mail', () => {
      tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
    });
    const ended = nextEvent(consumer, 'completed');
    await consumer.workerHost.start();

    const request = trace.getTracer('test').startSpan('POST /users');
    const bags = propagation.createBaggage({ tenant: { value: 'acme' } });
    const within = propagation.setBaggage(trace.setSpan(context.active(), request), bags);
    await context.with(within, () => producer.scheduler.now('mail'));
    await ended;
    request.end();

    expect(sdk.span('send mail').parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(tenant).toBe('acme');
  });
});

describe('inside a run', () => {
  it('spans of the handler are children of the run, after waiting as well', async () => {
    await addAndRun(async () => {
      await Promise.resolve();
      trace.getTracer('test').startSpan('query').end();
    });

    expect(sdk.span('query').parentSpanContext?.spanId).toBe(
      sdk.span('process mail').spanContext().spanId,
    );
  });

  it('an added job belongs to the trace of the run, not to that of its own add', async () => {
    const engine = await open();
    engine.handlers.define('child', () => {});
    engine.handlers.define('parent', async () => void (await engine.scheduler.now('child')));
    const ended = nextEvent(engine, 'completed:child');
    await engine.workerHost.start();

    await engine.scheduler.now('parent');
    await ended;
    await until(() => sdk.spans().length === 4);

    const [parentRun, childAdd, childRun] = [
      sdk.span('process parent'),
      sdk.span('send child'),
      sdk.span('process child'),
    ];
    expect(childAdd.parentSpanContext?.spanId).toBe(parentRun.spanContext().spanId);
    expect(childRun.parentSpanContext).toBeUndefined();
    expect(childRun.links[0]?.context.spanId).toBe(childAdd.spanContext().spanId);
  });

  it('each attempt has a span of its own, with a link to the one add', async () => {
    const engine = await open();
    engine.handlers.define(
      'flaky',
      (job) => {
        if (job.attempt === 1) throw new Error('once');
      },
      { attempts: 2 },
    );
    const ended = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    await engine.scheduler.now('flaky');
    await ended;

    const runs = sdk.spans().filter(({ name }) => name === 'process flaky');
    const added = sdk.span('send flaky').spanContext().spanId;
    expect(runs.map(({ attributes }) => attributes['agenda_redis.job.attempt'])).toEqual([1, 2]);
    expect(runs.map(({ links }) => links[0]?.context.spanId)).toEqual([added, added]);
  });
});

describe('the end of a run', () => {
  it('is an error with its exception where the handler throws', async () => {
    await addAndRun(() => {
      throw new TypeError('no address');
    });

    const run = sdk.span('process mail');
    expect(run.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no address' });
    expect(run.attributes['error.type']).toBe('TypeError');
    expect(run.attributes['agenda_redis.job.outcome']).toBe('failed');
    expect(
      run.events.map(({ name, attributes }) => [name, attributes?.['exception.type']]),
    ).toEqual([['exception', 'TypeError']]);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['what cannot be shown', Object.create(null), 'null prototype'],
    ['what throws when it is read', new Proxy(new Error(), { get: unreadable }), ''],
  ])(
    'is told, and stays the failure of the job, where the handler throws %s',
    async (_, thrown, said) => {
      const job = await addAndRunByHand(() => {
        throw thrown;
      });

      const { status } = sdk.span('process mail');
      expect(status.code).toBe(SpanStatusCode.ERROR);
      expect(status.message ?? '').toContain(said);
      expect(job.failReason).toBe(status.message ?? '');
    },
  );

  it.each<[string, string, (job: Job) => unknown]>([
    ['put off by what it returns', 'snoozed', (job) => job.snooze('1 hour')],
    [
      'put off by what it throws',
      'snoozed',
      (job) => {
        throw job.snooze('1 hour');
      },
    ],
    [
      'put off by an error around it',
      'snoozed',
      (job) => {
        throw new Error('later', { cause: job.snooze('1 hour') });
      },
    ],
    ['stopped with its name', 'rate-limited', (job) => job.rateLimited('1 hour')],
  ])('is no error of a job that is %s', async (_how, outcome, handler) => {
    const job = await addAndRunByHand(handler);

    const run = sdk.span('process mail');
    expect(run.status.code).toBe(SpanStatusCode.UNSET);
    expect(run.events).toEqual([]);
    expect(run.attributes).toMatchObject({ 'agenda_redis.job.outcome': outcome });
    expect(job.failCount ?? 0).toBe(0);
  });

  it.each<[string, string, (job: Job) => unknown]>([
    ['is to be tried again', 'retried', (job) => job.retryAt('in 1 hour', { reason: 'not yet' })],
    ['is given up', 'discarded', (job) => job.discard('not yet')],
  ])(
    'is an error where the job says that its attempt has failed: it %s',
    async (_how, outcome, handler) => {
      await addAndRunByHand(handler);

      const run = sdk.span('process mail');
      expect(run.status).toEqual({ code: SpanStatusCode.ERROR, message: 'not yet' });
      expect(run.attributes['agenda_redis.job.outcome']).toBe(outcome);
    },
  );

  it('is the timeout where the handler took too long, whatever it does then', async () => {
    const engine = await open();
    const handler = (job: Job) =>
      new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    engine.handlers.define('mail', handler, { timeout: 5 });
    const job = await engine.scheduler.now('mail');

    await job.run();

    expect(sdk.span('process mail').attributes['error.type']).toBe('JobTimeoutError');
  });

  it('is no error where a shutdown hands the job back', async () => {
    const engine = await open();
    const begun = gate();
    engine.handlers.define('mail', async ({ signal }) => {
      begun.open();
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    });
    await engine.workerHost.start();
    await engine.scheduler.now('mail');
    await begun.opened;

    await engine.workerHost.drain({ timeout: 1 });

    const run = sdk.span('process mail');
    expect(run.status.code).toBe(SpanStatusCode.UNSET);
    expect(run.attributes['agenda_redis.job.outcome']).toBe('released');
  });

  async function addAndRunByHand(handler: (job: Job) => unknown): Promise<Job> {
    const engine = await open();
    engine.handlers.define('mail', handler, { attempts: 3 });
    const job = await engine.scheduler.now('mail');
    await job.run();
    return job as Job;
  }
});

describe('an add', () => {
  it('is one span for each call of enqueueMany, whose context goes with all of its jobs', async () => {
    const engine = await open();

    const { jobs } = await engine.scheduler.enqueueMany([{ name: 'mail' }, { name: 'mail' }]);
    await engine.scheduler.enqueueMany([{ name: 'mail' }, { name: 'report' }]);

    const send = sdk.span('send mail');
    expect(send.attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
    expect(send.attributes).not.toHaveProperty('messaging.message.id');
    for (const job of jobs) expect(job.context.traceparent).toContain(send.spanContext().spanId);
    expect(sdk.span('send').attributes).not.toHaveProperty('messaging.destination.name');
  });

  it('that fails is an error', async () => {
    const engine = await open();
    await engine.scheduler.limits('mail').set({ maxQueued: 1 });
    await engine.scheduler.now('mail');

    await expect(engine.scheduler.now('mail')).rejects.toThrow('mail');

    const [, failed] = sdk.spans();
    expect(failed?.status.code).toBe(SpanStatusCode.ERROR);
    expect(failed?.attributes['error.type']).toBe('QueueFullError');
  });

  it('leaves other headers alone', async () => {
    const engine = await open();

    const job = await engine.scheduler.now('mail', {}, { context: { tenant: 'acme' } });

    expect(Object.keys(job.context).sort()).toEqual(['tenant', 'traceparent']);
  });
});

describe('metrics', () => {
  it('count jobs that are added and run, and measure the runs, by name and kind of error', async () => {
    const engine = await open();
    engine.handlers.define('good', () => {});
    engine.handlers.define('bad', () => {
      throw new RangeError('never');
    });
    const { jobs } = await engine.scheduler.enqueueMany([
      { name: 'good' },
      { name: 'good' },
      { name: 'bad' },
    ]);
    for (const job of jobs) await job.run();

    expect(await named('messaging.client.sent.messages')).toEqual({ good: 2, bad: 1 });
    expect(await named('messaging.client.consumed.messages')).toEqual({ good: 2, bad: 1 });
    expect(await named('messaging.process.duration')).toEqual({ good: 2, 'bad RangeError': 1 });
  });

  async function named(metric: string): Promise<Record<string, number>> {
    const points = await sdk.points(metric);
    return Object.fromEntries(
      points.map(({ attributes, value }) => [
        [attributes['messaging.destination.name'], attributes['error.type']].join(' ').trim(),
        value,
      ]),
    );
  }
});

describe('without a registered SDK', () => {
  beforeEach(() => sdk.stop());

  it('runs everything as ever, and leaves headers as they are', async () => {
    const engine = await open();
    let child: Job | undefined;
    engine.handlers.define(
      'parent',
      async () => (child = (await engine.scheduler.now('child')) as Job),
    );
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    const job = await engine.scheduler.now('parent', {}, { context: { traceparent } });
    await job.run();

    expect(job.context).toEqual({ traceparent });
    expect(child?.context).toEqual({ traceparent });
  });

  it('records with the providers it is given', async () => {
    const own = makeSdk();
    const { tracerProvider, meterProvider } = own;
    const engine = await open({ tracerProvider, meterProvider });

    await engine.scheduler.now('mail');

    expect(own.span('send mail').kind).toBe(SpanKind.PRODUCER);
    expect(await own.points('messaging.client.sent.messages')).toHaveLength(1);
    await own.stop();
  });

  it('takes up an SDK that is registered later', async () => {
    const engine = await open();
    await engine.scheduler.now('mail');
    sdk = startSdk();

    await engine.scheduler.now('mail');

    expect(sdk.span('send mail').kind).toBe(SpanKind.PRODUCER);
    expect(await sdk.points('messaging.client.sent.messages')).toHaveLength(1);
  });
});

it.each([[{ parent: 'root' }], [{ propagator: {} }]])(
  'refuses options it does not know: %p',
  (options) => {
    expect(() => agendaTracing(options as AgendaTracingOptions)).toThrow(InvalidOptionError);
  },
);

function unreadable(): never {
  throw new Error('nobody may read this');
}
