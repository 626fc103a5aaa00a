import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { JobScheduler, WorkerHost } from '../core/index.js';
import { checkKnownKeys } from '../core/options/known-keys.js';
import { checkInstance } from '../nest/agenda-redis.options.js';
import { DEFAULT_INSTANCE, getInstanceToken } from '../nest/tokens.js';
import { AgendaMetrics } from './agenda-metrics.js';
import { DEFAULT_PREFIX, PROMETHEUS_KEYS, type PrometheusOptions } from './metrics-options.js';

export interface AgendaRedisMetricsOptions extends PrometheusOptions {
  /** The instance of `AgendaRedisModule` that is meant, which must be global. @default 'default' */
  instance?: string;
  /** What the name of each metric begins with. @default 'agenda_redis_', or 'agenda_redis_<instance>_' */
  prefix?: string;
}

/**
 * Registers the metrics of an instance with prom-client for as long as the application runs. Import it once for
 * each instance; a controller of the application serves the registry.
 *
 * @example
 * imports: [AgendaRedisModule.forRoot({ … }), AgendaRedisMetricsModule.forRoot()]
 */
@Module({})
export class AgendaRedisMetricsModule implements OnApplicationShutdown {
  constructor(@Inject(AgendaMetrics) private readonly metrics: AgendaMetrics) {}

  /** @throws InvalidOptionError for what is no option; for a wrong value while the application is created */
  static forRoot(options: AgendaRedisMetricsOptions = {}): DynamicModule {
    checkKnownKeys('options', options, ['instance', ...PROMETHEUS_KEYS]);
    const { instance = DEFAULT_INSTANCE, ...prometheus } = options;
    checkInstance(instance);
    return {
      module: AgendaRedisMetricsModule,
      providers: [
        {
          provide: AgendaMetrics,
          useFactory: (scheduler: JobScheduler, workerHost: WorkerHost) =>
            new AgendaMetrics({ prefix: prefixOf(instance), ...prometheus, scheduler, workerHost }),
          inject: [
            getInstanceToken(JobScheduler, instance),
            getInstanceToken(WorkerHost, instance),
          ],
        },
      ],
    };
  }

  onApplicationShutdown(): void {
    this.metrics.close();
  }
}

const prefixOf = (instance: string): string =>
  instance === DEFAULT_INSTANCE
    ? DEFAULT_PREFIX
    : `${DEFAULT_PREFIX}${instance.replace(/\W/g, '_')}_`;
