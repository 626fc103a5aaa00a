import type { JobParameters } from '../../../lib/core/contracts/job-parameters.js';
import { LeaseLostError } from '../../../lib/core/errors.js';
import type { AskedWrite, Command } from './commands.js';
import { picked, type Pair } from './pair.js';

type RowCommand = Extract<
  Command,
  { do: 'saveUnique' | 'saveLocked' | 'claimRow' | 'lockRow' | 'writeRow' | 'unlockRow' }
>;
type Rows = readonly [JobParameters, JobParameters];

/** What Agenda's engine does with rows, told to two stores. */
export class RowPair {
  /** As they were handed out or last written, newest first. */
  private readonly held: Rows[] = [];

  constructor(private readonly pair: Pair) {}

  async carryOut(command: RowCommand): Promise<void> {
    switch (command.do) {
      case 'saveUnique': {
        const { key, insertOnly, debounce } = command.unique;
        const uniqueOpts = { insertOnly, ...(debounce && { debounce }) };
        return this.pair.save(command.row, { unique: { 'data.key': key }, uniqueOpts });
      }
      case 'saveLocked':
        return this.pair.save(command.row, { lockedAt: new Date(this.now + command.offset) });
      case 'claimRow':
        return this.claim(command);
      case 'lockRow':
        return this.lock(command.pick);
      case 'writeRow':
        return this.write(command.pick, command.write);
      case 'unlockRow':
        return this.unlock(command.pick, command.byId);
    }
  }

  private async claim({
    name,
    aheadMs,
    lockLifetimeMs,
  }: Extract<RowCommand, { do: 'claimRow' }>): Promise<void> {
    const { now } = this;
    const [scanAt, deadline] = [new Date(now + aheadMs), new Date(now - lockLifetimeMs)];
    const rows = await this.pair.each(({ repository }) =>
      repository.getNextJobToRun(name, scanAt, deadline, new Date(now)),
    );
    this.hold(rows);
  }

  private async lock(pick: number): Promise<void> {
    const ids = this.pair.idsOf(pick);
    if (!ids) return;
    const rows = await this.pair.each(async ({ repository }, side) => {
      const row = await repository.getJobById(ids[side]);
      const locked = row ? await repository.lockJob(row) : undefined;
      // Told by the clock of this process.
      return locked && Object.assign(locked, { lockedAt: new Date(this.now) });
    });
    this.hold(rows);
  }

  private async write(pick: number, write: AskedWrite): Promise<void> {
    const rows = picked(this.held, pick);
    if (!rows) return;
    const written = rows.map((row) => this.written(row, write)) as unknown as Rows;
    const answers = await this.pair.each(({ repository }, side) =>
      repository.saveJobState(written[side]).then(
        () => 'ok',
        (error: unknown) => (error instanceof LeaseLostError ? error.reason : String(error)),
      ),
    );
    this.pair.expectSame(answers);
    if (answers[0] === 'ok' && !write.bare) this.held[this.held.indexOf(rows)] = written;
  }

  private async unlock(pick: number, byId: boolean): Promise<void> {
    const rows = picked(this.held, pick);
    if (!rows) return;
    await this.pair.same(({ repository }, side) => {
      const row = rows[side];
      return byId ? repository.unlockJobs([row._id!]) : repository.unlockJob(row);
    });
  }

  /** A row as its engine has it after some step of a run. */
  private written(row: JobParameters, { how, offset, bare }: AskedWrite): JobParameters {
    const now = new Date(this.now);
    const nextRunAt = offset === undefined ? null : new Date(this.now + offset);
    const kept = bare ? (Object.fromEntries(Object.entries(row)) as unknown as JobParameters) : row;
    const { lockedAt: _, progress: __, ...ended } = kept;
    switch (how) {
      case 'start':
        return { ...kept, lastRunAt: now, nextRunAt };
      case 'touch':
        return { ...ended, lockedAt: now };
      case 'progress':
        return { ...kept, lockedAt: now, progress: offset ?? 0.5 };
      case 'succeed':
        return { ...ended, lastFinishedAt: now, failCount: 0, nextRunAt };
      case 'fail':
        return {
          ...ended,
          lastFinishedAt: now,
          failedAt: now,
          failCount: (row.failCount ?? 0) + 1,
          failReason: 'no luck',
          nextRunAt,
        };
    }
  }

  private hold(rows: readonly [JobParameters | undefined, JobParameters | undefined]): void {
    this.pair.expectSame(rows);
    const [memory, redis] = rows;
    if (memory && redis) this.held.unshift([memory, redis]);
  }

  private get now(): number {
    return this.pair.stores[0].clock.now();
  }
}
