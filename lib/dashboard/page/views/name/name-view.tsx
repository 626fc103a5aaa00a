import { useState } from 'preact/hooks';
import type { NameDetail } from '../../../api/index.js';
import {
  Button,
  Copy,
  CountFigures,
  FailureNote,
  Figure,
  Figures,
  Icon,
  Loading,
  OldestWait,
  PageHeader,
} from '../../components/index.js';
import { hashOf } from '../../router.js';
import { useShell } from '../../shell.js';
import { useRequest } from '../../use-request.js';
import { AddJobDialog } from '../add/add-job-dialog.js';
import { MinuteCharts } from '../minutes/minute-charts.js';
import { PauseButton } from '../pause/pause-button.js';
import { PauseNotice } from '../pause/pause-notice.js';
import { Limits } from './limits.js';
import { PercentilesTable } from './percentiles-table.js';

/** Everything about one job name. */
export function NameView({ name }: { readonly name: string }) {
  const { data, failure, reload } = useRequest<NameDetail>(
    `api/names/${encodeURIComponent(name)}`,
    { refreshOn: (news) => news.some((one) => one.name === name) },
  );
  return (
    <>
      <PageHeader
        title={name}
        up={{ href: hashOf('overview'), text: 'Overview' }}
        actions={<Actions name={name} detail={data} onChanged={reload} />}
      />
      {failure !== null && <FailureNote failure={failure} onRetry={reload} />}
      {failure === null && data === null && <Loading what={name} />}
      {data !== null && <Detail detail={data} />}
    </>
  );
}

function Actions(props: {
  readonly name: string;
  readonly detail: NameDetail | null;
  readonly onChanged: () => void;
}) {
  const { name, detail, onChanged } = props;
  const { session } = useShell();
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <Copy text={name} what="name" />
      <a class="button plain" href={hashOf('jobs', '', { name })}>
        <Icon name="list" />
        Jobs
      </a>
      {detail !== null && (
        <PauseButton name={name} isPaused={detail.pause !== null} onChanged={onChanged} />
      )}
      {!session.readOnly && (
        <Button onClick={() => setAdding(true)}>
          <Icon name="plus" />
          Add a job
        </Button>
      )}
      {isAdding && <AddJobDialog name={name} onClose={() => setAdding(false)} />}
    </>
  );
}

function Detail({ detail }: { readonly detail: NameDetail }) {
  const { name, counts, latencyMs, pause, throughput, wait, run, limits } = detail;
  return (
    <>
      {pause && <PauseNotice what={`${name} is`} pause={pause} />}
      <Figures>
        <CountFigures counts={counts} name={name} />
        <Figure label="Oldest wait" value={<OldestWait ms={latencyMs} />} />
      </Figures>
      <MinuteCharts points={throughput} />
      <div class="halves">
        <PercentilesTable wait={wait} run={run} />
        <Limits {...limits} />
      </div>
    </>
  );
}
