import { setTimeout as pause } from 'node:timers/promises';
import { serversAt } from '../address.js';
import { DeliveryCheck } from '../delivery-check.js';
import { type Cost, Meter } from '../meter.js';
import { now, wallClock } from '../clock.js';
import { loadSystem, type SystemName } from '../systems/index.js';

export interface WorkTask {
  readonly role: 'work';
  readonly system: SystemName;
  readonly url: string;
  readonly concurrency: number;
  readonly kept: boolean;
  /** In all; measured from the end of the first `warmUp` of them. */
  readonly jobs: number;
  readonly warmUp: number;
  /** How long a handler sleeps; 0 is a no-op. */
  readonly workMs: number;
  /** Under limits that never hold anything back. @default false */
  readonly limited?: boolean;
  /** How many jobs of the same name are not due and stay where they are. */
  readonly others?: number;
  /** Whether and by which clock the delay of each start is kept. */
  readonly delays?: 'since-sent' | 'since-due';
  /** After so long it gives up, and says that it did not keep up. @default never */
  readonly patienceMs?: number;
  readonly profileFile?: string;
}

export interface Work extends Cost {
  /** Sorted, in ms. */
  readonly delays: readonly number[];
  /** Whether all jobs were handled in time. */
  readonly keptUp: boolean;
}

/** Of a run that was given up. */
const UNKNOWN: Cost = { ms: NaN, nodeMs: NaN, redisMs: NaN };

/** Works off all jobs, each of them once; `ready` is told once it takes jobs. */
export async function workOff(task: WorkTask, ready: () => void): Promise<Work> {
  const { url, concurrency, kept, jobs, warmUp, workMs, limited = false } = task;
  const system = await loadSystem(task.system);
  const servers = await serversAt(url);
  const meter = new Meter(servers, task.profileFile);
  const check = new DeliveryCheck(jobs);
  const delays: number[] = [];
  const clock = task.delays === 'since-due' ? wallClock : now;
  const worker = await system.openWorker(url, { concurrency, kept, limited }, (payload) => {
    if (task.delays && payload.n >= warmUp) delays.push(clock() - payload.at);
    const handled = check.count(payload.n);
    if (handled === warmUp) meter.start();
    if (handled === jobs) meter.stop();
    return workMs > 0 ? pause(workMs) : undefined;
  });

  if (warmUp === 0) meter.start();
  await worker.start();
  ready();
  const keptUp = await check.isDoneWithin(task.patienceMs);
  const cost = keptUp ? await meter.cost() : UNKNOWN;
  await worker.close();
  for (const server of servers) server.disconnect();
  if (keptUp) check.verify(await system.tally(url), kept, task.others);
  else check.verifyNoneTwice();
  return { ...cost, keptUp, delays: delays.sort((a, b) => a - b) };
}
