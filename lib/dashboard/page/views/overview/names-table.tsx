import type { Counts, ListState, NameOverview } from '../../../api/index.js';
import {
  Badge,
  OldestWait,
  Sparkline,
  Table,
  type Column,
  type Sorting,
} from '../../components/index.js';
import { formatCount } from '../../format.js';
import { hashOf, hashOfName } from '../../router.js';
import { useShell } from '../../shell.js';
import { PauseButton } from '../pause/pause-button.js';
import type { NameOrder, SortKey } from './name-rows.js';

interface NamesTableProps {
  readonly rows: readonly NameOverview[];
  readonly order: NameOrder;
  readonly onOrder: (order: NameOrder) => void;
}

export function NamesTable({ rows, order, onOrder }: NamesTableProps) {
  const { session } = useShell();
  return (
    <div class="names">
      <Table
        caption="Job names"
        columns={session.readOnly ? READABLE : COLUMNS}
        rows={rows}
        rowKey={({ name }) => name}
        sorting={order}
        onSort={(sorting: Sorting) => onOrder(sorting as NameOrder)}
      />
    </div>
  );
}

const COLUMNS: readonly Column<NameOverview>[] = [
  {
    key: 'name' satisfies SortKey,
    title: 'Name',
    isHead: true,
    sortable: 'ascending',
    cell: ({ name, pause }) => (
      <span class="name">
        <a href={hashOfName(name)}>{name}</a>
        {pause && (
          <Badge tone="warning" icon="pause">
            paused
          </Badge>
        )}
      </span>
    ),
  },
  countColumn('queued', 'Queued'),
  countColumn('running', 'Running'),
  countColumn('scheduled', 'Scheduled'),
  countColumn('failed', 'Failed'),
  countColumn('dead', 'Dead'),
  countColumn('completed', 'Completed'),
  {
    key: 'latency' satisfies SortKey,
    title: 'Oldest wait',
    align: 'end',
    sortable: 'descending',
    cell: ({ latencyMs }) => <OldestWait ms={latencyMs} />,
  },
  {
    key: 'hour',
    title: 'Last hour',
    isMinor: true,
    cell: ({ completed, failed }) => (
      <Sparkline label={hourOf(completed, failed)} completed={completed} failed={failed} />
    ),
  },
  {
    key: 'pause',
    title: 'Pause',
    align: 'end',
    cell: ({ name, pause }) => <PauseButton small name={name} isPaused={pause !== null} />,
  },
];

const READABLE = COLUMNS.filter(({ key }) => key !== 'pause');

function countColumn(
  state: ListState & SortKey & keyof Counts,
  title: string,
): Column<NameOverview> {
  return {
    key: state,
    title,
    align: 'end',
    sortable: 'descending',
    cell: ({ name, counts }) =>
      counts[state] === 0 ? (
        <span class="none">0</span>
      ) : (
        <a class={`count ${state}`} href={hashOf('jobs', '', { state, name })}>
          {formatCount(counts[state])}
        </a>
      ),
  };
}

function hourOf(completed: readonly number[], failed: readonly number[]): string {
  const sum = (values: readonly number[]) =>
    formatCount(values.reduce((total, value) => total + value, 0));
  return `${sum(completed)} completed and ${sum(failed)} failed in the last hour`;
}
