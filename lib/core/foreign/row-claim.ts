import type { ClaimRequest } from '../contracts/job-broker.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import type { JobRepository, JobRepositoryOptions } from '../contracts/job-repository.js';

/** A name that is asked for. */
interface Lane {
  readonly name: string;
  /** Free slots. */
  slots: number;
  /** How many rows the next round asks for: more as long as there are more. */
  batch: number;
  isExhausted: boolean;
}

/**
 * One claim by a contract that gives one row a call. It goes in rounds, each a number of calls side by
 * side: at first one row of each name, then twice as many of those that gave all they were asked for.
 * So an idle name costs one call, and a full one few waits; never more rows are locked than there are slots.
 */
export class RowClaim {
  readonly rows: JobParameters[] = [];
  private readonly lanes: readonly Lane[];

  constructor(
    private readonly repository: JobRepository,
    private readonly writer: JobRepositoryOptions,
    private readonly request: ClaimRequest,
    private readonly now: number,
  ) {
    this.lanes = request.names.map(({ name, slots }) => ({
      name,
      slots,
      batch: 1,
      isExhausted: false,
    }));
  }

  /** @throws what the store threw; `rows` are those that it had locked by then */
  async run(): Promise<void> {
    for (let asked = this.nextRound(); asked.length > 0; asked = this.nextRound()) {
      await this.ask(asked);
    }
  }

  /** Names that have room and nothing due. */
  get exhausted(): string[] {
    return this.lanes.filter((lane) => lane.isExhausted).map(({ name }) => name);
  }

  get isFull(): boolean {
    return this.freeSlots === 0;
  }

  private get freeSlots(): number {
    return this.request.slots - this.rows.length;
  }

  /** Whom to ask next, once for each row; the names in turns, so that all get a share. */
  private nextRound(): Lane[] {
    const open = this.lanes.filter(({ slots, isExhausted }) => slots > 0 && !isExhausted);
    const asked: Lane[] = [];
    for (let turn = 0; asked.length < this.freeSlots; turn++) {
      const wanting = open.filter(({ slots, batch }) => turn < Math.min(slots, batch));
      if (wanting.length === 0) break;
      asked.push(...wanting.slice(0, this.freeSlots - asked.length));
    }
    return asked;
  }

  private async ask(asked: readonly Lane[]): Promise<void> {
    const answers = await Promise.allSettled(asked.map((lane) => this.lockOne(lane)));
    for (const lane of new Set(asked)) lane.batch *= 2;
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private async lockOne(lane: Lane): Promise<void> {
    const { leaseMs } = this.request;
    const row = await this.repository.getNextJobToRun(
      lane.name,
      new Date(this.now),
      new Date(this.now - leaseMs),
      new Date(this.now),
      this.writer,
    );
    if (!row) {
      lane.isExhausted = true;
      return;
    }
    lane.slots -= 1;
    this.rows.push(row);
  }
}
