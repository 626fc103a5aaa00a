import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

const MAIN = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log('Listening on', await app.getUrl());
`;

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

it('shows blocks that are an application as they stand', async () => {
  const readme = await readFile('README.md', 'utf8');
  const blocks = [...readme.matchAll(/```ts\n\/\/ (\S+\.ts)\n([^]*?)```/g)];
  expect(blocks.map(([, file]) => file)).toEqual([
    'mail.jobs.ts',
    'app.module.ts',
    'users.controller.ts',
  ]);
  for (const [, file, source] of blocks) await compiled.add(file!, source!);
  await compiled.add('main.ts', MAIN);

  child = new ChildApp(join(compiled.dir, 'main.js'), { REDIS_URL: redis.url });
  const [, url] = await child.prints(/Listening on (\S+)/);
  const response = await fetch(`${url}/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'ann' }),
  });

  expect(await response.json()).toEqual({ job: expect.stringMatching(/./) });
  await child.prints(/welcome, ann! \(attempt 1\)/);
  child.terminate();
  expect(await child.ended).toBe('SIGTERM');
});
