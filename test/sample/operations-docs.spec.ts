import { readFile } from 'node:fs/promises';
import { Registry } from 'prom-client';
import { Engine } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaMetrics } from '../../lib/metrics/index.js';
import { codeOf } from '../support/page-code.js';
import { pagePrograms } from '../support/page-programs.js';

/** Around the blocks of the page: the modules it shows in one application, and then the rest as it stands. */
const PROGRAM = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgendaRedisModule, JobScheduler, WorkerHost } from 'nestjs-agenda-redis';
import { AgendaRedisHealth } from 'nestjs-agenda-redis/health';
import { AgendaMetrics } from 'nestjs-agenda-redis/metrics';
import { Registry } from 'prom-client';
import { HealthModule } from './health.module.js';
import { MetricsModule } from './metrics.module.js';

@Module({ imports: [AgendaRedisModule.forRoot(), HealthModule, MetricsModule] })
class OperationsModule {}

const app = await NestFactory.create(OperationsModule, { logger: false });
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
const health = app.get(AgendaRedisHealth, { strict: false });
const scheduler = app.get(JobScheduler);
const workerHost = app.get(WorkerHost);
for (const path of ['health', 'health/live', 'health/ready', 'metrics']) {
  const answer = await fetch(url + '/' + path);
  console.log(path, answer.status, answer.headers.get('content-type').split(';')[0]);
}
BLOCKS
await app.close();
`;

const programs = pagePrograms();

it('shows modules and calls that work as they stand', async () => {
  const page = await readFile('docs/operations.md', 'utf8');
  const { files, rest } = codeOf(page);

  const child = await programs.start(PROGRAM.replace('BLOCKS', rest), files);
  const ended = await child.ended;

  expect({ ended, output: child.output }).toEqual({
    ended: 0,
    output: [
      'health 200 application/json',
      'health/live 200 application/json',
      'health/ready 200 application/json',
      'metrics 200 text/plain',
      'true []',
      'up 0',
      'true',
      'true 0',
      '',
    ].join('\n'),
  });
});

it('names every metric there is, and no other', async () => {
  const page = await readFile('docs/operations.md', 'utf8');
  const table = page.slice(page.indexOf('| metric, after'), page.indexOf('The only label is'));
  const shown = [...table.matchAll(/`([a-z_]+)`/g)].map(([, name]) => `agenda_redis_${name}`);

  const registry = new Registry();
  const { scheduler, workerHost } = new Engine(new MemoryBackend());
  new AgendaMetrics({ scheduler, workerHost, registry });

  const names = registry.getMetricsAsArray().map(({ name }) => name);
  expect(shown.slice(1).sort()).toEqual(names.sort());
});
