import { countTime, emptyRow, PLACE } from '../../../lib/core/metrics/figures.js';
import type { MetricsRow } from '../../../lib/core/contracts/metrics-store.js';
import { Random } from '../../support/random.js';
import type { DashboardApp } from '../browser/support/dashboard-app.js';

/** How many jobs a minute, how long they take at about, and how many of a hundred fail. */
interface Traffic {
  readonly perMinute: number;
  readonly runMs: number;
  readonly waitMs: number;
  readonly failing: number;
}

const TRAFFIC: Readonly<Record<string, Traffic>> = {
  'send-mail': { perMinute: 140, runMs: 60, waitMs: 8, failing: 1 },
  'charge-card': { perMinute: 45, runMs: 320, waitMs: 25, failing: 6 },
  'render-video': { perMinute: 4, runMs: 21_000, waitMs: 1_400, failing: 2 },
  'import-orders': { perMinute: 12, runMs: 900, waitMs: 90, failing: 0 },
};

/** As if the application had been at work for an hour. */
export async function addPastHour({ manager }: DashboardApp): Promise<void> {
  const random = new Random(9);
  const present = Math.floor(Date.now() / 60_000);
  for (const [number, [name, traffic]] of Object.entries(TRAFFIC).entries()) {
    const rows = Array.from({ length: 60 }, (_, ago) => ({
      name,
      minute: present - 60 + ago,
      numbers: rowOf(traffic, ago, random),
    })) satisfies MetricsRow[];
    await manager.addMetrics({ writer: 'past-hour', number: number + 1, rows });
  }
}

function rowOf(traffic: Traffic, minute: number, random: Random): number[] {
  const row = emptyRow();
  // More in the middle of the hour, and a bad five minutes.
  const tide = 0.7 + 0.5 * Math.sin((minute / 60) * Math.PI * 2 - 1);
  const isBad = minute >= 38 && minute < 43;
  const count = Math.round(traffic.perMinute * tide * (0.8 + random.next() * 0.4));
  const failing = isBad && traffic.failing > 0 ? 30 : traffic.failing;
  for (let n = 0; n < count; n++) {
    const spread = 0.5 + random.next() ** 3 * 3;
    countTime(row, 'wait', traffic.waitMs * spread * (isBad ? 6 : 1));
    countTime(row, 'run', traffic.runMs * spread);
    const fails = random.happens(failing / 100);
    row[fails ? PLACE.failed : PLACE.completed]! += 1;
    row[PLACE.started]! += 1;
    row[PLACE.enqueued]! += 1;
  }
  return row;
}
