import type { JobBroker } from '../contracts/job-broker.js';
import type { Attempt } from './attempt.js';
import { LeaseKeeper, type LeaseKeeperHooks } from './lease-keeper.js';
import { Reports, type ReportsHooks } from './reports.js';
import { Settler, type SettlerHooks } from './settler.js';

/*
 * What attempts of one partition exchange with the store: the leases they hold, what their handlers tell, and how
 * they ended. Each partition has a desk of its own, so that one that is away, or hangs, holds up no other.
 */

export interface DeskHooks extends SettlerHooks, Pick<LeaseKeeperHooks, 'lost'> {
  /** The store knows what the handler has told. */
  told: ReportsHooks['told'];
  report(error: Error): void;
  /** How renewals end. */
  failed(error: Error): void;
  recovered(): void;
}

export class Desk {
  readonly leases: LeaseKeeper;
  readonly reports: Reports;
  readonly outbox: Settler;

  constructor(leaseMs: number, broker: () => JobBroker, hooks: DeskHooks) {
    this.outbox = new Settler(hooks);
    this.leases = new LeaseKeeper(leaseMs, {
      renew: (leases, forMs) => broker().renew(leases, forMs, { afterExpiry: true }),
      lost: (attempt, lost) => hooks.lost(attempt, lost),
      failed: (error) => hooks.failed(error),
      recovered: () => hooks.recovered(),
    });
    this.reports = new Reports({
      tell: async (reports) => void (await this.leases.tell(reports)),
      told: (told) => hooks.told(told),
      report: (error) => hooks.report(error),
      failed: (error) => hooks.failed(error),
      recovered: () => hooks.recovered(),
    });
  }

  /** The attempts whose leases are held: those that run, and those whose end is not stored yet. */
  held(): ReadonlySet<Attempt> {
    return this.leases.attempts();
  }

  /** Ends that the store has not answered for. */
  get unsettled(): number {
    return this.outbox.unanswered + this.reports.held;
  }

  /** Renews no lease any more. What is not settled stays. */
  leave(): void {
    this.leases.stop();
    this.reports.stop();
  }
}
