import { setTimeout as wait } from 'node:timers/promises';
import { Engine, type Job } from '../../../lib/core/index.js';
import { RedisBackend } from '../../../lib/redis/index.js';
import { reportTroubles, say, trueNow, Witness } from './report.js';
import type { ProducerSettings } from './settings.js';

/* A process that only adds jobs, at a steady pace, and writes down each answer it gets. */

const settings = JSON.parse(process.env.SETTINGS!) as ProducerSettings;
reportTroubles();
const witness = new Witness(settings.witnessUrl);
const engine = new Engine(new RedisBackend(settings.redis), { worker: false });
const answers: Promise<void>[] = [];
let isOver = false;
process.once('SIGTERM', () => (isOver = true));

await engine.connect();
say('ready');
const { count = Infinity, burst, everyMs } = settings;
while (!isOver && answers.length < count) {
  for (let i = 0; i < burst && answers.length < count; i++) answers.push(addOne());
  await wait(everyMs);
}
await Promise.all(answers);
await engine.close();
await witness.close();
say('done');

async function addOne(): Promise<void> {
  const askedAt = trueNow();
  try {
    const { id, nextRunAt } = await add();
    await witness.tell({ kind: 'added', id, askedAt, dueAt: Number(nextRunAt) });
  } catch (error) {
    await witness.tell({ kind: 'refused', id: '', askedAt, why: (error as Error).name });
  }
}

function add(): Promise<Job> {
  const { scheduler } = engine;
  const { name, data, due } = settings;
  if (!due) return scheduler.now(name, data);
  switch (due.by) {
    case 'delay':
      return scheduler.now(name, data, { delay: due.inMs });
    case 'text':
      return scheduler.schedule(`in ${due.inMs} milliseconds`, name, data);
    case 'date':
      return scheduler.schedule(new Date(Date.now() + due.inMs), name, data);
  }
}
