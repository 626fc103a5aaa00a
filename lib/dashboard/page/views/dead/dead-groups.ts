import type { DeadAnswer, DeadFilter, JobSummary } from '../../../api/index.js';
import { formatCount } from '../../format.js';

/** Dead letters of a name that died for the same reason. */
export interface DeadGroup {
  readonly name: string;
  readonly reason: string | null;
  /** Of those that are loaded, the newest first. */
  readonly jobs: readonly JobSummary[];
  /** How they failed, the most frequent first, each with how often. */
  readonly messages: readonly { readonly message: string; readonly count: number }[];
}

/** What the view is asked to show. Empty means: any. */
export interface DeadChoice {
  readonly name: string;
  readonly reason: string;
  /** Words such as `1 hour`. */
  readonly olderThan: string;
}

export const DEATH_REASONS: Readonly<Record<string, string>> = {
  exhausted: 'out of attempts',
  unrecoverable: 'cannot succeed',
  discarded: 'given up by its handler',
  stalled: 'lost its process too often',
  expired: 'not started in time',
  'invalid-data': 'data that its handler does not take',
};

export function wordsOfReason(reason: string | null): string {
  if (reason === null) return 'no reason kept';
  return Object.hasOwn(DEATH_REASONS, reason) ? DEATH_REASONS[reason]! : reason;
}

/** The largest group first; of equal ones that with the newest death. */
export function groupDead(jobs: readonly JobSummary[]): DeadGroup[] {
  const groups = new Map<string, JobSummary[]>();
  for (const job of jobs) {
    const key = JSON.stringify([job.name, job.deadReason]);
    const group = groups.get(key);
    if (group) group.push(job);
    else groups.set(key, [job]);
  }
  return [...groups.values()]
    .map(groupOf)
    .sort((a, b) => b.jobs.length - a.jobs.length || diedAt(b.jobs[0]!) - diedAt(a.jobs[0]!));
}

function groupOf(jobs: JobSummary[]): DeadGroup {
  const newestFirst = [...jobs].sort((a, b) => diedAt(b) - diedAt(a));
  const counts = new Map<string, number>();
  for (const { failReason } of newestFirst) {
    const message = failReason ?? '';
    counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  const messages = [...counts].map(([message, count]) => ({ message, count }));
  messages.sort((a, b) => b.count - a.count);
  const { name, deadReason } = jobs[0]!;
  return { name, reason: deadReason, jobs: newestFirst, messages };
}

const diedAt = (job: JobSummary): number => Date.parse(job.failedAt ?? job.createdAt);

/** Of the loaded ones those that are asked for. @param olderThanMs - null for any age */
export function chosenOf(
  jobs: readonly JobSummary[],
  { reason }: DeadChoice,
  olderThanMs: number | null,
  now: number,
): JobSummary[] {
  return jobs.filter(
    (job) =>
      (reason === '' || job.deadReason === reason) &&
      (olderThanMs === null || now - diedAt(job) >= olderThanMs),
  );
}

/** What the server is to change: the same that is shown. */
export function filterOf({ name, reason, olderThan }: DeadChoice): DeadFilter {
  const filter = {
    ...(name !== '' && { names: [name] }),
    ...(reason !== '' && { reason }),
    ...(olderThan !== '' && { olderThan }),
  };
  return Object.keys(filter).length === 0 ? { all: true } : filter;
}

/** Which dead letters these are, to be read after their number or `all`. */
export function wordsOfFilter({ name, reason, olderThan }: DeadChoice, count?: number): string {
  const whose = name === '' ? '' : ` of “${name}”`;
  const why = reason === '' ? '' : ` with the reason “${reason}”`;
  const since = olderThan === '' ? '' : `, dead for ${olderThan} or longer`;
  return `${count === 1 ? 'dead letter' : 'dead letters'}${whose}${why}${since}`;
}

/** How many at most; null for what is no number from 1 to 10,000. */
export function readLimit(text: string): number | null {
  const digits = text.replace(/[,\s]/g, '');
  const limit = Number(digits);
  return /^\d{1,5}$/.test(digits) && limit >= 1 && limit <= 10_000 ? limit : null;
}

/** What was done, in numbers. */
export function wordsOfAnswer(action: 'requeue' | 'purge', answer: DeadAnswer): string {
  const done = action === 'requeue' ? 'Requeued' : 'Purged';
  if (answer.matched === 0) return `There was nothing to ${action}.`;
  if (answer.changed === answer.matched) return `${done} ${plural(answer.changed)}.`;
  return `${done} ${plural(answer.changed)} of ${formatCount(answer.matched)}; the others were changed meanwhile, or another job has their key.`;
}

const plural = (count: number): string =>
  count === 1 ? '1 dead letter' : `${formatCount(count)} dead letters`;
