import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { JobScheduler, type Job } from 'nestjs-agenda-redis';
import { Narrator } from './narrator.js';

/** Five jobs, of which one needs help. */
@Injectable()
export class Story {
  constructor(
    private readonly scheduler: JobScheduler,
    private readonly narrator: Narrator,
  ) {}

  async play(): Promise<void> {
    const jobs = await this.addJobs();
    const charge = jobs.at(-1)!;
    await this.untilEnded(charge);
    await this.bringBack(charge);
    for (const job of jobs) await this.untilEnded(job);
    await this.tellTheEnd(jobs);
  }

  private async addJobs(): Promise<Job[]> {
    const { narrator, scheduler } = this;
    narrator.tell('adds greet for now, greet in 2 seconds, fetch-rates, and charge');
    return [
      await scheduler.now('greet', { name: 'Ada' }),
      await scheduler.schedule('in 2 seconds', 'greet', { name: 'Grace' }),
      await scheduler.now('fetch-rates'),
      await scheduler.now('charge', { card: 'expired' }),
    ];
  }

  /** What people do about a dead letter: look why it died, mend what is wrong, run it again. */
  private async bringBack({ id }: Job): Promise<void> {
    const { narrator, scheduler } = this;
    const { jobs } = await scheduler.find({ name: 'charge', state: 'dead' });
    const letter = jobs.find((job) => job.id === id)!;
    narrator.tell(`dead letters of charge: ${jobs.length}; ${letter.failReason}`);
    const history = (await scheduler.history(id)) ?? [];
    const gaps = history
      .slice(1)
      .map((entry, i) => Number(entry.startedAt) - Number(history[i]!.endedAt));
    narrator.tell(
      `history of charge: ${history.length} attempts, after pauses of ${gaps.join(' and ')} ms`,
    );
    const { outcome } = await scheduler.requeue(id, { data: { card: 'valid' } });
    narrator.tell(`requeued with another card: ${outcome}`);
  }

  private async tellTheEnd(jobs: readonly Job[]): Promise<void> {
    const states = await Promise.all(
      jobs.map(async ({ id }) => (await this.scheduler.get(id))?.state),
    );
    this.narrator.tell(`the end: ${states.join(', ')}`);
  }

  /** Asks the store, so it does not matter which process runs the job. */
  private async untilEnded({ id }: Job): Promise<void> {
    for (;;) {
      const job = await this.scheduler.get(id);
      if (!job) throw new Error(`Somebody has removed job ${id}.`);
      const isDead = job.state === 'failed' && job.nextRunAt === null;
      if (isDead || job.state === 'completed') return;
      await wait(20);
    }
  }
}
