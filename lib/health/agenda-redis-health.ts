import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { InvalidOptionError, JobScheduler, WorkerHost } from '../core/index.js';
import { getInstanceToken } from '../nest/tokens.js';
import { askStore, storeAnswers, type StoreFigures } from './ask-store.js';
import {
  readLimits,
  readReadinessOptions,
  type HealthLimits,
  type ReadinessOptions,
  type ResolvedLimits,
} from './health-options.js';
import {
  reasonsOf,
  workerFigures,
  type HealthFigures,
  type HealthIndication,
  type Readiness,
  type WorkerFigures,
} from './health-report.js';

/**
 * Tells whether this process and its jobs are well: an indicator for `@nestjs/terminus`, and of use
 * without it. A provider like any other; it needs `AgendaRedisModule` and nothing else.
 *
 * Three questions, for three probes. `isAlive`: should the process be restarted? A store that is away is no
 * reason: it comes back, and restarting does not help. `isReady`: should it get work? No while it starts,
 * drains, or cannot reach its store. `isHealthy`: should a person look? For monitors, with limits.
 *
 * @example
 * @Get('ready')
 * @HealthCheck()
 * ready() {
 *   return this.health.check([() => this.agenda.isReady('jobs')]);
 * }
 */
@Injectable()
export class AgendaRedisHealth {
  constructor(private readonly modules: ModuleRef) {}

  /**
   * Up when the store answers in time, the worker runs (unless the process only adds jobs), and no limit is
   * passed; the figures stand in the answer either way. Costs the store O(1) for each name.
   *
   * @throws InvalidOptionError also for an instance that does not exist
   * @throws UnsupportedOperationError when `maxLatency` is given and the backend cannot tell latencies
   */
  async isHealthy<const Key extends string>(
    key: Key,
    limits: HealthLimits = {},
  ): Promise<HealthIndication<Key, HealthFigures>> {
    const resolved = readLimits(limits);
    const { scheduler, workerHost } = this.instance(resolved.instance);
    const found = await askStore(scheduler, resolved);
    const status = workerHost.status();
    const reasons = [
      ...(found ? judged(found, resolved) : [noAnswer(resolved.timeoutMs)]),
      ...reasonsOf(status),
    ];
    return indication(key, { ...workerFigures(status), ...found }, reasons);
  }

  /**
   * As {@link readiness}, for Terminus.
   *
   * @throws InvalidOptionError also for an instance that does not exist
   */
  async isReady<const Key extends string>(
    key: Key,
    options: ReadinessOptions = {},
  ): Promise<HealthIndication<Key, WorkerFigures & { reasons?: string[] }>> {
    const { reasons } = await this.readiness(options);
    const { workerHost } = this.instance(options.instance);
    return indication(key, workerFigures(workerHost.status()), [...reasons]);
  }

  /**
   * Up whenever this process can answer; asks nobody.
   *
   * @throws InvalidOptionError also for an instance that does not exist
   */
  isAlive<const Key extends string>(
    key: Key,
    options: Pick<ReadinessOptions, 'instance'> = {},
  ): HealthIndication<Key, WorkerFigures> {
    const { instance } = readReadinessOptions(options);
    return indication(key, workerFigures(this.instance(instance).workerHost.status()), []);
  }

  /**
   * Whether this process should get work: its worker takes jobs, which a worker knows without asking; a process
   * that only adds jobs asks its store.
   *
   * @throws InvalidOptionError also for an instance that does not exist
   */
  async readiness(options: ReadinessOptions = {}): Promise<Readiness> {
    const { instance, timeoutMs } = readReadinessOptions(options);
    const { scheduler, workerHost } = this.instance(instance);
    const status = workerHost.status();
    const reasons = reasonsOf(status);
    if (status.onlyAdds && !(await storeAnswers(scheduler, timeoutMs))) {
      reasons.push(noAnswer(timeoutMs));
    }
    return { ready: reasons.length === 0, reasons };
  }

  private instance(name?: string): { scheduler: JobScheduler; workerHost: WorkerHost } {
    const member = <T>(type: Parameters<typeof getInstanceToken<T>>[0]): T => {
      try {
        return this.modules.get<T, T>(getInstanceToken(type, name), { strict: false });
      } catch (cause) {
        const expected = 'that of an AgendaRedisModule of this application';
        throw new InvalidOptionError('instance', name, expected, { cause });
      }
    };
    return { scheduler: member(JobScheduler), workerHost: member(WorkerHost) };
  }
}

function judged(
  { latencyMs, latestName, deadLetters }: StoreFigures,
  { maxLatencyMs = Infinity, maxDeadLetters = Infinity }: ResolvedLimits,
): string[] {
  const reasons: string[] = [];
  if (latencyMs !== undefined && latencyMs > maxLatencyMs) {
    reasons.push(
      `A job "${latestName}" has been waiting for ${latencyMs} ms, more than ${maxLatencyMs} ms.`,
    );
  }
  if (deadLetters > maxDeadLetters) {
    reasons.push(`There are ${deadLetters} dead letters, more than ${maxDeadLetters}.`);
  }
  return reasons;
}

const noAnswer = (ms: number): string => `The store gave no answer within ${ms} ms.`;

function indication<Key extends string, Figures extends object>(
  key: Key,
  figures: Figures,
  reasons: string[],
): HealthIndication<Key, Figures & { reasons?: string[] }> {
  const told = Object.entries(figures).filter(([, value]) => value !== undefined);
  const status = reasons.length === 0 ? 'up' : 'down';
  const why = reasons.length === 0 ? {} : { reasons };
  return { [key]: { status, ...Object.fromEntries(told), ...why } } as HealthIndication<
    Key,
    Figures
  >;
}
