import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AgendaRedisModule,
  Every,
  JobHandler,
  JobScheduler,
  OnJobEvent,
  WorkerHost,
} from '../../../lib/index.js';

/* A real application for tests that end it: it runs one `slow` job, of so many ms (JOB_MS). */

const { JOB_MS, KEY_PREFIX, SHUTDOWN_MS } = process.env;

@Injectable()
class Database implements OnModuleInit, OnModuleDestroy {
  private isOpen = false;

  async onModuleInit(): Promise<void> {
    await wait(50);
    this.isOpen = true;
    console.log('database opened');
  }

  async onModuleDestroy(): Promise<void> {
    this.isOpen = false;
    console.log('database closed');
    await wait(50);
  }

  write(line: string): void {
    console.log(this.isOpen ? line : `${line} without a database`);
  }
}

@Injectable()
class Jobs {
  constructor(
    private readonly database: Database,
    private readonly scheduler: JobScheduler,
    private readonly host: WorkerHost,
  ) {}

  @JobHandler('slow')
  async slow(): Promise<void> {
    this.database.write('job began');
    this.tellReadiness();
    await wait(Number(JOB_MS));
    this.tellReadiness();
    this.database.write('job ended');
    await this.scheduler.now('follow-up');
  }

  private tellReadiness(): void {
    console.log(`ready: ${this.host.status().ready}`);
  }

  @JobHandler('tick')
  @Every('20ms')
  tick(): void {
    this.database.write('tick');
  }

  @JobHandler('backlog')
  backlog(): void {
    this.database.write('backlog');
  }

  @OnJobEvent('completed')
  async onCompleted(): Promise<void> {
    await wait(1);
    throw new Error('the listener rejects');
  }
}

@Module({ providers: [Database], exports: [Database] })
class DatabaseModule {}

@Module({
  imports: [
    DatabaseModule,
    AgendaRedisModule.forRoot({
      keyPrefix: KEY_PREFIX!,
      shutdown: { timeout: Number(SHUTDOWN_MS), grace: 100 },
    }),
  ],
  providers: [Jobs],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule);
app.enableShutdownHooks([], { useProcessExit: process.env.USE_PROCESS_EXIT === 'yes' });
if (process.env.CLOSES_ITSELF === 'yes') {
  app.get(JobScheduler).on('started:slow', () => void app.close());
}
await app.get(JobScheduler).now('slow');
