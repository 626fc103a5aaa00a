import type { NotificationChannel } from '../contracts/notification-channel.js';
import { toJobId } from '../job/job-id.js';

/** Tells, on a channel that the store itself does not know, when jobs are due. */
export class Announcements {
  constructor(private readonly channel: NotificationChannel) {}

  /** Nothing is told of a job without a time. */
  due(job: { id: string; name: string; priority?: number }, at: number | null): void {
    if (at === null) return;
    // Never rejects: news is best effort.
    void this.channel.publish({
      jobId: toJobId(job.id),
      jobName: job.name,
      nextRunAt: new Date(at),
      priority: job.priority ?? 0,
      timestamp: new Date(),
    });
  }
}
