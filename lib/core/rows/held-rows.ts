import { MAX_BATCH, type Lease } from '../contracts/job-broker.js';

/** How long a row that was handed out stays with a process that says nothing, in ms. */
export const ROW_LEASE_MS = 30_000;

/** A row that was handed out. */
export type HeldRow = Pick<Lease, 'id' | 'token'>;

/**
 * The rows that one repository object has handed out. Agenda's own engine knows no liveness, so the
 * repository renews their leases while its process lives: the rows of a killed process come back
 * within one lease, and a long handler keeps its row.
 */
export class HeldRows {
  private readonly tokens = new Map<string, string>();
  private readonly begun = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isRenewing = false;

  /** @param renew - prolongs leases, at most 100 a call; answers those that are lost */
  constructor(
    private readonly leaseMs: number,
    private readonly renew: (rows: readonly HeldRow[]) => Promise<readonly HeldRow[]>,
  ) {}

  add({ id, token }: HeldRow): void {
    this.tokens.set(id, token);
    // A process that has nothing else to do may end: its rows come back after a lease.
    this.timer ??= setInterval(() => void this.renewAll(), this.leaseMs / 3).unref();
  }

  tokenOf(id: string): string | undefined {
    return this.tokens.get(id);
  }

  /** The row runs from now on, or is about to. */
  begin({ token }: HeldRow): void {
    this.begun.add(token);
  }

  /** The rows that have not begun to run. */
  unbegun(): HeldRow[] {
    return Array.from(this.tokens, ([id, token]) => ({ id, token })).filter(
      ({ token }) => !this.begun.has(token),
    );
  }

  /** Given back, ended or lost. A newer lease of the same row stays. */
  drop({ id, token }: HeldRow): void {
    this.begun.delete(token);
    if (this.tokens.get(id) === token) this.tokens.delete(id);
    if (this.tokens.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async renewAll(): Promise<void> {
    if (this.isRenewing) return;
    this.isRenewing = true;
    const rows = Array.from(this.tokens, ([id, token]) => ({ id, token }));
    try {
      for (let i = 0; i < rows.length; i += MAX_BATCH) {
        const lost = await this.renew(rows.slice(i, i + MAX_BATCH));
        for (const row of lost) this.drop(row);
      }
    } catch {
      // Tried again with the next beat; a store that stays away is told of by every other call.
    }
    this.isRenewing = false;
  }
}
