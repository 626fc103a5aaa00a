import type { JobParameters, StoredRow } from '../core/contracts/job-parameters.js';
import { instantArgument, rowInstant } from '../core/job/instant.js';
import { randomToken } from '../core/job/job-id.js';
import { stateWriteOf } from '../core/job/row-history.js';
import { leasedRow, rowLeaseOf } from '../core/job/row-lease.js';
import { HeldRows, type HeldRow } from '../core/rows/held-rows.js';
import { hostId } from '../core/worker/host-id.js';
import { hasExpired } from './expire.js';
import type { MemoryStore } from './memory-store.js';
import { renewLease } from './renew.js';
import { handOut, RowClaim, type RowHolder } from './row-claim.js';
import { releaseRow, writeRowState } from './row-states.js';
import type { StoredJob } from './stored-job.js';

/** The rows that one repository hands out, from the claim to the last write. */
export class RowHandout {
  private readonly host = hostId('');
  private readonly held: HeldRows;

  constructor(
    private readonly store: MemoryStore,
    private readonly leaseMs: number,
  ) {
    this.held = new HeldRows(leaseMs, async (rows) => this.renew(rows));
  }

  next(
    name: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now: Date = new Date(),
  ): StoredRow | undefined {
    const callersNow = instantArgument('now', now);
    // Both are instants of the caller's clock: to the store only their distance says something.
    const aheadMs = instantArgument('nextScanAt', nextScanAt) - callersNow;
    const silentMs = callersNow - instantArgument('lockDeadline', lockDeadline);
    const request = { name, aheadMs, silentMs };
    const job = new RowClaim(this.store, request, this.newHolder()).run();
    return job && this.hold(job, callersNow);
  }

  lock(row: JobParameters): StoredRow | undefined {
    const nextRunAt = rowInstant('nextRunAt', row.nextRunAt);
    const job = this.store.jobs.get(row._id ?? '');
    if (!job || job.lease || job.asked.disabled || job.name !== row.name) return undefined;
    if (job.happened.nextRunAt !== nextRunAt || hasExpired(job, this.store.now())) return undefined;
    const { gates } = this.store;
    gates.reopen(job.name);
    if (gates.all || gates.roomOf(job.name).room === 0) return undefined;
    if (job.asked.key !== undefined) {
      const mayStart = this.store.lane(job.name).keys.mayStart(job, { isAhead: true });
      this.store.announceEarlier();
      if (!mayStart) return undefined;
    }
    this.store.displace(job);
    handOut(this.store, job, this.newHolder());
    this.store.announceEarlier();
    this.store.lanes.get(job.name)?.recede();
    gates.noteStarts(job.name, 1);
    gates.reopenAndTell(job.name);
    return this.hold(job, Date.now());
  }

  /** @throws LeaseLostError: nothing was written */
  write(row: JobParameters, lastModifiedBy: string | undefined): void {
    const [id, token] = [row._id ?? '', rowLeaseOf(row)];
    try {
      const state = stateWriteOf(row);
      writeRowState(this.store, { id, token, state, lastModifiedBy, leaseMs: this.leaseMs });
    } finally {
      // Whatever became of its last write, the run is over.
      if (token !== undefined && !row.lockedAt) this.held.drop({ id, token });
    }
  }

  release(row: JobParameters): void {
    const id = row._id ?? '';
    const token = rowLeaseOf(row) ?? this.held.tokenOf(id);
    if (token !== undefined) this.giveBack({ id, token }, { evenWithoutTime: false });
  }

  releaseAll(ids: readonly string[]): void {
    for (const id of ids) {
      const token = this.held.tokenOf(id);
      if (token !== undefined) this.giveBack({ id, token }, { evenWithoutTime: true });
    }
  }

  private giveBack(row: HeldRow, options: { readonly evenWithoutTime: boolean }): void {
    releaseRow(this.store, row, options);
    if (this.store.jobs.get(row.id)?.lease?.token !== row.token) this.held.drop(row);
  }

  private newHolder(): RowHolder {
    return { token: `${randomToken()}:1`, host: this.host, leaseMs: this.leaseMs };
  }

  private hold(job: StoredJob, callersNow: number): StoredRow {
    const { token } = job.lease!;
    this.held.add({ id: job.id, token });
    return leasedRow(job.toRecord(), token, callersNow);
  }

  /** @returns the lost ones */
  private renew(rows: readonly HeldRow[]): HeldRow[] {
    this.store.pass(this.leaseMs);
    return rows.filter((row) => renewLease(this.store, row, this.leaseMs, true) !== undefined);
  }
}
