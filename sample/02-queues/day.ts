import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { JobScheduler, type Job, type JobInput } from 'nestjs-agenda-redis';
import type { Email } from './email.jobs.js';
import type { Export } from './export.jobs.js';
import { Files } from './files.js';
import { ImportJobs } from './import.jobs.js';
import type { Video } from './media.jobs.js';
import { Narrator } from './narrator.js';
import type { Unread } from './notification.jobs.js';
import type { Webhook } from './webhook.jobs.js';

/** A day in the life of seven queues, in a few seconds. */
@Injectable()
export class Day {
  constructor(
    private readonly scheduler: JobScheduler,
    private readonly narrator: Narrator,
    private readonly imports: ImportJobs,
    private readonly files: Files,
  ) {}

  async live(): Promise<void> {
    const emails = await this.sendEmails();
    await this.chat();
    await this.scheduler.now('import', { file: 'people.csv', lines: 250 });
    await this.transcode();
    await this.deliver();
    await this.exportTwice();
    await this.untilAllIsDone();
    this.narrator.tell(
      `email: ${emails.length} sent, ${await this.mostInASecond(emails)} in a second`,
    );
    this.narrator.tell(`import: ${this.imports.stored.size} rows are stored`);
  }

  private async sendEmails(): Promise<Job[]> {
    const emails = Array.from({ length: 25 }, (_, n): JobInput<Email> => ({
      name: 'email',
      data: { to: `person-${n}@example.com`, subject: 'Our news' },
    }));
    const { jobs } = await this.scheduler.enqueueMany(emails);
    return [...jobs];
  }

  /** Somebody writes three times in a row: one notification tells of them all. */
  private async chat(): Promise<void> {
    for (const messages of [1, 2, 3]) {
      const data: Unread = { chat: 'general', messages };
      const dedupe = { key: data.chat, mode: 'debounce', for: '1 second' } as const;
      await this.scheduler.now('notification', data, { dedupe });
    }
  }

  private async transcode(): Promise<void> {
    const videos: Video[] = [
      { file: 'holiday.mov', takesMs: 100 },
      { file: 'endless.mov', takesMs: 60_000 },
      { file: 'birthday.mov', takesMs: 100 },
    ];
    for (const video of videos) await this.scheduler.now('media', video);
  }

  private async deliver(): Promise<void> {
    for (const event of ['order-1', 'order-2', 'order-3']) {
      for (const host of ['shop.example', 'bank.example']) {
        await this.scheduler.now('webhook', {
          url: `https://${host}/hook`,
          event,
        } satisfies Webhook);
      }
    }
  }

  /** The button is clicked twice: while the first export is not done, the second click is the same one. */
  private async exportTwice(): Promise<void> {
    const { narrator, scheduler } = this;
    const options = { idempotencyKey: 'ann', idempotencyRelease: 'finish' } as const;
    const first = await scheduler.now('export', { user: 'ann' } satisfies Export, options);
    const second = await scheduler.now('export', { user: 'ann' } satisfies Export, options);
    const result = await scheduler.waitFor<{ file: string }>(first.id, { timeout: '10 seconds' });
    const clicks = first.id === second.id ? 'two clicks, one job' : 'two jobs';
    narrator.tell(`export: ${clicks}, and its file is ${result.file}`);
  }

  /** The cleanup recurs for ever; of all others nothing is left that would run. */
  private async untilAllIsDone(): Promise<void> {
    for (;;) {
      const { total, repeating, completed, dead } = await this.scheduler.total();
      if (total === repeating + completed + dead && this.files.count === 0) return;
      await wait(50);
    }
  }

  /** By the times at which Redis handed them out. */
  private async mostInASecond(emails: readonly Job[]): Promise<number> {
    const jobs = await Promise.all(emails.map(({ id }) => this.scheduler.get(id)));
    const starts = jobs.map((job) => job!.lastRunAt!.getTime());
    const inSecondFrom = (from: number) => starts.filter((at) => at >= from && at < from + 1_000);
    return Math.max(...starts.map((from) => inSecondFrom(from).length));
  }
}
