import type { ComponentChildren } from 'preact';
import type { JobDetail } from '../../../api/index.js';
import { Badge, Copy, PageHeader, StateBadge } from '../../components/index.js';
import { hashOf, hashOfName } from '../../router.js';
import { useOverview } from '../../shell.js';
import { useNow } from '../../use-now.js';
import { searchForTag } from '../jobs/search.js';
import { ProgressBar } from './progress-bar.js';
import { whatNext } from './what-next.js';

/** Which job this is, what it is in, and what becomes of it from here. */
export function JobHeader(props: {
  readonly job: JobDetail;
  /** Removed while it was looked at. */
  readonly isGone: boolean;
  readonly actions: ComponentChildren;
}) {
  const { job, isGone, actions } = props;
  return (
    <>
      <PageHeader
        title={job.name}
        up={{ href: hashOf('jobs', '', { name: job.name }), text: 'Jobs of this name' }}
        actions={actions}
      >
        <StateBadge state={job.state} />
        {job.disabled && job.state !== 'paused' && <Badge tone="warning">disabled</Badge>}
        <span class="job-id">
          <span class="only-read">Id </span>
          <code>{job.id}</code>
          <Copy text={job.id} what="id" />
        </span>
        {job.tags.map((tag) => (
          <a key={tag} class="tag" href={hashOf('jobs', '', { q: searchForTag(tag) })}>
            {tag}
          </a>
        ))}
        <a class="quiet-link" href={hashOfName(job.name)}>
          Numbers of this name
        </a>
      </PageHeader>
      {isGone ? <Gone /> : <Next job={job} />}
    </>
  );
}

function Gone() {
  return (
    <div class="job-next warning" role="status">
      <p>This job is no longer there. What is shown is how it was seen last.</p>
    </div>
  );
}

function Next({ job }: { readonly job: JobDetail }) {
  const overview = useOverview();
  const { text, tone } = whatNext(job, overview, useNow());
  return (
    <div class={`job-next ${tone}`}>
      <p>{text}</p>
      {job.lease !== null && <ProgressBar progress={job.progress} />}
    </div>
  );
}
