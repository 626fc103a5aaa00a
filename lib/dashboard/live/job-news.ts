import type { Job, JobScheduler, JobStateNotification } from '../../core/index.js';
import type { JobNews } from '../api/index.js';

/** So long news is gathered, in ms. */
const GATHER_MS = 250;
/** The most that is told at once: behind these nobody could look at single jobs any more. */
const MOST_NEWS = 500;

type Teller = (news: readonly JobNews[]) => void;

/**
 * What happens to jobs, in this process and in others, for as long as somebody wants to hear it: other processes tell
 * nothing that nobody hears.
 */
export class JobNewsLine {
  private gathered = new Map<string, JobNews>();
  private timer: NodeJS.Timeout | undefined;
  private end: (() => void) | undefined;

  constructor(private readonly tell: Teller) {}

  listen(scheduler: JobScheduler): void {
    this.end ??= listenTo(scheduler, (news) => this.gather(news));
  }

  stop(): void {
    this.end?.();
    this.end = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.gathered.clear();
  }

  private gather(news: JobNews): void {
    const key = `${news.event} ${news.id}`;
    // Deleted and set again, so that what is dropped is what is longest ago.
    this.gathered.delete(key);
    this.gathered.set(key, news);
    if (this.gathered.size > MOST_NEWS) this.gathered.delete(this.gathered.keys().next().value!);
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  private flush(): void {
    this.timer = undefined;
    const news = [...this.gathered.values()];
    this.gathered = new Map();
    this.tell(news);
  }
}

/** Returns what ends it. */
function listenTo(scheduler: JobScheduler, hear: (news: JobNews) => void): () => void {
  const of = (event: JobNews['event']) => (job: Job | JobStateNotification) =>
    hear(
      'jobId' in job
        ? { id: job.jobId, name: job.jobName, event }
        : { id: job.id, name: job.name, event },
    );
  const ofEvents = (['start', 'progress', 'success', 'complete', 'retry'] as const).map((event) => {
    const listener = of(event);
    scheduler.on(event, listener);
    return () => void scheduler.off(event, listener);
  });
  const ofFailure = of('fail');
  const failed = (_error: unknown, job: Job | JobStateNotification) => ofFailure(job);
  scheduler.on('fail', failed);
  return () => {
    for (const end of ofEvents) end();
    scheduler.off('fail', failed);
  };
}
