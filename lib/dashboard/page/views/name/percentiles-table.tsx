import type { Percentiles } from '../../../api/index.js';
import { Section, Table, type Column } from '../../components/index.js';
import { formatDuration } from '../../format.js';

interface Row {
  readonly what: string;
  readonly percentiles: Percentiles | null;
}

/** How long most waited and ran in the last hour. */
export function PercentilesTable(props: {
  readonly wait: Percentiles | null;
  readonly run: Percentiles | null;
}) {
  return (
    <Section title="Percentiles, last hour">
      <Table<Row>
        caption="How long jobs waited and ran in the last hour"
        columns={COLUMNS}
        rows={[
          { what: 'From due to start', percentiles: props.wait },
          { what: 'Run time', percentiles: props.run },
        ]}
        rowKey={({ what }) => what}
      />
    </Section>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'what', title: 'What', isHead: true, cell: ({ what }) => what },
  lengthColumn('p50Ms', '50%'),
  lengthColumn('p95Ms', '95%'),
  lengthColumn('p99Ms', '99%'),
  lengthColumn('maxMs', 'Longest'),
];

function lengthColumn(key: keyof Percentiles, title: string): Column<Row> {
  return {
    key,
    title,
    align: 'end',
    cell: ({ percentiles }) =>
      percentiles === null ? <span class="none">–</span> : formatDuration(percentiles[key]),
  };
}
