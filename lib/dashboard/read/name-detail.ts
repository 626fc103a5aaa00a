import type { PausedNames, StoredLimits } from '../../core/index.js';
import type { NameDetail } from '../api/index.js';
import type { DashboardInstance } from '../dashboard-instance.js';
import { ifSupported } from './if-supported.js';
import { MINUTES, MinutePoints } from './minute-points.js';
import { nameOverview } from './overview.js';
import { percentilesOf } from './percentiles.js';

/** One job name; of one that nobody has heard of yet, nothing but zeros. */
export async function readName(instance: DashboardInstance, name: string): Promise<NameDetail> {
  const { scheduler } = instance;
  const [counts, metrics, pauses, limits] = await Promise.all([
    scheduler.counts(name),
    ifSupported(() => scheduler.metrics({ names: [name], minutes: MINUTES }), {}),
    ifSupported<PausedNames>(() => scheduler.pauses(), { names: {} }),
    ifSupported<StoredLimits>(() => scheduler.limits(name).get(), {}),
  ]);
  const points = new MinutePoints(instance.now());
  // A job may be called `constructor`.
  const [figures] = Object.values(metrics);
  const pause = Object.hasOwn(pauses.names, name) ? pauses.names[name] : undefined;
  return {
    ...nameOverview(points, name, counts, figures, pause),
    throughput: points.of(Object.values(metrics)),
    limits: { handler: limits.handler ?? null, byHand: limits.byHand ?? null },
    wait: figures ? percentilesOf(figures.total.wait) : null,
    run: figures ? percentilesOf(figures.total.run) : null,
  };
}
