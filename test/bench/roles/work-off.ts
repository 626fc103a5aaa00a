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
  /** How many jobs of the same name are not due and stay where they are. */
  readonly others?: number;
  /** Whether and by which clock the delay of each start is kept. */
  readonly delays?: 'since-sent' | 'since-due';
  readonly profileFile?: string;
}

export interface Work extends Cost {
  /** Sorted, in ms. */
  readonly delays: readonly number[];
}

/** Works off all jobs; `ready` is told once it takes jobs. */
export async function workOff(task: WorkTask, ready: () => void): Promise<Work> {
  const { url, concurrency, kept, jobs, warmUp, workMs } = task;
  const system = await loadSystem(task.system);
  const servers = await serversAt(url);
  const meter = new Meter(servers, task.profileFile);
  const check = new DeliveryCheck(jobs);
  const delays: number[] = [];
  const clock = task.delays === 'since-due' ? wallClock : now;
  const worker = await system.openWorker(url, { concurrency, kept }, (payload) => {
    if (task.delays && payload.n >= warmUp) delays.push(clock() - payload.at);
    const handled = check.count(payload.n);
    if (handled === warmUp) meter.start();
    if (handled === jobs) meter.stop();
    return workMs > 0 ? pause(workMs) : undefined;
  });

  if (warmUp === 0) meter.start();
  await worker.start();
  ready();
  await check.allHandled;

  const cost = await meter.cost();
  await worker.close();
  for (const server of servers) server.disconnect();
  check.verify(await system.tally(url), kept, task.others);
  return { ...cost, delays: delays.sort((a, b) => a - b) };
}
