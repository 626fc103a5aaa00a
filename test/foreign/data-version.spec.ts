import { z } from 'zod';
import { defineJob, InvalidDataError, InvalidOptionError } from '../../lib/core/index.js';
import { PlainEngines } from './support/plain-engines.js';

/* A store of plain rows keeps no version with the data. A schema needs nothing of a store. */

const engines = new PlainEngines();
afterEach(() => engines.closeAll());

it('refuses a version above 1, wherever it is said', async () => {
  const { handlers } = await engines.open();
  const define = () => handlers.define('mail', () => undefined, { version: 2 });
  const know = () => handlers.know(defineJob('mail', { version: 2 }));

  await expect(engines.open({ handlers: { mail: { version: 2 } } })).rejects.toThrow(
    InvalidOptionError,
  );
  expect(define).toThrow('`mail.version` to be left out: the Plain backend keeps no version');
  expect(know).toThrow(InvalidOptionError);
  expect(handlers.names()).toEqual([]);
  expect(handlers.planFor('mail').version).toBe(1);
});

it('judges data by a schema, when it is added and when it is run', async () => {
  const { handlers, scheduler, events, workerHost } = await engines.open({ processEvery: 10 });
  await scheduler.now('mail', { to: 1 });
  handlers.define('mail', () => undefined, { version: 1, schema: z.object({ to: z.string() }) });
  const failed = new Promise<Error>((resolve) =>
    events.on('failed', ({ error }) => resolve(error)),
  );

  await expect(scheduler.now('mail', { to: 2 })).rejects.toThrow(InvalidDataError);
  await workerHost.start();
  expect(await failed).toBeInstanceOf(InvalidDataError);
});
