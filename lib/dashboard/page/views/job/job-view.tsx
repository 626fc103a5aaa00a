import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { JobDetail } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { EmptyNote, FailureNote, Loading, PageHeader } from '../../components/index.js';
import { hashOf } from '../../router.js';
import { useEvery } from '../../use-every.js';
import { useRequest } from '../../use-request.js';
import { JobActions } from './job-actions.js';
import { JobAttempts } from './job-attempts.js';
import { JobFacts } from './job-facts.js';
import { JobFailure } from './job-failure.js';
import { JobHeader } from './job-header.js';
import { JobLogs } from './job-logs.js';
import { JobValues } from './job-values.js';
import './job.css';

/** Renewals of a lease are no news. */
const ASK_EVERY_MS = 5_000;

/** All about one job. */
export function JobView({ id }: { readonly id: string }) {
  const path = pathOfJob(id);
  const seen = useRef<JobDetail | null>(null);
  const wasGone = useRef(false);
  const { data, failure, reload } = useRequest<JobDetail>(path, {
    refreshOn: (news) => !wasGone.current && news.some((one) => one.id === id),
  });
  if (data !== null) seen.current = data;
  const isGone = failure?.status === 404;
  wasGone.current = isGone;
  const job = data ?? seen.current;
  useEvery(ASK_EVERY_MS, data !== null && goesOn(data), reload);
  useTitle(job);
  useKeptFocus(job !== null);

  if (job === null) return <NoJob id={id} failure={failure} onRetry={reload} />;
  return (
    <article class="job-view">
      <JobHeader
        job={job}
        isGone={isGone}
        actions={isGone ? null : <JobActions job={job} onChanged={reload} />}
      />
      {failure !== null && !isGone && <FailureNote failure={failure} onRetry={reload} />}
      <div class="job-columns">
        <div class="job-main">
          <JobFailure job={job} />
          <JobAttempts job={job} />
          <JobValues job={job} />
          <JobLogs id={id} isRunning={job.lease !== null} />
        </div>
        <JobFacts job={job} />
      </div>
    </article>
  );
}

function NoJob(props: {
  readonly id: string;
  readonly failure: ReturnType<typeof useRequest>['failure'];
  readonly onRetry: () => void;
}) {
  const { id, failure, onRetry } = props;
  return (
    <>
      <PageHeader title={id} up={{ href: hashOf('jobs'), text: 'Jobs' }} />
      {failure === null && <Loading what="the job" />}
      {failure?.status === 404 && (
        <EmptyNote title="There is no job with this id.">
          It was removed or cancelled, or it ended and has outstayed its retention.
        </EmptyNote>
      )}
      {failure !== null && failure.status !== 404 && (
        <FailureNote failure={failure} onRetry={onRetry} />
      )}
    </>
  );
}

/** The heading that was read out until now makes way for that of the job: the focus goes along. */
function useKeptFocus(isThere: boolean): void {
  const hadFocus = useRef(false);
  hadFocus.current = document.activeElement?.matches('main h1') ?? false;
  useLayoutEffect(() => {
    if (!hadFocus.current) return;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [isThere]);
}

const goesOn = ({ state }: JobDetail): boolean => state !== 'completed' && state !== 'dead';

function useTitle(job: JobDetail | null): void {
  const title = job === null ? null : `${job.name} · ${job.state}`;
  useEffect(() => {
    if (title === null) return;
    const before = document.title;
    document.title = title;
    return () => {
      document.title = before;
    };
  }, [title]);
}
