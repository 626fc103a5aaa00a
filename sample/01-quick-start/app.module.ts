import { Module } from '@nestjs/common';
import { AgendaRedisModule } from 'nestjs-agenda-redis';
import { HeartbeatJobs } from './heartbeat.jobs.js';
import { JobsController } from './jobs.controller.js';
import { MailJobs } from './mail.jobs.js';
import { RecentJobs } from './recent-jobs.js';
import { chooseStorage } from './storage.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [AgendaRedisModule.forRootAsync({ useFactory: chooseStorage })],
  controllers: [UsersController, JobsController],
  providers: [MailJobs, HeartbeatJobs, RecentJobs],
})
export class AppModule {}
