import { InvalidOptionError } from '../../../lib/core/errors.js';
import { JobEvents } from '../../../lib/core/events/job-events.js';
import type { Job } from '../../../lib/core/job/job.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

const job = { name: 'mail' } as Job;

it('tells an event to its listeners, and to those of its job name', () => {
  const events = new JobEvents();
  const heard: string[] = [];
  events.on('started', () => heard.push('started'));
  events.on('started:mail', () => heard.push('started:mail'));
  events.on('started:other', () => heard.push('started:other'));

  events.emit('started', 'mail', { job });

  expect(heard).toEqual(['started', 'started:mail']);
});

it('takes job names with colons', () => {
  const events = new JobEvents();
  let heard = 0;
  events.on('started:mail:welcome', () => (heard += 1));

  events.emit('started', 'mail:welcome', { job });

  expect(heard).toBe(1);
});

it('knows whether anybody listens', () => {
  const events = new JobEvents();
  const listener = () => {};

  expect(events.wants('failed', 'mail')).toBe(false);
  events.on('failed:mail', listener);
  expect(events.wants('failed', 'mail')).toBe(true);
  expect(events.wants('failed', 'other')).toBe(false);
  expect(events.wants('completed', 'mail')).toBe(false);
  events.off('failed:mail', listener);
  expect(events.wants('failed', 'mail')).toBe(false);
});

it('calls a listener of `once` a single time', () => {
  const events = new JobEvents();
  let heard = 0;
  events.once('online', () => (heard += 1));

  events.emitHost('online', 'h');
  events.emitHost('online', 'h');

  expect(heard).toBe(1);
});

it('reports a listener that throws or rejects, and calls the others', async () => {
  const events = new JobEvents();
  const errors: string[] = [];
  let heard = 0;
  events.on('error', ({ message }) => errors.push(message));
  events.on('started', () => {
    throw new Error('sync');
  });
  events.on('started', () => Promise.reject(new Error('async')));
  events.on('started', () => (heard += 1));

  events.emit('started', 'mail', { job });
  await Promise.resolve();
  await Promise.resolve();

  expect(heard).toBe(1);
  expect(errors).toEqual([
    'A listener of "started" failed: sync',
    'A listener of "started" failed: async',
  ]);
});

it('gives errors that nobody hears to the fallback, also those of the listeners of errors', () => {
  const fallen: string[] = [];
  const events = new JobEvents((error) => fallen.push(error.message));

  events.reportError(new Error('unheard'));
  events.on('error', () => {
    throw new Error('worse');
  });
  events.reportError(new Error('heard'));

  expect(fallen).toEqual(['unheard', 'A listener of "error" failed: worse']);
});

it('survives a fallback that throws', () => {
  const events = new JobEvents(() => {
    throw new Error('last');
  });

  expect(() => events.reportError(new Error('first'))).not.toThrow();
});

it('reports a listener that throws what cannot be read', () => {
  const errors: string[] = [];
  const events = new JobEvents(({ message }) => errors.push(message));
  events.on('started', () => {
    throw new (class extends Error {
      override get message(): string {
        throw new Error('do not read me');
      }
    })();
  });

  events.emit('started', 'mail', { job });

  expect(errors).toEqual(['A listener of "started" failed: ']);
});

describe('a warning', () => {
  it('is told to its listeners, each time', () => {
    const events = new JobEvents();
    const heard: unknown[] = [];
    events.on('warning', (warning) => heard.push(warning));

    events.emitWarning('SLOW', 'The store is slow.');
    events.emitWarning('SLOW', 'The store is slow.');

    expect(heard).toEqual(Array(2).fill({ code: 'SLOW', message: 'The store is slow.' }));
  });

  it('is a process warning where nobody listens, once for each code and what it is about', () => {
    const events = new JobEvents();
    const emitWarning = process.emitWarning.bind(process);
    const heard: unknown[] = [];
    process.emitWarning = (...warning: unknown[]) => void heard.push(warning);

    try {
      events.emitWarning('SLOW', 'The store is slow.');
      events.emitWarning('SLOW', 'The store is slow, still.');
      events.emitWarning('FULL', 'The store is full.');
      for (const name of ['a', 'b', 'a']) events.emitWarning('FULL', `${name} is full.`, name);
    } finally {
      process.emitWarning = emitWarning;
    }

    expect(heard).toEqual([
      ['The store is slow.', { code: 'SLOW' }],
      ['The store is full.', { code: 'FULL' }],
      ['a is full.', { code: 'FULL' }],
      ['b is full.', { code: 'FULL' }],
    ]);
  });
});

it.each(['faild', 'warning:mail', '', 'error:mail', 'ready:mail', 'started:', 'succes'])(
  'refuses the event %p',
  (event) => {
    expect(() => new JobEvents().on(event as 'failed', () => {})).toThrow(InvalidOptionError);
  },
);

it('lets no listener change the outcome of a job', async () => {
  const { engine, errors } = await makeBench();
  engine.handlers.define('mail', () => 'sent');
  for (const event of ['enqueued', 'started', 'completed'] as const) {
    engine.scheduler.on(event, () => {
      throw new Error(event);
    });
  }
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();

  const { id } = await engine.scheduler.now('mail');
  await completed;

  expect((await engine.scheduler.get(id))?.state).toBe('completed');
  expect(errors.map(({ message }) => message)).toHaveLength(3);
});

it('tells the events of a job in order', async () => {
  const { engine } = await makeBench();
  engine.handlers.define(
    'flaky',
    (current) => {
      if (current.attempt === 1) throw new Error('once');
    },
    { attempts: 2 },
  );
  const heard: string[] = [];
  for (const event of ['enqueued', 'started', 'failed', 'retrying', 'dead', 'completed'] as const) {
    engine.scheduler.on(event, () => heard.push(event));
  }
  const completed = nextEvent(engine, 'completed');
  await engine.scheduler.now('flaky');

  await engine.workerHost.start();
  await completed;

  expect(heard).toEqual(['enqueued', 'started', 'failed', 'retrying', 'started', 'completed']);
});
