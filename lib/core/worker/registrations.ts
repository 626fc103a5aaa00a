import { type JobBroker, MAX_BATCH, type NameSettings } from '../contracts/job-broker.js';
import type { Handler } from '../handlers/handler-registry.js';
import { errorOf } from '../job/thrown.js';
import { completeLimits } from '../options/limits.js';
import { completeRetention, mergeRetention, type RetentionLayer } from '../options/retention.js';
import { Timer } from './timer.js';

/*
 * Tells the store the settings of each name that has a handler here. A start that cannot do so fails;
 * a handler defined after the start is told when the store can hear of it.
 */

export interface RegistrationsHooks {
  broker(): JobBroker;
  failed(error: Error): void;
  recovered(): void;
}

export class Registrations {
  /** Handlers defined after the start of which the store could not be told. */
  private readonly untold = new Set<Handler>();
  private isOver = false;
  private readonly again = new Timer(() => void this.repeat());

  /** @param retryMs - how long it waits after a failure */
  constructor(
    private readonly retryMs: number,
    private readonly hooks: RegistrationsHooks,
  ) {}

  /** @throws ConnectionError and whatever else the store fails with */
  async tellAll(handlers: readonly Handler[]): Promise<void> {
    this.isOver = false;
    for (let from = 0; from < handlers.length; from += MAX_BATCH) {
      await this.tell(handlers.slice(from, from + MAX_BATCH));
    }
  }

  /** What fails is told again after a while. At most {@link MAX_BATCH}. Never rejects. */
  async add(handlers: readonly Handler[]): Promise<void> {
    if (handlers.length === 0) return;
    for (const handler of handlers) this.untold.delete(handler);
    try {
      await this.tell(handlers);
      this.hooks.recovered();
    } catch (thrown) {
      for (const handler of handlers) this.untold.add(handler);
      if (!this.isOver) this.again.startWithin(this.retryMs);
      this.hooks.failed(errorOf(thrown));
    }
  }

  /** Tries no more: a start tells all of them anyway. */
  stop(): void {
    this.isOver = true;
    this.again.stop();
    this.untold.clear();
  }

  private async repeat(): Promise<void> {
    await this.add([...this.untold].slice(0, MAX_BATCH));
    if (this.untold.size > 0) this.again.startWithin(this.retryMs);
  }

  private async tell(handlers: readonly Handler[]): Promise<void> {
    await this.hooks.broker().register(handlers.map(settingsOf));
  }
}

const NONE_DEAD: RetentionLayer = { failed: { ageMs: null, count: 0 } };

function settingsOf({ name, plan }: Handler): NameSettings {
  // Of a dead letter that no host of its name has settled the janitor takes care.
  const said = plan.removeOnFail ? mergeRetention(plan.retention, NONE_DEAD) : plan.retention;
  const retention = completeRetention(said);
  const limits = completeLimits(name, plan.limits);
  const { maxRescues } = plan;
  return { name, maxRescues, ...(retention && { retention }), ...(limits && { limits }) };
}
