import type { NameOverview } from '../../../api/index.js';
import {
  EmptyNote,
  FailureNote,
  Loading,
  PageHeader,
  Pager,
  SearchBox,
  Section,
} from '../../components/index.js';
import { formatCount } from '../../format.js';
import { hashOf } from '../../router.js';
import { useLive, useShell } from '../../shell.js';
import { replaceBy } from '../../use-route.js';
import { MinuteCharts } from '../minutes/minute-charts.js';
import { PauseButton } from '../pause/pause-button.js';
import { PauseNotice } from '../pause/pause-notice.js';
import { nameRows, orderOf, textOfOrder } from './name-rows.js';
import { NamesTable } from './names-table.js';
import { Totals } from './totals.js';

interface OverviewViewProps {
  /** `q`: filter over names; `sort`: such as `-queued`; `page`: from 1. */
  readonly query: Readonly<Record<string, string>>;
}

export function OverviewView({ query }: OverviewViewProps) {
  const { live } = useShell();
  const { overview, failure } = useLive();
  return (
    <>
      <PageHeader
        title="Overview"
        actions={overview && <PauseButton isPaused={overview.pause !== null} />}
      />
      {overview === null && failure !== null && (
        <FailureNote failure={failure} onRetry={() => void live.askOverview()} />
      )}
      {overview === null && failure === null && <Loading what="the overview" />}
      {overview !== null && (
        <>
          {overview.pause && <PauseNotice what="Everything is" pause={overview.pause} />}
          <Totals overview={overview} />
          <MinuteCharts points={overview.throughput} />
          <Names names={overview.names} query={query} />
        </>
      )}
    </>
  );
}

function Names(props: OverviewViewProps & { readonly names: readonly NameOverview[] }) {
  const { names, query } = props;
  const { q = '', sort = '' } = query;
  const order = orderOf(sort);
  const { rows, count, page, pages } = nameRows(names, q, order, Number(query['page'] ?? 1) || 1);
  const change = (changed: Readonly<Record<string, string>>) =>
    replaceBy(hashOf('overview', '', { ...query, page: '', ...changed }));
  return (
    <Section
      title={`Names (${formatCount(count)})`}
      actions={<SearchBox label="Filter names" value={q} onInput={(text) => change({ q: text })} />}
    >
      {count === 0 ? (
        <NoNames isFiltered={names.length > 0} />
      ) : (
        <NamesTable
          rows={rows}
          order={order}
          onOrder={(changed) => change({ sort: textOfOrder(changed) })}
        />
      )}
      <Pager
        what="names"
        text={`Page ${page} of ${pages}`}
        onBack={page > 1 ? () => change({ page: String(page - 1) }) : undefined}
        onNext={page < pages ? () => change({ page: String(page + 1) }) : undefined}
      />
    </Section>
  );
}

function NoNames({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) return <EmptyNote title="No name fits the filter." />;
  return (
    <EmptyNote title="No jobs yet.">
      Names appear here as soon as a job is added, or an application with handlers has started.
    </EmptyNote>
  );
}
