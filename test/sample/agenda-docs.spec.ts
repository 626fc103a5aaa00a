import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

let compiled: CompiledPackage;
let redis: PrivateRedis;
let child: ChildApp;

beforeAll(async () => {
  [compiled, redis] = await Promise.all([compilePackage(), startPrivateRedis()]);
});
afterAll(async () => {
  await child?.kill();
  await Promise.all([compiled.remove(), redis.stop()]);
});

it('shows how Agenda takes our backend, in a program that runs as it stands', async () => {
  const guide = await readFile('docs/agenda.md', 'utf8');
  const [, source] = /```ts\n\/\/ drop-in\.ts\n([^]*?)```/.exec(guide)!;
  await compiled.add('drop-in.ts', source!);

  child = new ChildApp(join(compiled.dir, 'drop-in.js'), { REDIS_URL: redis.url });

  const [, whom] = await child.prints(/to (\S+@example\.com)/);
  expect(whom).toBe('ann@example.com');
});
