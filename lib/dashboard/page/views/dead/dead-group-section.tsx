import type { JobSummary } from '../../../api/index.js';
import { Badge, Button, type Column, Table, TimeAgo } from '../../components/index.js';
import { formatCount } from '../../format.js';
import { hashOfJob, hashOfName } from '../../router.js';
import { useId, useState } from 'preact/hooks';
import type { DeadBulk } from './dead-bulk-dialog.js';
import { type DeadGroup, wordsOfReason } from './dead-groups.js';

const ROWS_AT_ONCE = 5;
const MESSAGES_AT_ONCE = 3;

/** Dead letters of a name with the same reason: how they failed, and each of them. */
export function DeadGroupSection(props: {
  readonly group: DeadGroup;
  readonly isReadOnly: boolean;
  readonly onBulk: (action: DeadBulk['action']) => void;
  readonly onRequeue: (job: JobSummary) => void;
}) {
  const { group, isReadOnly, onBulk, onRequeue } = props;
  const { name, reason, jobs } = group;
  const [most, setMost] = useState(ROWS_AT_ONCE);
  const id = useId();
  return (
    <section class="dead-group" aria-labelledby={id}>
      <header>
        <div>
          <h2 id={id}>
            <a href={hashOfName(name)}>{name}</a>{' '}
            <span class="dead-count">{formatCount(jobs.length)}</span>
          </h2>
          <Badge tone="bad" icon="dead">
            {reason ?? 'unknown'}: {wordsOfReason(reason)}
          </Badge>
        </div>
        {!isReadOnly && reason !== null && (
          <div class="actions">
            <Button small onClick={() => onBulk('requeue')}>
              Requeue group…
            </Button>
            <Button small kind="danger" onClick={() => onBulk('purge')}>
              Purge group…
            </Button>
          </div>
        )}
      </header>
      <Messages group={group} />
      <Table
        caption={`Dead letters of ${name}`}
        columns={columnsOf(isReadOnly ? null : onRequeue)}
        rows={jobs.slice(0, most)}
        rowKey={(job) => job.id}
      />
      {jobs.length > most && (
        <Button small kind="quiet" onClick={() => setMost(most + 10 * ROWS_AT_ONCE)}>
          Show more of {formatCount(jobs.length)}
        </Button>
      )}
    </section>
  );
}

function Messages({ group }: { readonly group: DeadGroup }) {
  const rest = group.messages.length - MESSAGES_AT_ONCE;
  return (
    <ul class="dead-messages">
      {group.messages.slice(0, MESSAGES_AT_ONCE).map(({ message, count }) => (
        <li key={message}>
          <span class="dead-count">{formatCount(count)} ×</span>{' '}
          <span class="message">{message === '' ? 'without a message' : message}</span>
        </li>
      ))}
      {rest > 0 && <li class="hint">and {formatCount(rest)} other messages</li>}
    </ul>
  );
}

function columnsOf(onRequeue: ((job: JobSummary) => void) | null): Column<JobSummary>[] {
  const columns: Column<JobSummary>[] = [
    {
      key: 'id',
      title: 'Job',
      isHead: true,
      cell: ({ id }) => (
        <a class="job-link" href={hashOfJob(id)}>
          <code>{id}</code>
        </a>
      ),
    },
    {
      key: 'data',
      title: 'Data',
      isMinor: true,
      cell: ({ dataPreview }) => <code class="data-preview">{dataPreview}</code>,
    },
    { key: 'attempts', title: 'Attempts', align: 'end', cell: ({ attempt }) => attempt },
    { key: 'died', title: 'Died', cell: ({ failedAt }) => <TimeAgo at={failedAt} /> },
  ];
  if (onRequeue === null) return columns;
  return [
    ...columns,
    {
      key: 'requeue',
      title: 'Actions',
      align: 'end',
      cell: (job) => (
        <span class="row-actions">
          <Button small label={`Requeue… ${job.id}`} onClick={() => onRequeue(job)}>
            Requeue…
          </Button>
        </span>
      ),
    },
  ];
}
