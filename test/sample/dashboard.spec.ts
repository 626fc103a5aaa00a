import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import type { Overview } from '../../lib/dashboard/index.js';

let compiled: CompiledPackage;
let redis: PrivateRedis;
let child: ChildApp;

beforeAll(async () => {
  [compiled, redis] = await Promise.all([
    compilePackage('sample/05-dashboard'),
    startPrivateRedis(),
  ]);
});
afterEach(() => child.kill());
afterAll(() => Promise.all([compiled.remove(), redis.stop()]));

function start(environment: NodeJS.ProcessEnv): void {
  const file = join(compiled.dir, 'sample/05-dashboard/main.js');
  child = new ChildApp(file, { PORT: '0', ...environment });
}

const signedIn = (user: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
});

it.each([
  ['in memory', () => ({}), 'Jobs are kept in memory.'],
  ['in Redis', () => ({ REDIS_URL: redis.url }), 'Jobs are kept in Redis'],
])('shows the jobs of a busy shop to those who sign in, %s', async (_, environment, where) => {
  start(environment());
  const [, url] = await child.prints(/shown at (\S+)/);
  const [, user, password] = await child.prints(/Sign in as (\S+) with the password (\S+) /);

  const page = await fetch(url!, signedIn(user!, password!));

  expect(child.output).toContain(where);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('app.js');
  const overview = await overviewWith('charge-card', () =>
    fetch(new URL('api/overview', url), signedIn(user!, password!)),
  );
  expect(overview.names.map(({ name }) => name)).toContain('customers-order');
  expect(overview.hosts).toBe(1);
});

it('shows them to nobody else', async () => {
  start({ DASHBOARD_USER: 'ann', DASHBOARD_PASSWORD: 'secret' });
  const [, url] = await child.prints(/shown at (\S+)/);
  await child.prints(/password from DASHBOARD_PASSWORD/);

  for (const path of ['', 'app.js', 'api/overview']) {
    const answer = await fetch(new URL(path, url));
    expect([path, answer.status]).toEqual([path, 401]);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Jobs"');
  }
  expect((await fetch(url!, signedIn('ann', 'Secret'))).status).toBe(401);
  expect((await fetch(url!, signedIn('ann', 'secret'))).status).toBe(200);
  expect(child.output).not.toContain('secret');
});

async function overviewWith(name: string, ask: () => Promise<Response>): Promise<Overview> {
  for (;;) {
    const overview = (await (await ask()).json()) as Overview;
    if (overview.names.some((one) => one.name === name)) return overview;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
