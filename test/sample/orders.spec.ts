import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

let compiled: CompiledPackage;
let redis: PrivateRedis;
let child: ChildApp;

beforeAll(async () => {
  [compiled, redis] = await Promise.all([
    compilePackage('sample/04-orders'),
    startPrivateRedis({ appendonly: true }),
  ]);
});
afterEach(() => child.kill());
afterAll(() => Promise.all([compiled.remove(), redis.stop()]));

const start = (environment: NodeJS.ProcessEnv): ChildApp =>
  new ChildApp(join(compiled.dir, 'sample/04-orders/main.js'), environment);

/** Runs the sample to its end, which comes by itself. @returns what it told, without the seconds */
async function play(environment: NodeJS.ProcessEnv): Promise<string[]> {
  child = start(environment);
  expect({ exit: await child.ended, output: child.output }).toMatchObject({ exit: 0 });
  return [...child.output.matchAll(/^\d+\.\d\d s {2}(.*)$/gm)].map(([, text]) => text!);
}

it.each([
  ['in memory', () => ({}), 'Jobs are kept in memory.'],
  ['in Redis', () => ({ REDIS_URL: redis.url }), 'Jobs are kept in Redis'],
])('tells a morning in the shop, %s, and ends by itself', async (_, environment, where) => {
  const lines = await play(environment());
  const told = (about: string) => lines.filter((line) => line.startsWith(about));

  expect(child.output).toMatch(where);
  expect(told('answered')).toEqual([
    'answered 201; jobs added: 3',
    expect.stringMatching(/^answered 400; item: .+; quantity: .+; jobs added: 0$/),
    'answered 201; jobs added: 1',
    'answered 201; jobs added: 3',
  ]);
  expect(told('audit')).toEqual([
    "audit: acme's pack-order took 2 kettle",
    "audit: acme's pack-order took 1 toaster",
  ]);
  const stopped = /^pack-order: attempt 1 of PackingJobs\.pack took \d+ ms$/;
  expect(told('pack-order')).toEqual([
    expect.stringMatching(stopped),
    'pack-order: a dead letter, unrecoverable; ForbiddenException: Forbidden resource',
    expect.stringMatching(stopped),
  ]);
  expect(told('send-invoice')).toEqual([
    expect.stringMatching(/^send-invoice: 40 € from ann@example\.com by \d{4}-\d\d-\d\d$/),
    expect.stringMatching(
      /^send-invoice: a dead letter, invalid-data; InvalidDataError: .*email must be an email$/,
    ),
  ]);
  expect(told('ship-parcel')).toEqual([
    'ship-parcel: 1 teapot to old@example.com',
    'ship-parcel: 2 kettle to ann@example.com',
    'ship-parcel: 1 toaster to nowhere',
  ]);
  expect(told('GET /health')).toEqual([
    'GET /health: 503, down, There are 2 dead letters, more than 0.',
    'GET /health: 200, up',
  ]);
  expect(told('GET /metrics').sort()).toEqual([
    'GET /metrics: agenda_redis_jobs_completed_total{name="pack-order"} 2',
    'GET /metrics: agenda_redis_jobs_completed_total{name="send-invoice"} 1',
    'GET /metrics: agenda_redis_jobs_completed_total{name="ship-parcel"} 3',
    'GET /metrics: agenda_redis_jobs_dead_total{name="pack-order"} 1',
    'GET /metrics: agenda_redis_jobs_dead_total{name="send-invoice"} 1',
  ]);
});

it('does not open with a configuration that cannot be', async () => {
  child = start({ PACKERS: '0' });

  expect(await child.ended).toBe(1);
  expect(child.output).toMatch(/`handlers\.pack-order\.concurrency` to be .*got `0`/);
});
