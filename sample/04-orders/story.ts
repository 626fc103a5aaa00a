import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';
import { JobScheduler } from 'nestjs-agenda-redis';
import { Narrator } from './narrator.js';

/** A morning in the shop, as its customers and its operators see it: by HTTP. */
@Injectable()
export class Story {
  private url = '';

  constructor(
    private readonly scheduler: JobScheduler,
    private readonly narrator: Narrator,
  ) {}

  async play(url: string): Promise<void> {
    this.url = url;
    await this.untilAllIsDone();
    await this.order('acme', { item: 'kettle', quantity: 2, email: 'ann@example.com' });
    await this.order('acme', { item: '', quantity: 'many', email: 'ann@example.com' });
    await this.order('bankrupt', { item: 'toaster', email: 'bob@example.com' });
    await this.order('acme', { item: 'toaster', email: 'nowhere' });
    await this.tellHealth();
    await this.removeDeadLetters();
    await this.tellHealth();
    await this.tellMetrics();
  }

  private async order(tenant: string, order: object): Promise<void> {
    const { narrator, scheduler, url } = this;
    const body = JSON.stringify(order);
    const { total: before } = await scheduler.total();
    narrator.tell(`POST /orders for ${tenant}: ${body}`);
    const headers = { 'content-type': 'application/json', 'x-tenant': tenant };
    const response = await fetch(`${url}/orders`, { method: 'POST', headers, body });
    const { message = [] } = (await response.json()) as { message?: string[] };
    await this.untilAllIsDone();
    const { total: after } = await scheduler.total();
    const answer = [response.status, ...message].join('; ');
    narrator.tell(`answered ${answer}; jobs added: ${after - before}`);
  }

  private async tellHealth(): Promise<void> {
    const response = await fetch(`${this.url}/health`);
    const { details } = (await response.json()) as HealthCheckResult;
    const { status, reasons = [] } = details.jobs as { status: string; reasons?: string[] };
    this.narrator.tell(`GET /health: ${[response.status, status, ...reasons].join(', ')}`);
  }

  private async tellMetrics(): Promise<void> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.match(/^agenda_redis_jobs_(completed|dead)_total\{.*$/gm) ?? [];
    for (const line of lines) this.narrator.tell(`GET /metrics: ${line}`);
  }

  /** Somebody has looked at them. */
  private async removeDeadLetters(): Promise<void> {
    const { jobs } = await this.scheduler.find({ state: 'dead' });
    for (const { id } of jobs) await this.scheduler.remove(id);
    this.narrator.tell(`operator: removed ${jobs.length} dead letters`);
  }

  private async untilAllIsDone(): Promise<void> {
    for (;;) {
      const { total, completed, dead } = await this.scheduler.total();
      if (total === completed + dead) return;
      await wait(10);
    }
  }
}
