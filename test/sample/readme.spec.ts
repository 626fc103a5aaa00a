import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { codeOf } from '../support/page-code.js';
import { pagePrograms } from '../support/page-programs.js';

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

const programs = pagePrograms();

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

  const child = await programs.start(MAIN, files);
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
  const receiver = await listen();

  const child = await programs.start(QUEUES.replace('BLOCKS', rest), files, {
    WEBHOOK_URL: receiver.url,
  });
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

  const child = await programs.start("import './receipts.test.js';", files, {
    REDIS_URL: undefined,
  });
  const ended = await child.ended;

  expect({ ended, output: child.output }).toMatchObject({ ended: 0 });
  expect(child.output).toMatch(/pass 1\n/);
});
