import type { JobSummary } from '../../../api/index.js';
import { Badge, StateBadge, Table, TimeAgo, type Column } from '../../components/index.js';
import { hashOfJob } from '../../router.js';
import { lastTime } from './last-time.js';

interface JobsTableProps {
  readonly jobs: readonly JobSummary[];
  readonly current: string | null;
  readonly selected: ReadonlySet<string>;
  /** Left out: nothing can be selected. */
  readonly onSelect?: (ids: ReadonlySet<string>) => void;
  readonly isStale: boolean;
}

export function JobsTable({ jobs, current, selected, onSelect, isStale }: JobsTableProps) {
  return (
    <div class="jobs">
      <Table
        caption="Jobs"
        columns={COLUMNS}
        rows={jobs}
        rowKey={({ id }) => id}
        rowLabel={({ name, id }) => `${name} ${id}`}
        current={current}
        selection={onSelect && { keys: selected, onChange: onSelect }}
        isStale={isStale}
      />
    </div>
  );
}

const COLUMNS: readonly Column<JobSummary>[] = [
  { key: 'state', title: 'State', cell: ({ state }) => <StateBadge state={state} /> },
  {
    key: 'job',
    title: 'Job',
    isHead: true,
    cell: ({ id, name, tags }) => (
      <span class="job">
        <a href={hashOfJob(id)}>{name}</a>
        {tags.map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
        <span class="mono soft">{id}</span>
      </span>
    ),
  },
  { key: 'about', title: 'About', cell: (job) => <About job={job} /> },
  { key: 'attempt', title: 'Attempt', align: 'end', cell: ({ attempt }) => attempt },
  { key: 'when', title: 'When', cell: (job) => <When job={job} /> },
  {
    key: 'created',
    title: 'Created',
    isMinor: true,
    cell: ({ createdAt }) => (
      <span class="soft">
        <TimeAgo at={createdAt} />
      </span>
    ),
  },
];

/** The preview of none. */
const NO_DATA = 'null';

/** What tells it from the others: why it failed, its rule, or its data. */
function About({ job }: { readonly job: JobSummary }) {
  const { failReason, state, repeat, dataPreview } = job;
  const isFailure = failReason !== null && (state === 'failed' || state === 'dead');
  return (
    <span class="preview">
      {repeat !== null && <span class="mono rule">{repeat}</span>}
      {isFailure ? (
        <span class="reason" title={failReason}>
          {failReason}
        </span>
      ) : (
        dataPreview !== NO_DATA && (
          <span class="mono soft" title={dataPreview}>
            {dataPreview}
          </span>
        )
      )}
    </span>
  );
}

function When({ job }: { readonly job: JobSummary }) {
  const { word, at } = lastTime(job);
  return (
    <span class="when">
      {word} <TimeAgo at={at} />
    </span>
  );
}
