import type { JobScheduler, WorkerHost } from '../core/index.js';
import { checkKnownKeys } from '../core/options/known-keys.js';
import { storeGauges, workerGauges } from './gauges.js';
import { JobMetrics } from './job-metrics.js';
import { MetricFactory } from './metric-factory.js';
import {
  PROMETHEUS_KEYS,
  resolvePrometheusOptions,
  type PrometheusOptions,
} from './metrics-options.js';
import { ScrapedStore } from './scraped-store.js';

/** What metrics are made of. */
export interface AgendaMetricsSources extends PrometheusOptions {
  scheduler: JobScheduler;
  workerHost: WorkerHost;
}

/**
 * The metrics of one instance, in a registry of prom-client, from now on until it is closed. Counters and
 * histograms tell what happened in this process; gauges of jobs tell what is in the store, read once for a
 * scrape. Serving the registry over HTTP is the application's part.
 *
 * @example
 * const metrics = new AgendaMetrics({ scheduler: engine.scheduler, workerHost: engine.workerHost });
 */
export class AgendaMetrics {
  private readonly factory: MetricFactory;
  private readonly jobs: JobMetrics;

  /** @throws InvalidOptionError also for a prefix that the registry has metrics of */
  constructor(sources: AgendaMetricsSources) {
    checkKnownKeys('options', sources, ['scheduler', 'workerHost', ...PROMETHEUS_KEYS]);
    const { scheduler, workerHost, ...options } = sources;
    this.factory = new MetricFactory(resolvePrometheusOptions(options));
    try {
      this.jobs = new JobMetrics(scheduler, this.factory);
      workerGauges(this.factory, workerHost);
      storeGauges(this.factory, new ScrapedStore(scheduler));
    } catch (error) {
      this.factory.removeAll();
      throw error;
    }
  }

  /** Takes the metrics out of the registry. Twice is once. */
  close(): void {
    this.jobs.close();
    this.factory.removeAll();
  }
}
