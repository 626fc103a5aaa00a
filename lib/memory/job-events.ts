import type { Settlement } from '../core/contracts/job-broker.js';
import { EventStream } from './event-stream.js';
import type { StoredJob } from './stored-job.js';

/** How an attempt ended, as the stream has it. */
export type ToldEnd =
  | 'completed'
  | 'failed'
  | 'failed for this time'
  | 'snoozed'
  | 'throttled'
  | 'interrupted'
  | 'skipped';

type Told = Pick<StoredJob, 'id' | 'name' | 'happened' | 'lease'>;

/** The durable stream, told what happens to jobs. */
export class JobEventStream extends EventStream {
  enqueued({ id, name, happened: { nextRunAt } }: Told): void {
    this.tell('enqueued', { id, name, nextRunAt });
  }

  started({ id, name, happened, lease }: Told): void {
    this.tell('started', { id, name, attempt: happened.attempt + 1, host: lease?.host });
  }

  /** A job has been given its next place. */
  ended({ id, name, happened }: Told, how: ToldEnd, attempt: number, host: string): void {
    const facts = { id, name, attempt, host };
    const { nextRunAt, failure } = happened;
    if (how !== 'failed' && how !== 'failed for this time') {
      return this.tell(how, { ...facts, nextRunAt });
    }
    this.tell('failed', facts);
    if (nextRunAt === null) this.tell('dead', { ...facts, reason: failure?.reason });
    else if (how === 'failed') this.tell('retrying', { ...facts, nextRunAt });
  }

  removedAtItsEnd(
    { id, name }: Told,
    end: Extract<Settlement, { kind: 'completed' | 'bury' }>,
    attempt: number,
    host: string,
  ): void {
    const facts = { id, name, attempt, host };
    if (end.kind === 'completed') {
      this.tell('completed', facts);
    } else {
      this.tell('failed', facts);
      this.tell('dead', { ...facts, reason: end.reason });
    }
    this.tell('removed', { id, name, reason: end.kind === 'completed' ? 'completed' : 'dead' });
  }

  stalled(
    { id, name }: Told,
    host: string,
    nextRunAt: number | null,
    attempt: number,
    isBuried: boolean,
  ): void {
    const facts = { id, name, attempt, host };
    this.tell('stalled', { ...facts, nextRunAt });
    if (isBuried) this.tell('dead', { ...facts, reason: 'stalled' });
  }
}
