import type { ScheduleView } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { Button, type Column, StateBadge, Table, TimeAgo } from '../../components/index.js';
import { hashOfJob } from '../../router.js';
import { useShell } from '../../shell.js';
import { useChange } from '../../use-change.js';

interface ScheduleTableProps {
  readonly schedules: readonly ScheduleView[];
  readonly onChanged: () => void;
  readonly onEdit: (schedule: ScheduleView) => void;
}

/** Each schedule with its rule, its last run, and what can be done with it. */
export function ScheduleTable(props: ScheduleTableProps) {
  const { session } = useShell();
  return (
    <Table
      caption="All schedules"
      columns={session.readOnly ? COLUMNS : [...COLUMNS, actionsOf(props)]}
      rows={props.schedules}
      rowKey={({ id }) => id}
    />
  );
}

const COLUMNS: readonly Column<ScheduleView>[] = [
  {
    key: 'name',
    title: 'Name',
    isHead: true,
    cell: ({ id, name, repeatKey }) => (
      <>
        <a href={hashOfJob(id)}>{name}</a>
        {repeatKey !== null && <span class="schedule-key"> {repeatKey}</span>}
      </>
    ),
  },
  {
    key: 'rule',
    title: 'Rule',
    cell: ({ repeat, repeatTimezone }) => (
      <span class="schedule-rule">
        <code>{repeat}</code>
        {repeatTimezone !== null && <span class="hint">{repeatTimezone}</span>}
      </span>
    ),
  },
  { key: 'state', title: 'State', cell: (schedule) => <StateBadge state={schedule.state} /> },
  {
    key: 'last',
    title: 'Last run',
    cell: ({ lastRunAt, failReason, failedAt, lastFinishedAt }) => (
      <>
        <TimeAgo at={lastRunAt} />
        {hasFailedLast(failedAt, lastFinishedAt) && (
          <span class="last-failure" title={failReason ?? undefined}>
            failed: {failReason}
          </span>
        )}
      </>
    ),
  },
  {
    key: 'next',
    title: 'Next run',
    cell: ({ upcoming, nextRunAt }) => <TimeAgo at={upcoming[0] ?? nextRunAt} />,
  },
];

function hasFailedLast(failedAt: string | null, finishedAt: string | null): boolean {
  return (
    failedAt !== null && (finishedAt === null || Date.parse(failedAt) >= Date.parse(finishedAt))
  );
}

function actionsOf({ onChanged, onEdit }: ScheduleTableProps): Column<ScheduleView> {
  return {
    key: 'actions',
    title: 'Actions',
    align: 'end',
    cell: (schedule) => <Actions schedule={schedule} onChanged={onChanged} onEdit={onEdit} />,
  };
}

function Actions(
  props: Omit<ScheduleTableProps, 'schedules'> & { readonly schedule: ScheduleView },
) {
  const { schedule, onChanged, onEdit } = props;
  const { id, name, disabled, state } = schedule;
  const { isBusy, run } = useChange();
  const act = async (action: 'promote' | 'enable' | 'disable', said: string) => {
    if (await run(pathOfJob(id, action), {}, said)) onChanged();
  };
  return (
    <span class="row-actions">
      <Button
        small
        label={`Run now: ${name}`}
        disabled={isBusy || disabled || state === 'running'}
        onClick={() => void act('promote', `“${name}” is due now.`)}
      >
        Run now
      </Button>
      {disabled ? (
        <Button
          small
          label={`Enable: ${name}`}
          disabled={isBusy}
          onClick={() => void act('enable', `“${name}” is enabled.`)}
        >
          Enable
        </Button>
      ) : (
        <Button
          small
          label={`Disable: ${name}`}
          disabled={isBusy}
          onClick={() => void act('disable', `“${name}” is disabled.`)}
        >
          Disable
        </Button>
      )}
      <Button small label={`Change… ${name}`} onClick={() => onEdit(schedule)}>
        Change…
      </Button>
    </span>
  );
}
