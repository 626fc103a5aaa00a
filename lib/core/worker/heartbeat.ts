import { BEAT_MS, type HostBeat } from '../contracts/host-registry.js';
import type { JobBroker } from '../contracts/job-broker.js';
import { errorOf } from '../job/thrown.js';
import { Timer } from './timer.js';

/*
 * Tells the store that this host is there, and what it does: at its start, and every BEAT_MS from then on, one call
 * each time. Nothing depends on it but the list of hosts: leases tell whose jobs are lost.
 */

export interface HeartbeatHooks {
  broker(): JobBroker;
  /** What there is to tell. */
  told(): HostBeat;
  failed(error: Error): void;
  recovered(): void;
}

export class Heartbeat {
  private readonly timer = new Timer(() => this.beat());
  private isOn = false;
  private lastBeat: Promise<void> = Promise.resolve();

  constructor(private readonly hooks: HeartbeatHooks) {}

  /** Where no list of hosts is kept it does nothing. */
  start(): void {
    if (!this.hooks.broker().beat) return;
    this.isOn = true;
    this.beat();
  }

  /** Says nothing more: the host is listed for a while longer. */
  stop(): void {
    this.isOn = false;
    this.timer.stop();
  }

  /** Takes the host off the list. Never rejects. */
  async leave(): Promise<void> {
    if (!this.isOn) return;
    this.stop();
    // One that is under way must not come after the leave.
    await this.lastBeat;
    await this.tell(() => this.hooks.broker().leave?.(this.hooks.told().host));
  }

  private beat(): void {
    this.lastBeat = this.tell(() => this.hooks.broker().beat?.(this.hooks.told())).then(() => {
      if (this.isOn) this.timer.startIn(BEAT_MS);
    });
  }

  private async tell(act: () => Promise<void> | undefined): Promise<void> {
    try {
      await act();
      this.hooks.recovered();
    } catch (thrown) {
      this.hooks.failed(errorOf(thrown));
    }
  }
}
