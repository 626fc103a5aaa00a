import { serversAt } from '../address.js';
import { type Cost, Meter } from '../meter.js';
import { payloadMaker } from '../payload.js';
import { loadSystem, type SystemName } from '../systems/index.js';
import { BULK, type Producer } from '../systems/system.js';

/** How a producer adds: in bulk with one call or several under way, one job after the other, or with many calls under way. */
export type Manner = 'bulk' | 'bulks' | 'awaited' | 'outstanding';

export interface AddTask {
  readonly role: 'add';
  readonly system: SystemName;
  readonly url: string;
  readonly manner: Manner;
  /** In all; the first `warmUp` of them are not measured. */
  readonly jobs: number;
  readonly warmUp: number;
  readonly payloadBytes: number;
  /** How many jobs one call of `bulk` and `bulks` adds. @default 100 */
  readonly bulk?: number;
  /** How many jobs the store held before. */
  readonly before?: number;
  readonly profileFile?: string;
}

const OUTSTANDING = 100;
export const BULKS_OUTSTANDING = 4;

export async function addJobs(task: AddTask): Promise<Cost> {
  const { url, jobs, warmUp, before = 0 } = task;
  const system = await loadSystem(task.system);
  const producer = await system.openProducer(url);
  const servers = await serversAt(url);
  const meter = new Meter(servers, task.profileFile);
  const payload = payloadMaker(task.payloadBytes);
  const add = MANNERS[task.manner];

  await add(producer, payload, 0, warmUp, task.bulk);
  meter.start();
  await add(producer, payload, warmUp, jobs, task.bulk);
  meter.stop();

  const cost = await meter.cost();
  await producer.close();
  for (const server of servers) server.disconnect();
  const { unfinished } = await system.tally(url);
  if (unfinished !== before + jobs) {
    throw new Error(`Added ${jobs} jobs to ${before}, and found ${unfinished}.`);
  }
  return cost;
}

type Add = (
  producer: Producer,
  payload: ReturnType<typeof payloadMaker>,
  from: number,
  to: number,
  bulk?: number,
) => Promise<void>;

const addBulks: Add = async (producer, payload, from, to, bulk = BULK) => {
  for (let first = from; first < to; first += bulk) {
    const length = Math.min(bulk, to - first);
    await producer.addBulk(Array.from({ length }, (_, i) => payload(first + i)));
  }
};

const MANNERS: Record<Manner, Add> = {
  bulk: addBulks,

  async bulks(producer, payload, from, to, bulk = BULK) {
    const share = Math.ceil((to - from) / BULKS_OUTSTANDING / bulk) * bulk;
    const parts = Array.from({ length: BULKS_OUTSTANDING }, (_, i) => from + i * share);
    await Promise.all(
      parts.map((first) => addBulks(producer, payload, first, Math.min(first + share, to), bulk)),
    );
  },

  async awaited(producer, payload, from, to) {
    for (let n = from; n < to; n++) await producer.add(payload(n));
  },

  async outstanding(producer, payload, from, to) {
    let next = from;
    const one = async () => {
      while (next < to) await producer.add(payload(next++));
    };
    await Promise.all(Array.from({ length: OUTSTANDING }, one));
  },
};
