import { readFile } from 'node:fs/promises';
import { codeOf } from '../support/page-code.js';
import { pagePrograms } from '../support/page-programs.js';

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

const programs = pagePrograms();

it('shows blocks that are one program as they stand', async () => {
  const page = await readFile('docs/queues.md', 'utf8');
  const { files, rest } = codeOf(page);

  const child = await programs.start(PROGRAM.replace('BLOCKS', rest), files);
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
