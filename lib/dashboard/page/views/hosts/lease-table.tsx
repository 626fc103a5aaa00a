import type { Hosts } from '../../../api/index.js';
import { Button, type Column, EmptyNote, Table } from '../../components/index.js';
import { formatCount, formatSeconds } from '../../format.js';
import { hashOfJob, hashOfName } from '../../router.js';
import { useShell } from '../../shell.js';
import { useNow } from '../../use-now.js';
import { ProgressBar } from '../job/progress-bar.js';
import { remainingOf } from './remaining.js';

export type Lease = Hosts['leases'][number];

/** The jobs that run, the longest running first. */
export function LeaseTable(props: {
  readonly leases: readonly Lease[];
  readonly hasMore: boolean;
  readonly onCancel: (lease: Lease) => void;
}) {
  const { leases, hasMore, onCancel } = props;
  const { session } = useShell();
  const now = useNow();
  if (leases.length === 0) return <EmptyNote title="Nothing runs." />;
  return (
    <>
      <Table
        caption="Jobs that run, the longest running first"
        columns={columnsOf(now, session.readOnly ? null : onCancel)}
        rows={leases}
        rowKey={({ id }) => id}
      />
      {hasMore && (
        <p class="hint">The {formatCount(leases.length)} that have run longest; there are more.</p>
      )}
    </>
  );
}

function columnsOf(now: number, onCancel: ((lease: Lease) => void) | null): Column<Lease>[] {
  const columns: Column<Lease>[] = [
    {
      key: 'job',
      title: 'Job',
      isHead: true,
      cell: ({ id, name }) => (
        <span class="lease-job">
          <a href={hashOfName(name)}>{name}</a>
          <a class="job-link" href={hashOfJob(id)}>
            <code>{id}</code>
          </a>
        </span>
      ),
    },
    {
      key: 'host',
      title: 'Host',
      isMinor: true,
      cell: ({ host }) => <code class="lease-host">{host === '' ? '–' : host}</code>,
    },
    {
      key: 'attempt',
      title: 'Attempt',
      align: 'end',
      isMinor: true,
      cell: ({ attempt }) => attempt,
    },
    {
      key: 'progress',
      title: 'Progress',
      cell: ({ progress }) => <ProgressBar progress={progress} />,
    },
    {
      key: 'for',
      title: 'Runs for',
      align: 'end',
      cell: ({ lockedAt }) => formatSeconds(now - Date.parse(lockedAt)),
    },
    {
      key: 'left',
      title: 'Lease left',
      align: 'end',
      cell: ({ expiresAt }) => <Remaining {...remainingOf(expiresAt, now)} />,
    },
  ];
  if (onCancel === null) return columns;
  return [
    ...columns,
    {
      key: 'cancel',
      title: 'Actions',
      align: 'end',
      cell: (lease) => (
        <span class="row-actions">
          <Button small kind="danger" label={`Cancel… ${lease.id}`} onClick={() => onCancel(lease)}>
            Cancel…
          </Button>
        </span>
      ),
    },
  ];
}

function Remaining({ text, tone }: ReturnType<typeof remainingOf>) {
  return <span class={`remaining ${tone}`}>{text}</span>;
}
