import { Module } from '@nestjs/common';
import { AgendaRedisModule } from 'nestjs-agenda-redis';
import { CleanupJobs } from './cleanup.jobs.js';
import { Day } from './day.js';
import { EmailJobs } from './email.jobs.js';
import { ExportJobs } from './export.jobs.js';
import { Files } from './files.js';
import { ImportJobs } from './import.jobs.js';
import { MediaJobs } from './media.jobs.js';
import { Narrator } from './narrator.js';
import { NotificationJobs } from './notification.jobs.js';
import { chooseStorage } from './storage.js';
import { WebhookJobs } from './webhook.jobs.js';

/** There is no queue to set up: each handler says how its jobs are run. */
@Module({
  imports: [AgendaRedisModule.forRootAsync({ useFactory: chooseStorage })],
  providers: [
    EmailJobs,
    NotificationJobs,
    ImportJobs,
    ExportJobs,
    MediaJobs,
    WebhookJobs,
    CleanupJobs,
    Files,
    Narrator,
    Day,
  ],
})
export class AppModule {}
