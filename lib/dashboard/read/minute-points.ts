import type { MinuteMetrics, NameMetrics, TimeFigures } from '../../core/index.js';
import type { MinutePoint } from '../api/index.js';

export const MINUTES = 60;
const MINUTE_MS = 60_000;

/** The last 60 minutes, the present one included; those without anything, too. */
export class MinutePoints {
  private readonly first: number;

  /** @param now - by the store's clock, in ms */
  constructor(now: number) {
    this.first = Math.floor(now / MINUTE_MS) - MINUTES + 1;
  }

  /** What was counted of one name, or of all together, in each minute, oldest first. */
  of(metrics: readonly NameMetrics[]): MinutePoint[] {
    const minutes = this.sorted(metrics);
    return minutes.map((figures, i) => ({
      at: new Date((this.first + i) * MINUTE_MS).toISOString(),
      enqueued: sum(figures, ({ enqueued }) => enqueued),
      completed: sum(figures, ({ completed }) => completed),
      failed: sum(figures, ({ failed }) => failed),
      dead: sum(figures, ({ dead }) => dead),
      ...named(
        'wait',
        figures.map(({ wait }) => wait),
      ),
      ...named(
        'run',
        figures.map(({ run }) => run),
      ),
    }));
  }

  /** One number of each minute, oldest first. */
  numbers(metrics: NameMetrics | undefined, of: 'completed' | 'failed'): number[] {
    return this.sorted(metrics ? [metrics] : []).map((figures) => sum(figures, (one) => one[of]));
  }

  private sorted(metrics: readonly NameMetrics[]): MinuteMetrics[][] {
    const minutes: MinuteMetrics[][] = Array.from({ length: MINUTES }, () => []);
    for (const minute of metrics.flatMap((one) => one.minutes)) {
      minutes[Math.floor(minute.at.getTime() / MINUTE_MS) - this.first]?.push(minute);
    }
    return minutes;
  }
}

function named<Of extends 'wait' | 'run'>(of: Of, times: readonly TimeFigures[]) {
  const count = sum(times, (one) => one.count);
  const mean = count === 0 ? null : sum(times, ({ sumMs }) => sumMs) / count;
  const max = count === 0 ? null : Math.max(...times.map(({ maxMs }) => maxMs));
  return { [`${of}MeanMs`]: mean, [`${of}MaxMs`]: max } as Record<
    `${Of}MeanMs` | `${Of}MaxMs`,
    number | null
  >;
}

const sum = <T>(parts: readonly T[], of: (part: T) => number): number =>
  parts.reduce((total, part) => total + of(part), 0);
