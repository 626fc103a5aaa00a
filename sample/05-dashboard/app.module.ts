import { Module } from '@nestjs/common';
import { AgendaRedisModule } from 'nestjs-agenda-redis';
import { AgendaDashboardModule } from 'nestjs-agenda-redis/dashboard';
import { AccountsModule } from './accounts.module.js';
import { OrderJobs } from './order.jobs.js';
import { ReportJobs } from './report.jobs.js';
import { SignedIn } from './signed-in.guard.js';
import { chooseStorage } from './storage.js';

@Module({
  imports: [
    AgendaRedisModule.forRootAsync({ useFactory: chooseStorage }),
    AgendaDashboardModule.forRoot({
      path: '/jobs',
      imports: [AccountsModule],
      guards: [SignedIn],
      // Customers' cards are nobody's business here.
      redact: ['card'],
    }),
    AccountsModule,
  ],
  providers: [OrderJobs, ReportJobs],
})
export class AppModule {}
