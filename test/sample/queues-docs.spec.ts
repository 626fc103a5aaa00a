import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { codeOf } from '../support/page-code.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

/** Around the blocks of the page. */
const PROGRAM = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgendaRedisModule, JobScheduler, METRICS_BUCKETS_MS, WorkerHost } from 'nestjs-agenda-redis';
import { PageJobs } from './pages.jobs.js';

@Module({
  imports: [AgendaRedisModule.forRoot({ events: { durable: true } })],
  providers: [PageJobs],
})
class PagesModule {}

const app = await NestFactory.createApplicationContext(PagesModule, { logger: false });
const scheduler = app.get(JobScheduler);
const workerHost = app.get(WorkerHost);
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

it('shows blocks that are one program as they stand', async () => {
  const page = await readFile('docs/queues.md', 'utf8');
  const { files, rest } = codeOf(page);
  for (const { name, code } of files) await compiled.add(name, code);
  await compiled.add('main.ts', PROGRAM.replace('BLOCKS', rest));

  child = new ChildApp(join(compiled.dir, 'main.js'), { REDIS_URL: redis.url });
  const ended = await child.ended;

  expect({ ended, output: child.output }).toMatchObject({ ended: 0 });
  for (const line of [
    /^rendered \S+ in \d+ ms$/,
    /^1 tagged$/,
    /^left out nonsense: InvalidOptionError$/,
    /^added 249, failed 1$/,
    /^2$/,
    /^Page of a\.example$/,
    /^\[ 'reading https:\/\/a\.example\/1' \] \{ step: 'reading', done: 1, of: 2 \}$/,
    /^0 since$/,
    /^JobFailedError$/,
    /^dead \d+ \d+ there is no crawler yet$/,
    /^read up to \S+$/,
    /^\d+ completed, \d+ queued$/,
    /^1 dead, oldest due for 0 ms$/,
    /^waited at most \d+ ms$/,
    /^\S+: \d+ of \d+ \[ 'render', 'crawl' \]$/,
    /^ok$/,
    /^cleaned \d+, cleared \d+$/,
    /^gone: 1$/,
  ]) {
    expect(child.output).toMatch(new RegExp(line, 'm'));
  }
});
