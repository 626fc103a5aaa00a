import { ConflictException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { JobNotFoundError, type Job, type JobScheduler } from '../../core/index.js';
import type { Changed, JobAction, UpdateBody } from '../api/index.js';
import { DashboardInstance } from '../dashboard-instance.js';
import { ifSupported } from '../read/if-supported.js';
import { jobActions } from '../read/job-actions.js';
import { shownState } from '../../core/job/shown-state.js';
import { Redaction } from '../redact/redaction.js';
import {
  cancelBody,
  changeScheduleBody,
  emptyBody,
  requeueBody,
  rescheduleBody,
  updateBody,
} from './bodies.js';
import { changeSchedule } from './change-schedule.js';

type Change = (id: string, body: unknown) => Promise<Changed>;

/**
 * What can be done to one job. The store decides: what it refuses because of the state that the job is in is told with
 * that state. Where it would do whatever it is asked, the job is looked at first.
 */
@Injectable()
export class JobChanges {
  private readonly changes: ReadonlyMap<string, Change>;

  constructor(
    @Inject(DashboardInstance) private readonly instance: DashboardInstance,
    @Inject(Redaction) private readonly redaction: Redaction,
  ) {
    const changes: Record<JobAction, Change> = {
      requeue: (id, body) => this.requeue(id, body),
      promote: (id, body) => this.promote(id, body),
      cancel: (id, body) => this.cancel(id, body),
      disable: (id, body) => this.disable(id, body),
      enable: (id, body) => this.enable(id, body),
      remove: (id, body) => this.remove(id, body),
      'run-again': (id, body) => this.runAgain(id, body),
      update: (id, body) => this.update(id, body),
      reschedule: (id, body) => this.reschedule(id, body),
      'change-schedule': (id, body) => this.changeSchedule(id, body),
    };
    this.changes = new Map(Object.entries(changes));
  }

  /**
   * @throws NotFoundException for an action that there is not; JobNotFoundError
   * @throws ConflictException when the job is in another state
   * @throws InvalidOptionError and the other errors of what is asked for
   */
  async make(action: string, id: string, body: unknown): Promise<Changed> {
    const change = this.changes.get(action);
    if (!change) throw new NotFoundException('There is nothing of this name to be done to a job.');
    return change(id, body);
  }

  private async requeue(id: string, body: unknown): Promise<Changed> {
    const { data, ...how } = requeueBody(body);
    const given = await this.restored(id, data);
    const { outcome, holder } = await this.scheduler.requeue(id, { ...how, ...given });
    if (outcome === 'ok') return { id, outcome };
    if (outcome === 'not-found') throw new JobNotFoundError(id);
    if (outcome !== 'key-taken') throw await this.conflict(id, 'requeue');
    throw new ConflictException(`Another job, ${holder}, has its idempotency key by now.`);
  }

  private async promote(id: string, body: unknown): Promise<Changed> {
    emptyBody(body);
    const outcome = await this.scheduler.promote(id);
    if (outcome === 'ok') return { id, outcome };
    throw outcome === 'not-found'
      ? new JobNotFoundError(id)
      : await this.conflict(id, 'promote', outcome);
  }

  private async cancel(id: string, body: unknown): Promise<Changed> {
    const { reason } = cancelBody(body);
    await this.expect(id, 'cancel');
    const count = await this.scheduler.cancel(id, reason === undefined ? {} : { reason });
    return foundOne(id, count);
  }

  private async remove(id: string, body: unknown): Promise<Changed> {
    emptyBody(body);
    const isRemoved = await ifSupported(
      () => this.scheduler.remove(id, { unlessRunning: true }),
      undefined,
    );
    if (isRemoved === undefined) return this.removeAsSeen(id);
    if (!isRemoved) throw await this.conflict(id, 'remove');
    return { id, outcome: 'ok' };
  }

  /** From a foreign store, which cannot spare a job that runs. */
  private async removeAsSeen(id: string): Promise<Changed> {
    await this.expect(id, 'remove');
    return foundOne(id, Number(await this.scheduler.remove(id)));
  }

  private async disable(id: string, body: unknown): Promise<Changed> {
    emptyBody(body);
    await this.expect(id, 'disable');
    return foundOne(id, await this.scheduler.disable(id));
  }

  private async enable(id: string, body: unknown): Promise<Changed> {
    emptyBody(body);
    await this.expect(id, 'enable');
    return foundOne(id, await this.scheduler.enable(id));
  }

  private async runAgain(id: string, body: unknown): Promise<Changed> {
    emptyBody(body);
    const again = await this.scheduler.runAgain(id);
    return { id: again.id, outcome: 'ok' };
  }

  private async update(id: string, body: unknown): Promise<Changed> {
    const { data, priority } = updateBody(body);
    const given: UpdateBody = await this.restored(id, data);
    const update = { ...given, ...(priority !== undefined && { priority }) };
    return this.updated(id, 'update', await this.scheduler.update(id, update));
  }

  private async reschedule(id: string, body: unknown): Promise<Changed> {
    const { runAt } = rescheduleBody(body);
    return this.updated(id, 'reschedule', await this.scheduler.reschedule(id, runAt));
  }

  private async updated(
    id: string,
    action: JobAction,
    outcome: Awaited<ReturnType<JobScheduler['update']>>,
  ): Promise<Changed> {
    if (outcome === 'not-found') throw new JobNotFoundError(id);
    if (outcome === 'ended') throw await this.conflict(id, action);
    return { id, outcome };
  }

  private async changeSchedule(id: string, body: unknown): Promise<Changed> {
    const rule = changeScheduleBody(body);
    const job = await this.expect(id, 'change-schedule');
    return { id, outcome: await changeSchedule(job, rule) };
  }

  /** What it is to work with from now on; nothing, where that is not said. */
  private async restored(id: string, data: unknown): Promise<{ data?: unknown }> {
    if (data === undefined) return {};
    if (!this.redaction.mayHide) return { data };
    const job = await this.scheduler.get(id);
    if (!job) throw new JobNotFoundError(id);
    return { data: this.redaction.restored(data, job.data) };
  }

  /** @throws JobNotFoundError, ConflictException */
  private async expect(id: string, action: JobAction): Promise<Job> {
    const job = await this.scheduler.get(id);
    if (!job) throw new JobNotFoundError(id);
    if (!this.can(job).includes(action)) throw this.conflictOf(job, action);
    return job;
  }

  private async conflict(id: string, action: JobAction, found?: string): Promise<Error> {
    const job = await this.scheduler.get(id);
    return job ? this.conflictOf(job, action, found) : new JobNotFoundError(id);
  }

  private conflictOf(job: Job, action: JobAction, found: string = shownState(job)): Error {
    const others = this.can(job).join(', ');
    return new ConflictException(
      `Job ${job.id} is ${found}, which does not allow \`${action}\`. What can be done to it now: ${others}.`,
    );
  }

  private can(job: Job): readonly JobAction[] {
    return jobActions(job, this.instance.now());
  }

  private get scheduler(): JobScheduler {
    return this.instance.scheduler;
  }
}

/** @throws JobNotFoundError */
function foundOne(id: string, count: number): Changed {
  if (count === 0) throw new JobNotFoundError(id);
  return { id, outcome: 'ok' };
}
