import type { JobSummary } from '../../../api/index.js';

/** The time that matters most about a job in its state, and what it is. */
export function lastTime(job: JobSummary): { readonly word: string; readonly at: string | null } {
  switch (job.state) {
    case 'scheduled':
    case 'repeating':
    case 'paused':
      return { word: 'runs', at: job.nextRunAt };
    case 'queued':
      return { word: 'due', at: job.nextRunAt };
    case 'running':
      return { word: 'started', at: job.lastRunAt };
    case 'completed':
      return { word: 'completed', at: job.lastFinishedAt };
    case 'failed':
    case 'dead':
      return { word: 'failed', at: job.failedAt ?? job.lastFinishedAt };
  }
}
