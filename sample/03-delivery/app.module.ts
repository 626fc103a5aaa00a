import { Module } from '@nestjs/common';
import { AgendaRedisModule } from 'nestjs-agenda-redis';
import { DeliveryJobs } from './delivery.jobs.js';
import { Narrator } from './narrator.js';
import { chooseStorage } from './storage.js';
import { Story } from './story.js';

@Module({
  imports: [AgendaRedisModule.forRootAsync({ useFactory: chooseStorage })],
  providers: [DeliveryJobs, Narrator, Story],
})
export class AppModule {}
