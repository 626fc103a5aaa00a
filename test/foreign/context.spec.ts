import {
  Engine,
  InvalidOptionError,
  type Job,
  UnsupportedOperationError,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { PlainEngines } from './support/plain-engines.js';

/* A store of plain rows keeps nothing that jobs are given along. */

const engines = new PlainEngines();
afterEach(() => engines.closeAll());

it('refuses the option `context` at the start, and that of a call when it is made', async () => {
  const engine = await engines.open();

  await expect(engines.open({ context: () => ({ tenant: 'acme' }) })).rejects.toThrow(
    InvalidOptionError,
  );
  await expect(engine.scheduler.now('work', {}, { context: { tenant: 'acme' } })).rejects.toThrow(
    UnsupportedOperationError,
  );

  expect(await engine.scheduler.getQueueSize()).toBe(0);
});

it('adds without what middleware writes, and says so once', async () => {
  const engine = await engines.open({
    middleware: [
      {
        add({ jobs }, next) {
          jobs[0]!.headers.trace = 'here';
          return next();
        },
      },
    ],
  });
  const codes: string[] = [];
  engine.events.on('warning', ({ code }) => codes.push(code));

  const job = await engine.scheduler.now('work');
  await engine.scheduler.now('other');

  expect(job.context).toEqual({});
  expect(codes).toEqual(['context-not-kept']);
});

it('adds from inside a job that carries headers, without them', async () => {
  const engine = await engines.open();
  const other = await engines.take(new Engine(new MemoryBackend()));
  let child: Job | undefined;
  other.handlers.define('parent', async () => (child = await engine.scheduler.now('child')));
  const parent = await other.scheduler.now('parent', {}, { context: { tenant: 'acme' } });

  await parent.run();

  expect(parent.failReason).toBeUndefined();
  expect(child?.context).toEqual({});
});
