import {
  type CallHandler,
  Injectable,
  Module,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HandlerRegistry, type Job, JobScheduler } from '../../../lib/core/index.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { AgendaRedisModule, JobData, JobHandler } from '../../../lib/nest/index.js';
import type { Flags } from '../flags.js';
import type { BenchServer } from '../server.js';
import { interleave } from '../rounds.js';
import { medianOf, spreadOf } from '../statistics.js';
import { decimals, table, whole } from '../table.js';

/*
 * What Nest costs: the call of a handler alone, with no store and no worker host. Each case is a handler that does
 * nothing, called again and again with one job, each call awaited; beside it a plain function given to the registry.
 */

interface Case {
  readonly label: string;
  /** The job name. */
  readonly name: string;
}

const BARE: Case = { label: 'a bare function', name: 'bare' };
const CASES: readonly Case[] = [
  BARE,
  { label: 'a method', name: 'method' },
  { label: '@JobData()', name: 'data' },
  { label: 'a guard', name: 'guard' },
  { label: 'an interceptor', name: 'interceptor' },
  { label: 'a filter', name: 'filter' },
  { label: 'guard, interceptor, pipe, filter', name: 'stack' },
];

export interface NestCost {
  readonly label: string;
  /** Per call; medians over the rounds. */
  readonly ns: number;
  /** Over the bare function of the same round. */
  readonly overNs: number;
  readonly overMinNs: number;
  readonly overMaxNs: number;
}

const guard = { canActivate: () => true };
const interceptor = { intercept: (_: unknown, next: CallHandler) => next.handle() };
const pipe = { transform: (value: unknown) => value };
const filter = { catch: () => undefined };

@Injectable()
class Jobs {
  @JobHandler('method')
  async method(_job: Job): Promise<void> {}

  @JobHandler('data')
  async data(@JobData() _data: unknown): Promise<void> {}

  @JobHandler('guard')
  @UseGuards(guard)
  async guard(_job: Job): Promise<void> {}

  @JobHandler('interceptor')
  @UseInterceptors(interceptor)
  async interceptor(_job: Job): Promise<void> {}

  @JobHandler('filter')
  @UseFilters(filter)
  async filter(_job: Job): Promise<void> {}

  @JobHandler('stack')
  @UseGuards(guard)
  @UseInterceptors(interceptor)
  @UsePipes(pipe)
  @UseFilters(filter)
  async stack(@JobData() _data: unknown, _job: Job): Promise<void> {}
}

@Module({
  imports: [AgendaRedisModule.forRoot({ backend: new MemoryBackend(), worker: false })],
  providers: [Jobs],
})
class BenchModule {}

export async function nestCost(_server: BenchServer, flags: Flags): Promise<NestCost[]> {
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
  try {
    const registry = app.get(HandlerRegistry);
    registry.define(BARE.name, async () => {});
    const job = await app.get(JobScheduler).now('method', { text: 'x'.repeat(flags.payloadBytes) });
    const results = await interleave(CASES, flags.rounds, ({ name }) => {
      const { run } = registry.get(name)!;
      return nsPerCall(() => run(job), flags.jobs);
    });
    const bare = results.get(BARE)!;
    return [...results].map(([{ label }, rounds]) => {
      const over = spreadOf(rounds.map((ns, round) => ns - bare[round]!));
      const { median: overNs, min: overMinNs, max: overMaxNs } = over;
      return { label, ns: medianOf(rounds), overNs, overMinNs, overMaxNs };
    });
  } finally {
    await app.close();
  }
}

export function showNestCost(rows: readonly NestCost[]): string {
  const head = ['per call', 'ns', 'over the bare function, µs', 'from', 'to'];
  const micros = (ns: number) => decimals(ns / 1_000, 2);
  const lines = rows.map(({ label, ns, overNs, overMinNs, overMaxNs }) => [
    label,
    whole(ns),
    micros(overNs),
    micros(overMinNs),
    micros(overMaxNs),
  ]);
  return `${table(head, lines)}\n`;
}

async function nsPerCall(call: () => unknown, calls: number): Promise<number> {
  const started = process.hrtime.bigint();
  for (let done = 0; done < calls; done++) await call();
  return Number(process.hrtime.bigint() - started) / calls;
}
