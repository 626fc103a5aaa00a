import { Injectable, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AgendaRedisModule, JobHandler, type Job } from 'nestjs-agenda-redis';
import { AgendaRedisHealth } from 'nestjs-agenda-redis/health';
import { AgendaRedisMetricsModule } from 'nestjs-agenda-redis/metrics';
import { agendaTracing } from 'nestjs-agenda-redis/otel';

declare module 'nestjs-agenda-redis' {
  interface JobTypes {
    greet: { name: string };
  }
}

/** A decorator of one's own: in its declaration the compiler has to name types of the package. */
export const Greets = () => JobHandler('greet', { attempts: 2 });

export const asReady = (agenda: AgendaRedisHealth) => agenda.isReady('worker');

@Injectable()
export class Greetings {
  @Greets()
  greet(job: Job<{ name: string }>): string {
    return `Hello ${job.data.name}`;
  }
}

@Module({
  imports: [
    AgendaRedisModule.forRoot({
      connectionString: process.env.REDIS_URL,
      middleware: [agendaTracing()],
    }),
    AgendaRedisMetricsModule.forRoot(),
    TerminusModule,
  ],
  providers: [Greetings, AgendaRedisHealth],
})
export class AppModule {}
