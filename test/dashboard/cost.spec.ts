import { Redis } from 'ioredis';
import { until } from '../nest/support.js';
import { monitor } from '../support/monitor.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { DashboardApp } from './browser/support/dashboard-app.js';

/** As `npm run bench -- dashboard` has it with 1,000,000 jobs: how many there are makes no difference. */
const NAMES = 50;
const MOST_COMMANDS = 20;

let server: PrivateRedis;
let redis: Redis;
let app: DashboardApp;

beforeAll(async () => {
  server = await startPrivateRedis();
  redis = new Redis(server.url);
  const jobs = { connectionString: server.url, cluster: undefined, redisOptions: undefined };
  app = await DashboardApp.start({ works: false, jobs: { ...jobs, partitions: 1 } });
  const items = Array.from({ length: 4 * NAMES }, (_, n) => ({ name: `name-${n % NAMES}` }));
  await app.scheduler.enqueueMany(items);
});
afterAll(async () => {
  await app?.close();
  redis?.disconnect();
  await server?.stop();
});

/** How many commands the server is sent meanwhile; what a script calls for itself is not sent. */
async function commandsOf(act: () => Promise<unknown>): Promise<number> {
  const sent: string[] = [];
  const end = await monitor(redis, ([command], client) => {
    if (client !== 'lua') sent.push(command!);
  });
  await act();
  await redis.ping();
  await until(() => sent.includes('ping'));
  end();
  return sent.length - 1;
}

const ask = async (path: string) => {
  const answer = await fetch(new URL(path, app.url));
  expect(answer.status).toBe(200);
  return answer.json();
};

it('shows the first view of fifty names with less than twenty commands', async () => {
  const commands = await commandsOf(async () => {
    await ask('api/session');
    expect(await ask('api/overview')).toMatchObject({ names: { length: NAMES } });
  });

  expect(commands).toBeGreaterThan(0);
  expect(commands).toBeLessThan(MOST_COMMANDS);
});

it('shows a second viewer the overview of the first', async () => {
  await ask('api/overview');

  expect(await commandsOf(() => Promise.all([ask('api/overview'), ask('api/overview')]))).toBe(0);
});
