import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgendaRedisModule, JobScheduler } from 'nestjs-agenda-redis';
import { chooseStorage } from './storage.js';

/** The deployment before this one. It only adds jobs: `worker: false`. */
@Module({ imports: [AgendaRedisModule.forRoot({ ...chooseStorage(), worker: false })] })
class YesterdaysModule {}

/** A parcel had one item then: what is stored is version 1 of the data. */
export async function runYesterdaysShop(): Promise<void> {
  const app = await NestFactory.createApplicationContext(YesterdaysModule, { logger: false });
  const parcel = { item: 'teapot', to: 'old@example.com' };
  await app.get(JobScheduler).now('ship-parcel', parcel, { context: { tenant: 'acme' } });
  await app.close();
  console.log(`Yesterday's shop added ship-parcel, version 1: ${JSON.stringify(parcel)}`);
}
