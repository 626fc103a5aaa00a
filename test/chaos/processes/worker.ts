import { setTimeout as wait } from 'node:timers/promises';
import { Engine, InMemoryNotificationChannel, type Job } from '../../../lib/core/index.js';
import { RedisBackend } from '../../../lib/redis/index.js';
import { reportTroubles, say, trueNow, watchEventLoop, Witness } from './report.js';
import type { Work, WorkerSettings } from './settings.js';

/* A process that works; it ends by itself after SIGTERM. */

const settings = JSON.parse(process.env.SETTINGS!) as WorkerSettings;
reportTroubles();
const witness = new Witness(settings.witnessUrl);
const engine = new Engine(
  new RedisBackend(settings.redis),
  settings.engine,
  settings.deaf ? { notificationChannel: new InMemoryNotificationChannel() } : {},
);

for (const name of settings.names) engine.handlers.define(name, work, settings.handler);

/** Its start is on record before it does anything else. */
async function work(job: Job<Work | undefined>): Promise<void> {
  const at = trueNow();
  const { id, name, attempt } = job;
  const fired = () => witness.tell({ kind: 'signalled', id, why: reasonOf(job.signal) });
  job.signal.addEventListener('abort', () => void fired(), { once: true });
  const [dueAt, lockedAt] = [Number(job.nextRunAt), Number(job.lockedAt)];
  await witness.tell({ kind: 'started', at, id, name, attempt, dueAt, lockedAt });
  const { ms = 0, obeys, deadly } = job.data ?? {};
  if (deadly) process.kill(process.pid, 'SIGKILL');
  if (ms > 0) await wait(ms, undefined, obeys ? { signal: job.signal } : {});
  await witness.tell({ kind: 'returned', id });
}

const reasonOf = (signal: AbortSignal): string => (signal.reason as Error).name;

engine.scheduler
  .on('completed', ({ job }) => witness.tell({ kind: 'completed', id: job.id }))
  .on('failed', ({ job, error }) => witness.tell({ kind: 'failed', id: job.id, why: error.name }))
  .on('interrupted', ({ job }) => witness.tell({ kind: 'interrupted', id: job.id }))
  .on('dead', ({ id, failure }) => witness.tell({ kind: 'dead', id, why: failure.reason ?? '' }))
  .on('lost', ({ job, refusal }) => witness.tell({ kind: 'lost', id: job.id, why: refusal }))
  .on('stalled', ({ id, outcome }) => witness.tell({ kind: 'stalled', id, why: outcome }))
  .on('error', (error) => witness.tell({ kind: 'error', id: '', why: String(error) }));

await engine.connect();
await engine.workerHost.start();
for (const name of settings.names) {
  if (settings.every) await engine.scheduler.every(settings.every, name);
}
const eventLoopDelay = watchEventLoop();

process.once('SIGTERM', () => {
  void engine.close().then(async () => {
    await witness.settled();
    say('closed', eventLoopDelay());
    await stillRunning();
    await witness.close();
  });
});
say('ready');

/** Handlers that ignore their signal go on after the engine is closed, and say so. */
async function stillRunning(): Promise<void> {
  while (engine.workerHost.status().running > 0) await wait(20);
}
