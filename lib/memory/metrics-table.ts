import {
  MAXIMA,
  METRICS_KEPT_MINUTES,
  type MetricsBatch,
  type MetricsRow,
} from '../core/contracts/metrics-store.js';

const MINUTE_MS = 60_000;

/** The metrics of names by minute, in a map. */
export class MetricsTable {
  private readonly minutes = new Map<number, Map<string, readonly number[]>>();
  private readonly lastBatches = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  add({ writer, number, rows }: MetricsBatch): void {
    if ((this.lastBatches.get(writer) ?? 0) >= number) return;
    this.lastBatches.set(writer, number);
    this.forgetBefore(this.present - METRICS_KEPT_MINUTES + 1);
    for (const row of rows) if (row.minute > this.present - METRICS_KEPT_MINUTES) this.addRow(row);
  }

  /** The names that were counted, and those of the jobs. */
  names(jobs: readonly { readonly name: string }[]): Set<string> {
    const names = new Set(jobs.map(({ name }) => name));
    for (const byName of this.minutes.values()) for (const name of byName.keys()) names.add(name);
    return names;
  }

  /** The rows of the newest minutes, of names that are meant. */
  read(names: ReadonlySet<string>, minutes: number): MetricsRow[] {
    return [...this.minutes]
      .filter(([minute]) => minute > this.present - minutes && minute <= this.present)
      .sort(([one], [other]) => one - other)
      .flatMap(([minute, byName]) =>
        [...byName]
          .filter(([name]) => names.has(name))
          .map(([name, numbers]) => ({ minute, name, numbers })),
      );
  }

  private get present(): number {
    return Math.floor(this.now() / MINUTE_MS);
  }

  private addRow({ minute, name, numbers }: MetricsRow): void {
    let byName = this.minutes.get(minute);
    if (!byName) this.minutes.set(minute, (byName = new Map()));
    const before = byName.get(name) ?? [];
    const sum = numbers.map((number, i) => {
      const other = before[i] ?? 0;
      return i < MAXIMA ? Math.max(other, number) : other + number;
    });
    byName.set(name, sum);
  }

  private forgetBefore(first: number): void {
    for (const minute of this.minutes.keys()) if (minute < first) this.minutes.delete(minute);
  }
}
