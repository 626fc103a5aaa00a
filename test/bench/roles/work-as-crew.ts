import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Engine } from '../../../lib/core/engine.js';
import type { Job } from '../../../lib/core/job/job.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';
import { now } from '../clock.js';
import { DeliveryCheck } from '../delivery-check.js';
import type { Cost } from '../meter.js';
import { type Payload, payloadMaker } from '../payload.js';
import { BULK, JOB } from '../systems/system.js';
import { measured, type Traffic } from '../traffic.js';

/** Many worker hosts, all of them with handlers for all names, and one producer; in one process. */
export interface CrewTask {
  readonly role: 'crew';
  readonly url: string;
  readonly hosts: number;
  readonly names: number;
  /** How many other names have a job in the store, which nobody here handles. */
  readonly otherNames?: number;
  readonly concurrency: number;
  readonly jobs: number;
  readonly payloadBytes: number;
  /** At an even pace while the hosts stand by; left out, all are added before the hosts start. */
  readonly perSecond?: number;
  /** For how long they are watched while there is nothing to do. */
  readonly idleMs: number;
}

export interface CrewWork {
  readonly idle: Cost & Traffic;
  readonly busy: Cost & Traffic;
  /** From the add to the start, sorted, in ms; none where all were added before. */
  readonly delays: readonly number[];
}

/** After a start hosts register, look, and come to rest. */
const CALM_MS = 2_000;

export async function workAsCrew(task: CrewTask): Promise<CrewWork> {
  const { url, hosts, jobs, perSecond, idleMs } = task;
  const redis = new Redis(url);
  const check = new DeliveryCheck(jobs);
  const delays: number[] = [];
  const engines = Array.from({ length: hosts }, () =>
    openHost(task, ({ n, at }) => {
      if (perSecond) delays.push(now() - at);
      check.count(n);
    }),
  );
  const producer = new Engine(new RedisBackend({ connectionString: url }), { worker: false });
  await producer.connect();
  await addOthers(producer, task);
  if (!perSecond) await addAll(producer, task);
  for (const engine of engines) await engine.connect();
  const start = () => Promise.all(engines.map((engine) => engine.workerHost.start()));

  let idle = NOTHING;
  if (perSecond) {
    await start();
    await pause(CALM_MS);
    idle = await measured(redis, () => pause(idleMs));
  }
  const busy = await measured(redis, async () => {
    if (perSecond) await addPaced(producer, task, perSecond);
    else await start();
    await check.allHandled;
  });
  await Promise.all([producer, ...engines].map((engine) => engine.close()));
  redis.disconnect();
  return { idle, busy, delays: delays.sort((a, b) => a - b) };
}

function openHost({ url, names, concurrency }: CrewTask, handle: (payload: Payload) => void) {
  const engine = new Engine(new RedisBackend({ connectionString: url }), {
    maxConcurrency: concurrency,
    defaultConcurrency: concurrency,
  });
  for (let n = 0; n < names; n++) {
    engine.handlers.define(nameOf(n), (job: Job) => handle(job.data as Payload), {
      removeOnComplete: true,
    });
  }
  return engine;
}

const nameOf = (n: number): string => `${JOB}-${n}`;

async function addAll({ scheduler }: Engine, { jobs, names, payloadBytes }: CrewTask) {
  const payload = payloadMaker(payloadBytes);
  for (let first = 0; first < jobs; first += BULK) {
    const length = Math.min(BULK, jobs - first);
    await scheduler.enqueueMany(
      Array.from({ length }, (_, i) => ({
        name: nameOf((first + i) % names),
        data: payload(first + i),
      })),
    );
  }
}

async function addOthers({ scheduler }: Engine, { otherNames = 0 }: CrewTask) {
  const items = Array.from({ length: otherNames }, (_, n) => ({
    name: `other-${n}`,
    when: 'in 1 day',
  }));
  await scheduler.enqueueMany(items);
}

async function addPaced(
  { scheduler }: Engine,
  { jobs, names, payloadBytes }: CrewTask,
  perSecond: number,
) {
  const payload = payloadMaker(payloadBytes);
  const begin = now();
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < jobs; n++) {
    while (now() < begin + (n * 1_000) / perSecond) await pause(1);
    calls.push(scheduler.now(nameOf(n % names), payload(n, now())));
  }
  await Promise.all(calls);
}

const NOTHING = { ms: 0, nodeMs: 0, redisMs: 0, calls: 0, bytesIn: 0, bytesOut: 0 };
