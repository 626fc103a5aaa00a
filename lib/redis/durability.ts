import { durationOption, type Duration } from '../core/duration.js';
import { optionsObject, wholeNumber } from '../core/options/checks.js';
import { checkKnownKeys } from '../core/options/known-keys.js';

/** How many replicas must have a write before its caller is answered. */
export interface DurabilityOptions {
  /** At least 1, and no more than there are: of three, ask for one or two. On Cluster: of each master. */
  replicas: number;
  /**
   * How long they may take: 10 seconds at most, and it should be less than a third of the `lease`, which is
   * not checked. A call that comes while earlier writes are being confirmed waits for these first.
   */
  timeout: Duration;
}

export interface ResolvedDurability {
  readonly replicas: number;
  readonly timeoutMs: number;
}

/** @throws InvalidOptionError */
export function readDurability(
  value: DurabilityOptions | undefined,
): ResolvedDurability | undefined {
  if (value === undefined) return undefined;
  optionsObject('durability', value);
  checkKnownKeys('durability', value, ['replicas', 'timeout']);
  const max = 10_000;
  return {
    replicas: wholeNumber('durability.replicas', value.replicas, 1),
    // 0 would be for ever.
    timeoutMs: Math.ceil(durationOption('durability.timeout', value.timeout, { min: 1, max })),
  };
}
