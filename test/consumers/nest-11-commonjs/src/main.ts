// Runs jobs on a real Redis, asks the health of both outcomes, and ends by itself.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService } from '@nestjs/terminus';
import { JobFailedError, JobScheduler } from 'nestjs-agenda-redis';
import { Engine } from 'nestjs-agenda-redis/core';
import { AgendaRedisHealth } from 'nestjs-agenda-redis/health';
import { MemoryBackend } from 'nestjs-agenda-redis/memory';
import { AgendaRedisModule } from 'nestjs-agenda-redis/nest';
import { RedisBackend } from 'nestjs-agenda-redis/redis';
import { AgendaRedisTestingModule } from 'nestjs-agenda-redis/testing';
import { AppModule } from './app';

async function main(): Promise<void> {
  for (const entry of [
    Engine,
    MemoryBackend,
    AgendaRedisModule,
    RedisBackend,
    AgendaRedisTestingModule,
  ]) {
    assert.equal(typeof entry, 'function');
  }
  await worksWithoutOptionalPeers();

  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const scheduler = app.get(JobScheduler);
  const agenda = app.get(AgendaRedisHealth);
  const health = app.get(HealthCheckService);
  const check = () => health.check([() => agenda.isHealthy('jobs', { maxDeadLetters: 0 })]);

  assert.equal(await scheduler.runAndWait('greet', { name: 'Ada' }), 'Hello ADA');
  assert.equal((await check()).status, 'ok');
  await assert.rejects(scheduler.runAndWait('fail'), JobFailedError);
  await assert.rejects(check(), { name: 'ServiceUnavailableException' });

  await app.close();
  console.log('consumer works');
}

/** Here neither is installed: whoever imports nothing of theirs needs nothing of theirs. */
async function worksWithoutOptionalPeers(): Promise<void> {
  for (const peer of ['prom-client', '@opentelemetry/api']) {
    assert.throws(() => require.resolve(peer), `${peer} is installed`);
  }
  await assert.rejects(import('nestjs-agenda-redis/metrics' as string), /prom-client/);
  await assert.rejects(import('nestjs-agenda-redis/otel' as string), /@opentelemetry\/api/);
  await assert.rejects(import('nestjs-agenda-redis/bull-board' as string), /@bull-board\/api/);
}

void main();
