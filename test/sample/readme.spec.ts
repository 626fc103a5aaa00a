import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { codeOf } from '../support/page-code.js';
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

/** Around the blocks of the chapter about queues. */
const QUEUES = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgendaRedisModule, JobScheduler, WorkerHost } from 'nestjs-agenda-redis';
import { WebhookJobs } from './webhook.jobs.js';

@Module({
  imports: [AgendaRedisModule.forRoot({ keyPrefix: 'queues:', events: { durable: true } })],
  providers: [WebhookJobs],
})
class QueuesModule {}

const app = await NestFactory.createApplicationContext(QueuesModule, { logger: false });
const scheduler = app.get(JobScheduler);
const workerHost = app.get(WorkerHost);
const url = process.env.WEBHOOK_URL;
BLOCKS
await app.close();
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
  const { files } = codeOf(readme);
  expect(files.map(({ name }) => name)).toEqual([
    'mail.jobs.ts',
    'app.module.ts',
    'users.controller.ts',
    'webhook.jobs.ts',
    'receipts.ts',
    'receipts.test.ts',
  ]);
  for (const { name, code } of files) await compiled.add(name, code);
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

/** The first answer asks for a moment's patience. */
async function listen(): Promise<{ url: string; close: () => void; got: string[] }> {
  const got: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push(body);
      const isBusy = got.length === 1;
      response.writeHead(isBusy ? 429 : 200, isBusy ? { 'retry-after': '1' } : {}).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close(), got };
}

it('shows a chapter about queues that runs as it stands', async () => {
  const readme = await readFile('README.md', 'utf8');
  const [, chapter] = /^## Queues\n([^]*?)^## /m.exec(readme)!;
  const { files, rest } = codeOf(chapter!);
  for (const { name, code } of files) await compiled.add(name, code);
  await compiled.add('queues.ts', QUEUES.replace('BLOCKS', rest));
  const receiver = await listen();

  const environment = { REDIS_URL: redis.url, WEBHOOK_URL: receiver.url };
  child = new ChildApp(join(compiled.dir, 'queues.js'), environment);
  const ended = await child.ended;
  receiver.close();

  expect({ ended, output: child.output }).toMatchObject({ ended: 0 });
  expect(child.output).toMatch(/reason: 'their maintenance'/);
  expect(child.output).toMatch(/^false$/m);
  expect(child.output).toMatch(/^answered with 200$/m);
  expect(child.output).toMatch(/^throttled \S+ \S+$/m);
  // The one that was asked to wait came again, and the order was kept.
  expect(receiver.got).toEqual(Array(3).fill('order 7 is paid'));
});

it('shows a handler in the middle of Nest, and a test of it that passes', async () => {
  const readme = await readFile('README.md', 'utf8');
  const files = codeOf(readme).files.filter(({ name }) => name.startsWith('receipts'));
  for (const { name, code } of files) await compiled.add(name, code);

  child = new ChildApp(join(compiled.dir, 'receipts.test.js'), {});
  const ended = await child.ended;

  expect({ ended, output: child.output }).toMatchObject({ ended: 0 });
  expect(child.output).toMatch(/pass 1\n/);
});
