import type { ComponentChildren } from 'preact';
import type { JobDetail } from '../../../api/index.js';
import { Section, TimeAgo } from '../../components/index.js';
import { absoluteTime, formatCount } from '../../format.js';

type Fact = readonly [title: string, value: ComponentChildren];

/** All other facts; what is not known, or not so, is left out. */
export function JobFacts({ job }: { readonly job: JobDetail }) {
  return (
    <aside class="job-facts">
      <Section title="Facts">
        <dl>
          {factsOf(job).map(([title, value]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Section>
    </aside>
  );
}

function factsOf(job: JobDetail): Fact[] {
  const { lease } = job;
  const facts: (Fact | null)[] = [
    time('Created', job.createdAt),
    // Of a job that runs it is the time it was planned for.
    lease === null ? time('Next run', job.nextRunAt) : null,
    time('Last start', job.lastRunAt),
    time('Last end', job.lastFinishedAt),
    time('Last failure', job.failedAt),
    time('Expires', job.expiresAt),
    lease && text('Host', lease.host),
    time('Locked', lease?.lockedAt ?? job.lockedAt),
    lease && time('Lease ends', lease.expiresAt),
    lease && ['Fence', String(lease.fence)],
    ['Priority', String(job.priority)],
    ['Attempts begun', formatCount(job.attempt)],
    ['Failures since the last success', formatCount(job.failCount)],
    count('Rescues', job.rescueCount),
    count('Handed back', job.releaseCount),
    count('Put off', job.snoozeCount),
    text('Key', job.key),
    text('Rule', job.repeat),
    text('Time zone', job.repeatTimezone),
    text('Schedule key', job.repeatKey),
    time('Not before', job.startDate),
    time('Not after', job.endDate),
    job.dataVersion > 1 ? ['Version of data', String(job.dataVersion)] : null,
    text('Last changed by', job.lastModifiedBy),
  ];
  return facts.filter((fact) => fact !== null);
}

function time(title: string, at: string | null): Fact | null {
  if (at === null) return null;
  return [
    title,
    <>
      <TimeAgo at={at} />
      <span class="fact-time">{absoluteTime(at)}</span>
    </>,
  ];
}

function text(title: string, value: string | null): Fact | null {
  return value === null || value === '' ? null : [title, <code key={title}>{value}</code>];
}

function count(title: string, value: number): Fact | null {
  return value === 0 ? null : [title, formatCount(value)];
}
