import { z } from 'zod';
import {
  defineJob,
  Engine,
  type EngineOptions,
  InvalidDataError,
  InvalidOptionError,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';

/* A store of plain rows keeps no version with the data. A schema needs nothing of a store. */

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

it('refuses a version above 1, wherever it is said', async () => {
  const { handlers } = await open();
  const define = () => handlers.define('mail', () => undefined, { version: 2 });
  const know = () => handlers.know(defineJob('mail', { version: 2 }));

  await expect(open({ handlers: { mail: { version: 2 } } })).rejects.toThrow(InvalidOptionError);
  expect(define).toThrow('`mail.version` to be left out: the Plain backend keeps no version');
  expect(know).toThrow(InvalidOptionError);
  expect(handlers.names()).toEqual([]);
  expect(handlers.planFor('mail').version).toBe(1);
});

it('judges data by a schema, when it is added and when it is run', async () => {
  const { handlers, scheduler, events, workerHost } = await open({ processEvery: 10 });
  await scheduler.now('mail', { to: 1 });
  handlers.define('mail', () => undefined, { version: 1, schema: z.object({ to: z.string() }) });
  const failed = new Promise<Error>((resolve) =>
    events.on('failed', ({ error }) => resolve(error)),
  );

  await expect(scheduler.now('mail', { to: 2 })).rejects.toThrow(InvalidDataError);
  await workerHost.start();
  expect(await failed).toBeInstanceOf(InvalidDataError);
});
