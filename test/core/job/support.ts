import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { makeBench, type TestBench } from '../engine/support.js';

/** Wednesday 2026-03-04, 10:00 in UTC. */
export const NOW = Date.UTC(2026, 2, 4, 10);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface Still extends TestBench {
  readonly clock: ManualClock;
}

/** An engine whose time stands still until it is moved. */
export async function standStill(options: EngineOptions = {}): Promise<Still> {
  const clock = new ManualClock(NOW);
  const bench = await makeBench(options, new MemoryBackend({ clock }));
  return { ...bench, clock };
}
