import type { CompleteBackend } from '../contracts/agenda-backend.js';
import { MAX_BATCH } from '../contracts/job-broker.js';
import type { JobStateNotification } from '../contracts/notification-channel.js';
import {
  BackendClosedError,
  JobCancelledError,
  JobFailedError,
  JobNotFoundError,
  ResultOmittedError,
} from '../errors.js';
import type { JobCompletedEvent, JobDeadEvent } from '../events/job-event.js';
import type { JobEvents } from '../events/job-events.js';
import { randomToken } from '../job/job-id.js';
import type { JobRecord } from '../job/job-record.js';
import { encodeResult } from '../job/job-result.js';
import type { Job } from '../job/job.js';
import { errorOf } from '../job/thrown.js';
import { Timer } from '../worker/timer.js';
import { JobWait } from './job-wait.js';
import type { ReadWaitOptions } from './wait-options.js';

/*
 * All who wait for the ends of jobs in this process.
 *
 * First it listens, then it reads, then it waits: so no end falls in between. News of other processes
 * says only that a job is worth another look; what has become of it the store says. An end in this
 * process needs no look. News may be lost: all jobs that are waited for are looked at again when it
 * comes back after it was cut off, and every few seconds anyway. Nobody waiting costs nothing.
 */

export interface JobWaitsTools {
  /** Resolves when the store knows that this process listens. */
  readonly listening: () => Promise<void>;
  readonly leaseMs: number;
  /** How often all jobs are looked at that are waited for, in ms. @default 5000 */
  readonly lookEveryMs?: number;
  readonly maxResultBytes: (jobName: string) => number;
}

const LOOK_EVERY_MS = 5_000;

/** A job that is waited for. */
class AwaitedJob {
  readonly waits = new Set<JobWait>();
  /** Why it was cancelled, as news has told. */
  cancelled: string | undefined;
  /** News has told that a run of it succeeded. */
  hasSucceeded = false;
}

export class JobWaits {
  private readonly awaited = new Map<string, AwaitedJob>();
  /** Jobs to look at. */
  private readonly unread = new Set<string>();
  private isReading = false;
  private readonly timer = new Timer(() => this.lookAtAll());
  private forget: (() => void)[] = [];

  constructor(
    private readonly backend: CompleteBackend,
    private readonly events: JobEvents,
    private readonly tools: JobWaitsTools,
  ) {}

  /**
   * Resolves with the result of a job when it has ended.
   *
   * @throws JobFailedError, ResultOmittedError, JobCancelledError, JobNotFoundError, WaitTimeoutError
   * @throws BackendClosedError when the engine is closed; ConnectionError; the reason of the signal
   */
  async waitFor(id: string, options: ReadWaitOptions): Promise<unknown> {
    options.signal?.throwIfAborted();
    const wait = new JobWait(id, options, (one) => this.leave(one));
    // It may end before anybody looks at it.
    wait.end.catch(() => undefined);
    this.join(wait);
    await Promise.race([this.tools.listening(), settled(wait.end)]);
    this.look(id);
    return wait.end;
  }

  /** Nobody waits any more. */
  close(): void {
    for (const wait of this.all()) wait.fail(new BackendClosedError());
  }

  private join(wait: JobWait): void {
    if (this.awaited.size === 0) this.listen();
    let job = this.awaited.get(wait.id);
    if (!job) this.awaited.set(wait.id, (job = new AwaitedJob()));
    job.waits.add(wait);
  }

  private leave(wait: JobWait): void {
    const job = this.awaited.get(wait.id);
    if (!job?.waits.delete(wait) || job.waits.size > 0) return;
    this.awaited.delete(wait.id);
    if (this.awaited.size === 0) this.stopListening();
  }

  private listen(): void {
    const { events } = this;
    const { notificationChannel: channel } = this.backend;
    const ended = (job: Told) => this.heardOf(job);
    const succeeded = (job: Told) => this.heardOf(job, true);
    const completed = (event: JobCompletedEvent) => this.completedHere(event);
    const dead = (event: JobDeadEvent) => this.deadHere(event);
    const lookAtAll = () => this.lookAtAll();
    const removed = () => void this.removedHere();
    events.on('complete', ended).on('success', succeeded);
    events.onHere('completed', completed).onHere('dead', dead);
    events.onHere('removed', removed).onHere('reconnected', lookAtAll);
    const forgetCancels = channel?.subscribeCancel?.(({ jobId, reason }) => {
      const job = this.awaited.get(jobId);
      if (!job) return;
      job.cancelled = reason;
      this.look(jobId);
    });
    this.forget = [
      () => events.off('complete', ended).off('success', succeeded),
      () => events.off('completed', completed).off('dead', dead),
      () => events.off('removed', removed).off('reconnected', lookAtAll),
      () => forgetCancels?.(),
    ];
    this.timer.startIn(this.tools.lookEveryMs ?? LOOK_EVERY_MS);
  }

  private stopListening(): void {
    this.timer.stop();
    for (const forget of this.forget.splice(0)) forget();
  }

  private heardOf(told: Told, hasSucceeded = false): void {
    const id = 'jobId' in told ? String(told.jobId) : told.id;
    const job = this.awaited.get(id);
    if (!job) return;
    if (hasSucceeded) job.hasSucceeded = true;
    else this.look(id);
  }

  private completedHere({ job: { id, name }, result }: JobCompletedEvent): void {
    const waits = this.awaited.get(id)?.waits;
    if (!waits) return;
    const { text, omitted } = encodeResult(result, this.tools.maxResultBytes(name));
    for (const wait of [...waits]) {
      if (omitted) wait.fail(new ResultOmittedError(id, name, omitted.reason, omitted.bytes));
      else wait.come({ kind: 'result', result: text === undefined ? undefined : JSON.parse(text) });
    }
  }

  private deadHere({ id, name, failure, job }: JobDeadEvent): void {
    // Buried because its processes were lost: its record says how often it was tried.
    if (!job) return this.look(id);
    for (const wait of [...(this.awaited.get(id)?.waits ?? [])]) {
      wait.fail(new JobFailedError(id, name, failure, job.attempt));
    }
  }

  private lookAtAll(): void {
    this.timer.startIn(this.tools.lookEveryMs ?? LOOK_EVERY_MS);
    this.look(...this.awaited.keys());
  }

  /** This process has just removed jobs: those that are gone now went by that. */
  private async removedHere(): Promise<void> {
    const ids = [...this.awaited.keys()];
    for (let from = 0; from < ids.length; from += MAX_BATCH) {
      const page = ids.slice(from, from + MAX_BATCH);
      // Of those that cannot be read now the next look tells.
      const jobs = await this.backend.manager.getMany(page).catch(() => undefined);
      for (const id of page.filter((_, i) => jobs && !jobs[i])) {
        const job = this.awaited.get(id);
        // What nobody has seen here may never have been there.
        if (job && [...job.waits].some(({ seen }) => seen)) job.cancelled ??= '';
        this.look(id);
      }
    }
  }

  private look(...ids: string[]): void {
    for (const id of ids) if (this.awaited.has(id)) this.unread.add(id);
    if (!this.isReading) void this.read();
  }

  /** What is heard of during a look is looked at once more. */
  private async read(): Promise<void> {
    this.isReading = true;
    while (this.unread.size > 0) {
      const ids = [...this.unread].slice(0, MAX_BATCH);
      for (const id of ids) this.unread.delete(id);
      try {
        const jobs = await this.backend.manager.getMany(ids);
        await Promise.all(ids.map((id, i) => this.saw(id, jobs[i])));
      } catch (thrown) {
        this.cannotSee(ids, errorOf(thrown));
      }
    }
    this.isReading = false;
  }

  private async saw(id: string, job: JobRecord | undefined): Promise<void> {
    const waits = [...(this.awaited.get(id)?.waits ?? [])];
    if (job) for (const wait of waits) wait.look(job);
    else if (waits.length > 0) await this.sawNothing(id, waits);
  }

  private async sawNothing(id: string, waits: readonly JobWait[]): Promise<void> {
    const known = this.awaited.get(id)!;
    const reason = known.cancelled ?? (await this.whyCancelled(id));
    for (const wait of waits) {
      const name = wait.seen?.name;
      if (reason !== undefined) wait.fail(new JobCancelledError(id, reason, name));
      else if (known.hasSucceeded) wait.fail(new ResultOmittedError(id, name, DELETED));
      else wait.fail(new JobNotFoundError(id, name));
    }
  }

  /** The store keeps the reason for a while, for the worker that ran the job. */
  private async whyCancelled(id: string): Promise<string | undefined> {
    // Nobody holds this token, so nothing is renewed.
    const lease = { id, name: '', token: randomToken(), fence: 0, expiresAt: 0 };
    const { lost } = await this.backend.broker.renew([lease], this.tools.leaseMs);
    return lost[0]?.cancelled;
  }

  /** Who has seen the job goes on waiting: it is looked at again. */
  private cannotSee(ids: readonly string[], error: Error): void {
    for (const id of ids) {
      for (const wait of [...(this.awaited.get(id)?.waits ?? [])]) {
        if (!wait.seen || error instanceof BackendClosedError) wait.fail(error);
      }
    }
  }

  private all(): JobWait[] {
    return [...this.awaited.values()].flatMap(({ waits }) => [...waits]);
  }
}

type Told = Job | JobStateNotification;

const DELETED = 'It was deleted when it had succeeded: `runAndWait` keeps it for a while.';

const settled = (end: Promise<unknown>): Promise<unknown> => end.catch(() => undefined);
