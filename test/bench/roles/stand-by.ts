import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { monitor } from '../../support/monitor.js';
import { Engine } from '../../../lib/core/engine.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';

/** One worker host with handlers for many names and nothing to do. */
export interface StandByTask {
  readonly role: 'stand-by';
  readonly url: string;
  readonly names: number;
  readonly forMs: number;
}

/** After a start hosts register, look, and come to rest. */
const CALM_MS = 3_000;

/** How many commands a second it sends, on all its connections; those inside scripts not counted. */
export async function standBy({ url, names, forMs }: StandByTask): Promise<number> {
  const engine = new Engine(new RedisBackend({ connectionString: url }));
  for (let n = 0; n < names; n++) engine.handlers.define(`bench-${n}`, async () => {});
  await engine.connect();
  await engine.workerHost.start();
  await pause(CALM_MS);

  const redis = new Redis(url);
  await redis.ping();
  let commands = 0;
  const end = await monitor(redis, (_, client) => {
    if (client !== 'lua') commands += 1;
  });
  await pause(forMs);
  end();

  redis.disconnect();
  await engine.close();
  return commands / (forMs / 1_000);
}
