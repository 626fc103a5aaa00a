import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { RedisBackend } from '../../lib/redis/index.js';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';

const url = process.env.TEST_REDIS_URL!;
let compiled: CompiledPackage;
let child: ChildApp | undefined;
let keyPrefix: string;
beforeAll(async () => {
  compiled = await compilePackage('test/nest/apps');
});
beforeEach(() => {
  keyPrefix = `test:${randomUUID()}:`;
});
afterEach(async () => child?.kill());
afterAll(() => compiled.remove());

/** Starts the application, for which jobs wait already, and ends it by SIGTERM in the middle of its job. */
async function terminated(environment: Record<string, string>): Promise<number | string | null> {
  await withBackend(({ broker }) =>
    broker.enqueue(
      ['a', 'b', 'c'].map((id) => {
        return { id, name: 'backlog', data: undefined, priority: 0, due: { delayMs: 0 } };
      }),
    ),
  );
  child = new ChildApp(join(compiled.dir, 'test/nest/apps/slow-app.js'), {
    REDIS_URL: url,
    KEY_PREFIX: keyPrefix,
    SHUTDOWN_MS: '5000',
    ...environment,
  });
  await child.prints(/backlog[^]*job began|job began[^]*backlog/);
  child.terminate();
  return child.ended;
}

async function withBackend<T>(use: (backend: RedisBackend) => Promise<T>): Promise<T> {
  const sort = { priority: -1, nextRunAt: 1 } as const;
  const backend = new RedisBackend({ connectionString: url, keyPrefix, sort });
  await backend.connect();
  try {
    return await use(backend);
  } finally {
    await backend.disconnect();
  }
}

const counts = (name: string) =>
  withBackend(async ({ manager }) => (await manager.counts([name])).get(name));

it('a listener that rejects is logged by its name, and ends neither the process nor its jobs', async () => {
  expect(await terminated({ JOB_MS: '300' })).toBe('SIGTERM');

  expect(child!.output).toContain('Jobs.onCompleted: the listener rejects');
  expect(child!.output).not.toContain('Unhandled');
  expect(await counts('slow')).toMatchObject({ completed: 1 });
});

describe('SIGTERM', () => {
  it('lets the running job end while its database is open, then ends the process by the signal', async () => {
    expect(await terminated({ JOB_MS: '300' })).toBe('SIGTERM');

    expect(child!.output).not.toContain('without a database');
    expect(child!.output.match(/database opened|job began|job ended|database closed/g)).toEqual([
      'database opened',
      'job began',
      'job ended',
      'database closed',
    ]);
    // What a probe of the application would hear while the job is waited for.
    expect(child!.output.match(/ready: \w+/g)).toEqual(['ready: true', 'ready: false']);
    expect(await counts('slow')).toMatchObject({ completed: 1, running: 0 });
    expect(await counts('follow-up')).toMatchObject({ queued: 1 });
    expect(await counts('tick')).toMatchObject({ running: 0, total: 1 });
  });

  it('ends the process in time although the job goes on, and leaves nothing locked', async () => {
    const startedAt = performance.now();
    expect(await terminated({ JOB_MS: '60000', SHUTDOWN_MS: '300' })).toBe('SIGTERM');
    expect(performance.now() - startedAt).toBeLessThan(10_000);

    expect(child!.output).not.toContain('job ended');
    expect(await counts('slow')).toMatchObject({ queued: 1, running: 0, failed: 0 });
    expect(await counts('tick')).toMatchObject({ running: 0, total: 1 });
  });

  it('in the middle of app.close() is the same shutdown', async () => {
    expect(await terminated({ JOB_MS: '300', CLOSES_ITSELF: 'yes' })).toBe('SIGTERM');

    expect(child!.output).not.toContain('without a database');
    expect(child!.output.match(/job began|job ended/g)).toEqual(['job began', 'job ended']);
    expect(await counts('slow')).toMatchObject({ completed: 1, running: 0 });
    expect(await counts('follow-up')).toMatchObject({ queued: 1 });
  });

  it('ends the process with 0 under useProcessExit', async () => {
    expect(await terminated({ JOB_MS: '100', USE_PROCESS_EXIT: 'yes' })).toBe(0);

    expect(await counts('slow')).toMatchObject({ completed: 1, running: 0 });
  });
});
