import type { WarningEvent } from '../../../lib/core/events/job-event.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, until } from './support.js';

const nothing = () => undefined;

afterEach(closeBenches);

/** A started engine that looks all the time, and what it warned of. */
async function watchful(options: EngineOptions = {}, backend = new MemoryBackend()) {
  const bench = await makeBench(options, backend, { pruneEveryMs: 1 });
  const { engine, broker } = bench;
  const warnings: WarningEvent[] = [];
  engine.events.on('warning', (warning) => warnings.push(warning));
  await engine.workerHost.start();
  const passes = async (count: number) => {
    const before = broker.argsOf('prune').length;
    // The last one asked for may not have its answer yet.
    await until(() => broker.argsOf('prune').length > before + count);
  };
  return { ...bench, warnings, passes };
}

describe('a name that no process has ever handled', () => {
  it('is warned of, each once, when jobs of it are due', async () => {
    const { engine, warnings, passes } = await watchful();

    await engine.scheduler.now('mial');
    await passes(3);
    await engine.scheduler.now('mali');
    await passes(3);

    expect(warnings).toEqual([
      { code: 'unhandled-name', message: expect.stringMatching(/^Jobs of "mial" are due/) },
      { code: 'unhandled-name', message: expect.stringMatching(/^Jobs of "mali" are due/) },
    ]);
    expect(warnings[0]!.message).toMatch(/Start a worker that handles the name, or correct it/);
  });

  it('leaves its jobs alone', async () => {
    const { engine, passes, errors } = await watchful();
    const { id } = await engine.scheduler.now('mial');

    await passes(3);

    expect(await engine.scheduler.get(id)).toMatchObject({ state: 'queued', attempt: 0 });
    expect(errors).toEqual([]);
  });

  it('is a process warning for each name where nobody listens', async () => {
    const { engine } = await makeBench({}, undefined, { pruneEveryMs: 1 });
    const emitWarning = process.emitWarning.bind(process);
    const heard: unknown[][] = [];
    process.emitWarning = (...warning: unknown[]) => void heard.push(warning);
    try {
      await engine.scheduler.now('mial');
      await engine.scheduler.now('mali');
      await engine.workerHost.start();
      await until(() => heard.length >= 2);
    } finally {
      process.emitWarning = emitWarning;
    }

    expect(heard.map(([message]) => String(message).slice(0, 14)).sort()).toEqual([
      'Jobs of "mali"',
      'Jobs of "mial"',
    ]);
  });
});

describe('no warning is given of a name', () => {
  it('that another process handles', async () => {
    const backend = new MemoryBackend();
    const other = await makeBench({}, backend);
    other.engine.handlers.define('mail', nothing);
    await other.engine.workerHost.start();
    await other.engine.workerHost.stop();
    const { engine, warnings, passes } = await watchful({}, backend);

    await engine.scheduler.now('mail');
    await passes(3);

    expect(warnings).toEqual([]);
  });

  it('whose handler came a moment ago, and is not registered yet', async () => {
    const { engine, broker, warnings, passes } = await watchful();
    const goOn = broker.hold('register');
    const claims = broker.hold('settleAndClaim');

    engine.handlers.define('mail', nothing);
    await engine.scheduler.now('mail');
    await passes(3);

    expect(warnings).toEqual([]);
    goOn();
    claims();
  });
});
