import type { NameLimits, RateLimit } from '../contracts/job-broker.js';
import type { JobManager } from '../contracts/job-manager.js';
import { InvalidOptionError } from '../errors.js';
import { checkText } from '../job/job-id.js';
import { checkKnownKeys } from '../options/known-keys.js';
import {
  completeLimits,
  LIMIT_KEYS,
  type LimitOptions,
  type RateLimitOptions,
  readLimits,
} from '../options/limits.js';

/** The limits of a name as they stand in the store. */
export interface StoredLimits {
  /** What its handler says. */
  readonly handler?: LimitOptions;
  /** What was set at run time: of these, each wins over the handler's. */
  readonly byHand?: LimitOptions;
}

/** Limits of one name over all processes, changed while they run: see `JobScheduler.limits`. */
export class LimitsOfName {
  /** @internal @throws InvalidJobError for the name */
  constructor(
    private readonly manager: JobManager,
    private readonly name: string,
  ) {
    checkText('name', name);
  }

  /**
   * Sets limits, in place of those that were set before. They win over the handler's, one by one (the three of keys
   * together as one), from now on and until they are removed, also over restarts. Jobs that run go on; what waits is
   * held back, or let go, at once. Starts count from now on.
   *
   * @throws InvalidOptionError
   */
  async set(limits: LimitOptions): Promise<void> {
    checkKnownKeys('limits', limits, LIMIT_KEYS);
    const complete = completeLimits('limits', readLimits('limits', limits));
    if (!complete)
      throw new InvalidOptionError('limits', limits, 'one limit or more, or `remove()`');
    await this.manager.setLimits(this.name, complete);
  }

  /** What there is of limits. */
  async get(): Promise<StoredLimits> {
    return (await storedLimits(this.manager)).get(this.name) ?? {};
  }

  /** Takes back what was set: the handler's limits hold again. */
  async remove(): Promise<void> {
    await this.manager.setLimits(this.name, null);
  }
}

/** Of all names that have limits. */
export async function storedLimits(manager: JobManager): Promise<Map<string, StoredLimits>> {
  const limits = await manager.limits();
  return new Map(
    [...limits].map(([name, { handler, byHand }]) => [
      name,
      { ...(handler && { handler: shown(handler) }), ...(byHand && { byHand: shown(byHand) }) },
    ]),
  );
}

/** In the words of the options. */
function shown({ concurrency, rate, key, maxQueued }: NameLimits): LimitOptions {
  return {
    ...(concurrency !== undefined && { globalConcurrency: concurrency }),
    ...(rate && { rateLimit: shownRate(rate) }),
    ...(key?.concurrency !== undefined && { keyConcurrency: key.concurrency }),
    ...(key?.order && { keyOrder: key.order }),
    ...(key?.rate && { keyRateLimit: shownRate(key.rate) }),
    ...(maxQueued !== undefined && { maxQueued }),
  };
}

const shownRate = ({ max, perMs, spread }: RateLimit): RateLimitOptions => ({
  max,
  per: perMs,
  ...(spread !== undefined && { spread }),
});
