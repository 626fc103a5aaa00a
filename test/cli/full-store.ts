import { Engine } from '../../lib/core/engine.js';
import { NonRetryableError } from '../../lib/core/errors.js';
import type { EngineOptions } from '../../lib/core/options/engine-options.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';

/*
 * A store with something of everything in it, and all that can be asked of it.
 */

/** By what claims of an engine are ordered. */
export const SORT = { priority: -1, nextRunAt: 1 } as const;
const WHERE: EngineOptions = { events: { durable: true }, logging: true };

export function engineOn(options: RedisBackendOptions, more: EngineOptions = {}): Engine {
  const backend = new RedisBackend({ sort: SORT, ...options });
  return new Engine(backend, { ...WHERE, worker: false, metrics: true, ...more });
}

export async function fillStore(options: RedisBackendOptions): Promise<void> {
  await runSome(options);
  await addMore(options);
}

/** Names whose jobs have run, well or not. */
async function runSome(options: RedisBackendOptions): Promise<void> {
  const engine = engineOn(options, { worker: true, processEvery: 50 });
  const { handlers, scheduler } = engine;
  handlers.define('good', async (job) => {
    job.log(`line of ${String((job.data as { n: number }).n)}`);
    job.progress({ done: true });
    return { n: (job.data as { n: number }).n };
  });
  handlers.define('bad', async () => {
    throw new NonRetryableError('broken');
  });
  handlers.define(
    'flaky',
    async () => {
      throw new Error('not yet');
    },
    { attempts: 3, backoff: '1 hour' },
  );
  handlers.define('limited', async () => undefined, { globalConcurrency: 1 });
  handlers.define('lined', async () => undefined, { keyConcurrency: 1 });
  await engine.connect();
  await engine.workerHost.start();
  for (let n = 0; n < 12; n++) {
    await scheduler.now('good', { n }, { tags: [`t${n % 3}`] });
    await scheduler.now('bad', { n });
    await scheduler.now('flaky', { n });
    await scheduler.now('limited', { n });
    await scheduler.now('lined', { n }, { key: `k${n % 4}` });
  }
  for (;;) {
    const { completed, failed } = await scheduler.total();
    if (completed === 36 && failed === 24) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await engine.close();
}

/** Jobs that wait, for all kinds of things. */
async function addMore(options: RedisBackendOptions): Promise<void> {
  const engine = engineOn(options);
  const { scheduler } = engine;
  await engine.connect();
  const inAnHour = new Date(Date.now() + 3_600_000);
  for (let n = 0; n < 10; n++) {
    await scheduler.now('queued', { n }, { priority: n % 3, tags: ['queued'] });
    await scheduler.schedule(inAnHour, 'planned', { n });
    await scheduler.now('lined', { n }, { key: `k${n % 4}` });
    await scheduler.now('limited', { n });
    await scheduler.now('first', { n }, { first: true });
    await scheduler.now('once', { n }, { idempotencyKey: `once-${n}` });
    await scheduler.now('brief', { n }, { expiresIn: '1 hour' });
    await scheduler.now('latest', { n }, { dedupe: { key: `l${n}`, mode: 'latest' } });
    await scheduler.now('chosen', { n }, { id: `chosen-${n}` });
    await scheduler.every('1 hour', `hourly-${n}`, { n });
    await scheduler.now('stopped', { n });
  }
  await scheduler.nowDebounced('calm', { user: 1 }, { 'data.user': 1 }, '1 hour');
  await scheduler.disable({ name: 'planned', data: { n: 3 } });
  await scheduler.pause('stopped', { reason: 'by hand' });
  await scheduler.limits('queued').set({ keyConcurrency: 2 });
  await engine.close();
}

/** Everything that can be asked, as sets: in which order jobs of several partitions come nobody promised. */
export async function everythingIn(options: RedisBackendOptions): Promise<unknown> {
  const engine = engineOn(options, { events: undefined } as EngineOptions);
  await engine.connect();
  const { scheduler } = engine;
  const jobs = [];
  for (let cursor: string | undefined; ;) {
    const page = await scheduler.find({ limit: 200, cursor });
    jobs.push(...page.jobs);
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  const told = [];
  for (const job of jobs) {
    const { id } = job;
    told.push({
      inspected: JSON.parse(JSON.stringify(await scheduler.inspect(id))),
      history: await scheduler.history(id),
      lines: await scheduler.logs(id),
      // By which number an entry is known is nobody's business.
      log: (await scheduler.getLogs({ jobId: id })).entries.map((entry) => ({ ...entry, _id: '' })),
    });
  }
  const byTag = [];
  for (const tag of ['t0', 't1', 't2', 'queued']) {
    const { jobs: tagged } = await scheduler.find({ tags: [tag], limit: 200 });
    byTag.push(tagged.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)));
  }
  const answers = {
    jobs: told.toSorted((a, b) => (a.inspected.job.id < b.inspected.job.id ? -1 : 1)),
    byTag,
    counts: await scheduler.counts(),
    total: await scheduler.total(),
    pauses: await scheduler.pauses(),
    limits: await scheduler.listLimits(),
    logged: (await scheduler.getLogs()).total,
    metrics: countedIn(await scheduler.metrics()),
  };
  await engine.close();
  return answers;
}

/** For how long jobs have waited by now changes with the time. */
function countedIn(metrics: Record<string, object>): unknown {
  const names = Object.keys(metrics).toSorted((a, b) => (a < b ? -1 : 1));
  return names.map((name) => [name, { ...metrics[name], latencyMs: 0 }]);
}
