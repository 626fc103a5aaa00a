import type { AttemptView, JobDetail } from '../../../api/index.js';
import { type Column, Section, Table } from '../../components/index.js';
import { absoluteTime, clockTime, formatDuration } from '../../format.js';
import { useNow } from '../../use-now.js';
import { wordsOfReason } from '../dead/dead-groups.js';
import { JobTimeline } from './job-timeline.js';
import { lanesOf } from './timeline.js';

/** Of how many attempts the server tells. */
const MOST = 20;

/** The attempts as a chart and as a table. */
export function JobAttempts({ job }: { readonly job: JobDetail }) {
  const lanes = lanesOf(job, useNow());
  if (lanes.length === 0) return null;
  return (
    <Section title="Attempts">
      {job.attempts.length >= MOST && <p class="hint">The newest {MOST}.</p>}
      <JobTimeline lanes={lanes} />
      {job.attempts.length > 0 && (
        <Table
          caption="How the attempts ended"
          columns={COLUMNS}
          rows={numbered(job.attempts)}
          rowKey={({ number }) => String(number)}
        />
      )}
    </Section>
  );
}

interface Row extends AttemptView {
  readonly number: number;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'kind',
    title: 'Attempt',
    isHead: true,
    cell: ({ kind, attempt }) => (
      <span class="attempt-title">
        {attempt} <span class={`attempt ${kind}`}>{kind}</span>
      </span>
    ),
  },
  { key: 'due', title: 'Due', isMinor: true, cell: ({ plannedAt }) => <Clock at={plannedAt} /> },
  { key: 'started', title: 'Started', cell: ({ startedAt }) => <Clock at={startedAt} /> },
  { key: 'waited', title: 'Waited', align: 'end', cell: ({ waitMs }) => lengthOf(waitMs) },
  { key: 'ran', title: 'Ran', align: 'end', cell: ({ runMs }) => lengthOf(runMs) },
  {
    key: 'host',
    title: 'Host',
    isMinor: true,
    cell: ({ host }) => (host === '' ? '–' : <code>{host}</code>),
  },
  { key: 'failure', title: 'Failure', cell: ({ failure }) => <Failure failure={failure} /> },
];

/** The newest first: it is looked for most. */
function numbered(attempts: readonly AttemptView[]): Row[] {
  return attempts.map((attempt, number) => ({ ...attempt, number })).reverse();
}

function Clock({ at }: { readonly at: string | null }) {
  if (at === null) return <>–</>;
  return (
    <time dateTime={at} title={absoluteTime(at)}>
      {dayOf(at)}
      {clockTime(at)}:{at.slice(17, 19)}
    </time>
  );
}

/** Such as `23 Nov `, of days other than today. */
function dayOf(at: string): string {
  const date = new Date(at);
  if (date.toDateString() === new Date().toDateString()) return '';
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} `;
}

const lengthOf = (ms: number | null): string => (ms === null ? '–' : formatDuration(ms));

function Failure({ failure }: Pick<AttemptView, 'failure'>) {
  if (failure === null) return <>–</>;
  return (
    <span class="attempt-failure">
      <strong>{failure.name}</strong> {failure.message}
      {failure.reason !== null && <em> ({wordsOfReason(failure.reason)})</em>}
    </span>
  );
}
