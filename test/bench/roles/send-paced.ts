import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../clock.js';
import { payloadMaker } from '../payload.js';
import { loadSystem, type SystemName } from '../systems/index.js';

export interface SendTask {
  readonly role: 'send';
  readonly system: SystemName;
  readonly url: string;
  readonly jobs: number;
  readonly perSecond: number;
  readonly payloadBytes: number;
  /** Jobs run that long after the beginning, at the same pace, instead of at once. */
  readonly aheadMs?: number;
}

/** Sends jobs at an even pace, whether or not those before have been answered. */
export async function sendPaced(task: SendTask): Promise<void> {
  const { url, jobs, perSecond, aheadMs } = task;
  const producer = await (await loadSystem(task.system)).openProducer(url);
  const payload = payloadMaker(task.payloadBytes);
  const calls: Promise<unknown>[] = [];

  if (aheadMs !== undefined) {
    const first = Date.now() + aheadMs;
    for (let n = 0; n < jobs; n++) {
      const at = first + Math.round((n * 1_000) / perSecond);
      calls.push(producer.addAt(payload(n, at), at));
      if (calls.length % 100 === 0) await Promise.all(calls.splice(0));
    }
    if (Date.now() >= first)
      throw new Error('The first job was due before the last one was added.');
  } else {
    const begin = now();
    for (let n = 0; n < jobs; n++) {
      while (now() < begin + (n * 1_000) / perSecond) await pause(1);
      calls.push(producer.add(payload(n, now())));
    }
  }
  await Promise.all(calls);
  await producer.close();
}
