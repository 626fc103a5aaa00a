import type { Flags } from './flags.js';
import { measure, type Measurement, variantOf } from './measurement.js';
import { interleave } from './rounds.js';
import type { BenchServer } from './server.js';
import { medianOf, type Spread, spreadOf } from './statistics.js';

/** How fast one measurement was, over all rounds. */
export interface Speed extends Measurement {
  readonly variant: string;
  readonly perSecond: Spread;
  /** CPU ms per 1,000 jobs. */
  readonly nodeCpu: number;
  readonly redisCpu: number;
}

/** In the order of the measurements. */
export async function speedsOf(
  server: BenchServer,
  measurements: readonly Measurement[],
  flags: Flags,
): Promise<Speed[]> {
  const results = await interleave(measurements, flags.rounds, (one) =>
    measure(server, one, flags),
  );
  return [...results].map(([one, costs]) => {
    const perThousand = (ms: readonly number[]) => (medianOf(ms) / one.jobs) * 1_000;
    return {
      ...one,
      variant: variantOf(one),
      perSecond: spreadOf(costs.map(({ ms }) => (one.jobs / ms) * 1_000)),
      nodeCpu: perThousand(costs.map(({ nodeMs }) => nodeMs)),
      redisCpu: perThousand(costs.map(({ redisMs }) => redisMs)),
    };
  });
}
