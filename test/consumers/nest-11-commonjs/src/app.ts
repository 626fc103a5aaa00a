import { Injectable, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AgendaRedisModule, JobHandler, type Job } from 'nestjs-agenda-redis';
import { AgendaRedisHealth } from 'nestjs-agenda-redis/health';

@Injectable()
export class Names {
  known(name: string): string {
    return name.toUpperCase();
  }
}

@Injectable()
export class Greetings {
  constructor(private readonly names: Names) {}

  @JobHandler('greet')
  greet(job: Job<{ name: string }>): string {
    return `Hello ${this.names.known(job.data.name)}`;
  }

  @JobHandler('fail')
  fail(): never {
    throw new Error('no');
  }
}

@Module({
  imports: [
    AgendaRedisModule.forRoot({ connectionString: process.env.REDIS_URL }),
    TerminusModule.forRoot({ logger: false }),
  ],
  providers: [Names, Greetings, AgendaRedisHealth],
})
export class AppModule {}
