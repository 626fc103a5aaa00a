import { setTimeout as pause } from 'node:timers/promises';
import { Engine } from '../../../lib/core/engine.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';
import { JOB } from '../systems/system.js';

/** One of several processes that work off jobs with a rate over all of them. */
export interface LimitedTask {
  readonly role: 'work-limited';
  readonly url: string;
  /** In all. */
  readonly jobs: number;
  readonly max: number;
  readonly perMs: number;
  /** Whether this process adds them. */
  readonly adds?: boolean;
}

const LOOK_EVERY_MS = 50;

/** Answers when its jobs were claimed, by the clock of Redis. */
export async function workLimited({ url, jobs, max, perMs, adds }: LimitedTask): Promise<number[]> {
  const engine = new Engine(new RedisBackend({ connectionString: url }));
  const starts: number[] = [];
  engine.handlers.define(JOB, (job) => void starts.push(job.lockedAt!.getTime()), {
    concurrency: 20,
    rateLimit: { max, per: perMs },
    retention: false,
  });
  await engine.connect();
  await engine.workerHost.start();
  if (adds) {
    await engine.scheduler.enqueueMany(Array.from({ length: jobs }, () => ({ name: JOB })));
  }
  while ((await engine.scheduler.counts(JOB)).completed < jobs) await pause(LOOK_EVERY_MS);
  await engine.close();
  return starts;
}
