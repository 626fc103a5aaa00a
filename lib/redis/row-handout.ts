import { MAX_BATCH } from '../core/contracts/job-broker.js';
import type { JobParameters, StoredRow } from '../core/contracts/job-parameters.js';
import { LeaseLostError } from '../core/errors.js';
import { instantArgument, rowInstant } from '../core/job/instant.js';
import { randomToken } from '../core/job/job-id.js';
import { stateWriteOf, type RowHistory } from '../core/job/row-history.js';
import { leasedRow, rowLeaseOf } from '../core/job/row-lease.js';
import { errorOf } from '../core/job/thrown.js';
import { HeldRows, ROW_LEASE_MS, type HeldRow } from '../core/rows/held-rows.js';
import { hostId } from '../core/worker/host-id.js';
import { scripts } from './all-scripts.js';
import { AwaitedStarts } from './awaited-starts.js';
import { packText } from './pack-record.js';
import { PartitionTurns } from './partition-turns.js';
import { byShare } from './partitions.js';
import { unpackRecord } from './record-codec.js';
import type { RedisJobBroker } from './redis-job-broker.js';
import type { RedisStore } from './redis-store.js';
import { renewLeases } from './renew-leases.js';
import type { Script } from './script.js';
import { inPages } from './walk-jobs.js';

/** How much later than its deadline the last repeat of a call may reach Redis. */
const REPEAT_MARGIN_MS = 60_000;
/** As above, for what is refused when it comes later: nothing is carried out twice. */
const SHORT_MARGIN_MS = 5_000;
const DEFAULT_MAX_RESCUES = '2';

/** The rows that one repository hands out, from the claim to the last write. */
export class RowHandout {
  private readonly host = hostId('');
  private readonly held: HeldRows;
  private readonly starts: AwaitedStarts;
  private readonly turns: PartitionTurns;
  /** Counts how often who works with it has left: what was asked for before is wanted no more. */
  private departures = 0;

  /**
   * @param call - told of a row that has not begun to run in time
   * @param leaseMs - how long a row stays with a process that says nothing
   */
  constructor(
    private readonly store: RedisStore,
    private readonly broker: RedisJobBroker,
    call: (name: string, at: Date) => void,
    private readonly leaseMs = ROW_LEASE_MS,
  ) {
    this.held = new HeldRows(leaseMs, (rows) => this.renew(rows));
    this.starts = new AwaitedStarts(call);
    this.turns = new PartitionTurns(store.partitions.length);
  }

  async next(
    name: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now: Date = new Date(),
  ): Promise<StoredRow | undefined> {
    const callersNow = instantArgument('now', now);
    // Both are instants of the caller's clock: to the store only their distance says something.
    const aheadMs = instantArgument('nextScanAt', nextScanAt) - callersNow;
    const silentMs = callersNow - instantArgument('lockDeadline', lockDeadline);
    const wanted = [String(aheadMs), String(silentMs), DEFAULT_MAX_RESCUES];
    const { departures } = this;
    const errors: unknown[] = [];
    for (const number of this.turns.of(name)) {
      if (departures !== this.departures) return undefined;
      const partition = this.store.partitions[number]!;
      try {
        const row = await this.handOut(partition, scripts.claimRow, name, wanted, callersNow);
        if (!row) continue;
        this.turns.gave(name, number);
        this.starts.await(rowLeaseOf(row)!, name, row.nextRunAt);
        return row;
      } catch (thrown) {
        // One that is away keeps no row of the others back.
        errors.push(thrown);
      }
    }
    if (errors.length > 0) throw errors[0];
    return undefined;
  }

  async lock(row: JobParameters): Promise<StoredRow | undefined> {
    const nextRunAt = rowInstant('nextRunAt', row.nextRunAt);
    const id = row._id ?? '';
    const wanted = [id, nextRunAt === null ? '' : String(nextRunAt)];
    return this.handOut(this.store.partitionOf(id), scripts.lockRow, row.name, wanted, Date.now());
  }

  /** @throws LeaseLostError: nothing was written */
  async write(row: JobParameters, by: string | undefined): Promise<void> {
    const id = row._id ?? '';
    const token = rowLeaseOf(row);
    if (token !== undefined) {
      this.starts.end(token);
      this.held.begin({ id, token });
    }
    try {
      const word = await this.writeState(id, token, stateWriteOf(row), by);
      if (word === 'ok') return;
      if (token !== undefined) this.held.drop({ id, token });
      throw new LeaseLostError(id, word);
    } finally {
      // Whatever became of its last write, the run is over.
      if (token !== undefined && !row.lockedAt) this.held.drop({ id, token });
    }
  }

  async release(row: JobParameters): Promise<void> {
    const id = row._id ?? '';
    const token = rowLeaseOf(row) ?? this.held.tokenOf(id);
    if (token !== undefined) await this.giveBack([{ id, token }], 'planned');
  }

  /**
   * Whoever works with it leaves. Agenda's own engine gives back what waits in its line, but not what is
   * still on its way to it: nobody would run that, and as long as the process lives its lease would stand.
   */
  async leave(): Promise<void> {
    this.departures += 1;
    const rows = this.held.unbegun();
    for (const row of rows) this.held.drop(row);
    for (const page of inPages(rows, MAX_BATCH)) await this.giveBack(page, '');
  }

  async releaseAll(ids: readonly string[]): Promise<void> {
    const rows = ids.flatMap((id) => {
      const token = this.held.tokenOf(id);
      return token === undefined ? [] : [{ id, token }];
    });
    for (const page of inPages(rows, MAX_BATCH)) await this.giveBack(page, '');
  }

  /** A row that cannot be read runs nowhere: it is put among the dead, and the next one's turn comes. */
  private async handOut(
    partition: RedisStore,
    script: Script,
    name: string,
    wanted: readonly string[],
    callersNow: number,
  ): Promise<StoredRow | undefined> {
    const { channelName, retryForMs } = this.store.options;
    const claimId = randomToken();
    const token = `${claimId}:1`;
    const { departures } = this;
    const [time, id, asked, happened, lease] = await partition.run(script, (repeat) => [
      channelName,
      partition.messageHead,
      name,
      claimId,
      this.host,
      String(this.leaseMs),
      repeat ? 'repeat' : '',
      String(retryForMs + REPEAT_MARGIN_MS),
      ...wanted,
    ]);
    if (id === undefined) return undefined;
    if (departures !== this.departures) {
      await this.giveBack([{ id, token }], '');
      return undefined;
    }
    try {
      const record = unpackRecord(id, asked!, happened!, lease, '', Number(time));
      this.held.add({ id, token });
      return leasedRow(record, token, callersNow);
    } catch (thrown) {
      await this.bury({ id, name, token }, thrown);
      return this.handOut(partition, script, name, wanted, callersNow);
    }
  }

  private async writeState(
    id: string,
    token: string | undefined,
    state: RowHistory,
    by: string | undefined,
  ): Promise<'ok' | LeaseLostError['reason']> {
    const partition = this.store.partitionOf(id);
    const { channelName, retryForMs } = partition.options;
    const margin = token === undefined ? REPEAT_MARGIN_MS : SHORT_MARGIN_MS;
    const args = [
      channelName,
      partition.messageHead,
      id,
      token ?? '',
      textOf(state.lockedAt),
      textOf(state.nextRunAt),
      textOf(state.lastRunAt),
      textOf(state.lastFinishedAt),
      textOf(state.failedAt),
      String(state.failCount),
      state.failure === null ? '' : JSON.stringify(state.failure),
      textOf(state.progress),
      by === undefined ? '' : packText(by),
      String(this.leaseMs),
      randomToken(),
    ];
    const knownForMs = String(retryForMs + margin);
    const [, word] = await partition.run(scripts.writeRow, [...args, knownForMs]);
    return word as 'ok' | LeaseLostError['reason'];
  }

  /** Rows that are no longer held with these tokens stay as they are. */
  private async giveBack(rows: readonly HeldRow[], which: 'planned' | ''): Promise<void> {
    await byShare(this.store, rows, idOf, async (partition, share) => {
      const [, ...kept] = await partition.run(scripts.releaseRows, [
        partition.options.channelName,
        partition.messageHead,
        which,
        ...share.flatMap(({ id, token }) => [id, token]),
      ]);
      for (const row of share) {
        if (kept.includes(row.id)) continue;
        this.held.drop(row);
        this.starts.end(row.token);
      }
    });
  }

  /** @returns the lost ones */
  private async renew(rows: readonly HeldRow[]): Promise<HeldRow[]> {
    const lost = await byShare(this.store, rows, idOf, async (partition, share) => {
      try {
        return (await renewLeases(partition, share, this.leaseMs, true)).lost;
      } catch {
        // What one master that is away holds up comes with the next beat.
        return [];
      }
    });
    return lost.flat();
  }

  private async bury(lease: HeldRow & { readonly name: string }, thrown: unknown): Promise<void> {
    const { name, message } = errorOf(thrown);
    const failure = { name, message: `The stored record cannot be read: ${message}` };
    await this.broker.settleAndClaim([{ kind: 'bury', lease, reason: 'invalid-data', failure }], {
      claimId: randomToken(),
      host: this.host,
      leaseMs: this.leaseMs,
      slots: 0,
      names: [],
      partition: this.broker.partitionOf(lease.id),
    });
  }
}

const idOf = ({ id }: HeldRow): string => id;

const textOf = (value: number | null): string => (value === null ? '' : String(value));
