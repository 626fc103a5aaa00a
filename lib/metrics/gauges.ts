import type { Gauge } from 'prom-client';
import type { StateCounts, WorkerHost } from '../core/index.js';
import type { MetricFactory } from './metric-factory.js';
import type { ScrapedStore } from './scraped-store.js';

/** What this process does; known without asking. */
export function workerGauges(make: MetricFactory, workerHost: WorkerHost): void {
  make.plainGauge('worker_ready', 'Whether this process takes jobs.', (gauge) => {
    gauge.set(workerHost.status().ready ? 1 : 0);
  });
  make.plainGauge('worker_free_slots', 'How many more jobs this process could run.', (gauge) => {
    const { onlyAdds, running, slots } = workerHost.status();
    gauge.set(onlyAdds ? 0 : Math.max(slots - running, 0));
  });
  make.gauge('worker_running_jobs', 'Jobs that run in this process.', (gauge) => {
    const { names } = workerHost.status();
    tell(make, gauge, new Map(names.map(({ name, running }) => [name, running])), sum);
  });
}

/** What is in the store, of all processes: each of them tells the same. */
export function storeGauges(make: MetricFactory, store: ScrapedStore): void {
  make.plainGauge('up', 'Whether the store answered this scrape.', async (gauge) => {
    gauge.set((await store.read()) ? 1 : 0);
  });
  const ofState = (state: keyof StateCounts, name: string, help: string): void =>
    make.gauge(name, help, async (gauge) => {
      const counts = Object.entries((await store.read())?.counts ?? {});
      tell(make, gauge, new Map(counts.map(([of, count]) => [of, count[state]])), sum);
    });
  ofState('running', 'jobs_running', 'Jobs that run in any process: the leases.');
  ofState('queued', 'jobs_queued', 'Jobs that are due and wait for a worker.');
  ofState('scheduled', 'jobs_scheduled', 'Jobs that wait for their time.');
  ofState('dead', 'dead_letters', 'Dead letters.');
  const help = 'For how long the oldest due job has been waiting.';
  make.gauge('queue_latency_seconds', help, async (gauge) => {
    const latencies = [...((await store.read())?.latencies ?? [])];
    const seconds = new Map(latencies.map(([name, ms]) => [name, ms / 1_000]));
    tell(make, gauge, seconds, (values) => Math.max(...values));
  });
}

/** Tells these values and no others: names that are gone, or not known for now, are not told at all. */
function tell(
  make: MetricFactory,
  gauge: Gauge,
  values: ReadonlyMap<string, number>,
  together: (values: Iterable<number>) => number,
): void {
  gauge.reset();
  if (make.byName) for (const [name, value] of values) gauge.set({ name }, value);
  else if (values.size > 0) gauge.set(together(values.values()));
  else gauge.remove();
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
