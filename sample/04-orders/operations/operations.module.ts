import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AgendaRedisHealth } from 'nestjs-agenda-redis/health';
import { AgendaRedisMetricsModule } from 'nestjs-agenda-redis/metrics';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';

@Module({
  imports: [TerminusModule, AgendaRedisMetricsModule.forRoot()],
  controllers: [HealthController, MetricsController],
  providers: [AgendaRedisHealth],
})
export class OperationsModule {}
