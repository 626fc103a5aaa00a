import { Counter, Gauge, Histogram, type Metric } from 'prom-client';
import { InvalidOptionError } from '../core/index.js';
import type { ResolvedPrometheusOptions } from './metrics-options.js';

type Labels = Record<string, string>;

/** Makes the metrics of one instance, and takes them out of the registry again. */
export class MetricFactory {
  private readonly made: string[] = [];

  constructor(private readonly options: ResolvedPrometheusOptions) {}

  counter(name: string, help: string): Counter {
    return new Counter(this.named(name, help, this.labelNames));
  }

  histogram(name: string, help: string): Histogram {
    const buckets = [...this.options.buckets];
    return new Histogram({ ...this.named(name, help, this.labelNames), buckets });
  }

  /** A gauge of each name, which is set when it is asked for. */
  gauge(name: string, help: string, collect: (gauge: Gauge) => void | Promise<void>): void {
    this.gaugeWith(this.labelNames, name, help, collect);
  }

  /** A gauge of the whole process. */
  plainGauge(name: string, help: string, collect: (gauge: Gauge) => void | Promise<void>): void {
    this.gaugeWith([], name, help, collect);
  }

  /** Those of one job name; none where names are left out. */
  labels(jobName: string): Labels {
    return this.byName ? { name: jobName } : {};
  }

  get byName(): boolean {
    return this.options.byName;
  }

  removeAll(): void {
    for (const name of this.made.splice(0)) this.options.registry.removeSingleMetric(name);
  }

  private get labelNames(): string[] {
    return this.byName ? ['name'] : [];
  }

  private gaugeWith(
    labelNames: string[],
    name: string,
    help: string,
    collect: (gauge: Gauge) => void | Promise<void>,
  ): void {
    const gauge: Gauge = new Gauge({
      ...this.named(name, help, labelNames),
      collect: () => collect(gauge),
    });
  }

  /** @throws InvalidOptionError for a name that is taken */
  private named(suffix: string, help: string, labelNames: string[]) {
    const { prefix, registry } = this.options;
    const name = `${prefix}${suffix}`;
    const taken: Metric | undefined = registry.getSingleMetric(name);
    if (taken) {
      const expected =
        `another one in this registry, which has a metric ${name} (or give each application of a process a ` +
        '`registry` of its own: `new Registry()`)';
      throw new InvalidOptionError('prefix', prefix, expected);
    }
    this.made.push(name);
    return { name, help, labelNames, registers: [registry] };
  }
}
