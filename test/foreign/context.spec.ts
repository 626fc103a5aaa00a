import {
  Engine,
  type EngineOptions,
  InvalidOptionError,
  type Job,
  UnsupportedOperationError,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';

/* A store of plain rows keeps nothing that jobs are given along. */

let engines: Engine[] = [];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

async function open(options: EngineOptions = {}): Promise<Engine> {
  const { repository } = new MemoryBackend();
  const nothing = async () => {};
  const engine = new Engine(
    { name: 'Plain', repository, connect: nothing, disconnect: nothing },
    options,
  );
  engines.push(engine);
  await engine.connect();
  return engine;
}

it('refuses the option `context` at the start, and that of a call when it is made', async () => {
  const engine = await open();

  await expect(open({ context: () => ({ tenant: 'acme' }) })).rejects.toThrow(InvalidOptionError);
  await expect(engine.scheduler.now('work', {}, { context: { tenant: 'acme' } })).rejects.toThrow(
    UnsupportedOperationError,
  );

  expect(await engine.scheduler.getQueueSize()).toBe(0);
});

it('adds without what middleware writes, and says so once', async () => {
  const engine = await open({
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
  const engine = await open();
  const other = new Engine(new MemoryBackend());
  engines.push(other);
  await other.connect();
  let child: Job | undefined;
  other.handlers.define('parent', async () => (child = await engine.scheduler.now('child')));
  const parent = await other.scheduler.now('parent', {}, { context: { tenant: 'acme' } });

  await parent.run();

  expect(parent.failReason).toBeUndefined();
  expect(child?.context).toEqual({});
});
