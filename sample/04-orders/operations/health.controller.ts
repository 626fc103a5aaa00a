import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { AgendaRedisHealth } from 'nestjs-agenda-redis/health';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly agenda: AgendaRedisHealth,
  ) {}

  /** 503 as soon as somebody has to look at something. */
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    const limits = { maxDeadLetters: 0, maxLatency: '1 minute' };
    return this.health.check([() => this.agenda.isHealthy('jobs', limits)]);
  }
}
