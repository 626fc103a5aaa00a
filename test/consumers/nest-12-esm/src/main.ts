// Runs a job on a real Redis, with every entry of the package imported, and ends by itself.
import 'reflect-metadata';
import { strict as assert } from 'node:assert';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService } from '@nestjs/terminus';
import { register } from 'prom-client';
import * as root from 'nestjs-agenda-redis';
import * as core from 'nestjs-agenda-redis/core';
import * as dashboard from 'nestjs-agenda-redis/dashboard';
import * as health from 'nestjs-agenda-redis/health';
import * as memory from 'nestjs-agenda-redis/memory';
import * as metrics from 'nestjs-agenda-redis/metrics';
import * as nest from 'nestjs-agenda-redis/nest';
import * as otel from 'nestjs-agenda-redis/otel';
import * as redis from 'nestjs-agenda-redis/redis';
import * as testing from 'nestjs-agenda-redis/testing';
import { AppModule, asReady } from './app.js';

for (const entry of [root, core, dashboard, health, memory, metrics, nest, otel, redis, testing]) {
  assert.ok(Object.keys(entry).length > 0);
}
// One class of each, whatever the entry: what is injected by class must be the same class.
assert.equal(root.JobScheduler, core.JobScheduler);
assert.equal(root.AgendaRedisModule, nest.AgendaRedisModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const scheduler = app.get(root.JobScheduler);
const agenda = app.get(health.AgendaRedisHealth);

assert.equal(await scheduler.runAndWait('greet', { name: 'Ada' }), 'Hello Ada');
const { status } = await app
  .get(HealthCheckService)
  .check([
    () => agenda.isHealthy('jobs', { maxLatency: '1 minute', timeout: '2 seconds' }),
    () => asReady(agenda),
    () => agenda.isAlive('process'),
  ]);
assert.equal(status, 'ok');
assert.match(await register.metrics(), /agenda_redis_jobs_completed_total\{name="greet"\} 1/);

await app.close();
console.log('consumer works');
