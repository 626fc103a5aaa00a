import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JobPage } from '../../../api/index.js';
import { Button, Icon, PageHeader } from '../../components/index.js';
import { hashOf, hashOfJob } from '../../router.js';
import { useOverview, useShell } from '../../shell.js';
import { useFocusAfterChange } from '../../use-focus-after-change.js';
import { useRequest } from '../../use-request.js';
import { goTo, replaceBy } from '../../use-route.js';
import { AddJobDialog } from '../add/add-job-dialog.js';
import { BulkBar } from './bulk-bar.js';
import { JobsList } from './jobs-list.js';
import { apiQueryOf, jobsQueryOf } from './jobs-query.js';
import { JobsToolbar } from './jobs-toolbar.js';
import { StateTabs } from './state-tabs.js';

interface JobsViewProps {
  /** `state`, `name`, `q` as it was typed, `cursor`. */
  readonly query: Readonly<Record<string, string>>;
}

const NONE: ReadonlySet<string> = new Set();

/** The jobs that fit, page by page. */
export function JobsView({ query }: JobsViewProps) {
  const { session } = useShell();
  const [selected, setSelected] = useState(NONE);
  const wanted = useMemo(() => jobsQueryOf(query), [query]);
  const asked = apiQueryOf(wanted);
  const answer = useRequest<JobPage>(asked === null ? null : 'api/jobs', {
    query: asked ?? {},
    // Searching in data reads many jobs: it is done when it is asked for.
    refreshOn: () => selected.size === 0 && wanted.search.kind !== 'data',
  });
  const restoreFocus = useFocusAfterChange(answer.data);
  useEffect(() => setSelected(NONE), [query]);

  const change = (changed: Readonly<Record<string, string>>) =>
    replaceBy(hashOf('jobs', '', { ...query, cursor: '', ...changed }));
  const toggle = useCallback(
    (id: string) =>
      setSelected((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      }),
    [],
  );
  const openFound = useOpenFound(query['q'] ?? '', wanted.search.kind === 'id', answer.data);

  return (
    <>
      <PageHeader title="Jobs" actions={!session.readOnly && <AddButton name={wanted.name} />} />
      <StateTabs
        current={wanted.state}
        counts={useCountsOf(wanted.name)}
        hrefOf={(state) => hashOf('jobs', '', { ...query, state, cursor: '' })}
      />
      <JobsToolbar
        text={query['q'] ?? ''}
        search={wanted.search}
        name={wanted.name}
        onSearch={(q) => change({ q })}
        onName={(name) => change({ name })}
        onEnter={openFound}
      />
      <JobsList
        query={query}
        answer={answer}
        selected={selected}
        onToggle={toggle}
        onSelect={session.readOnly ? undefined : setSelected}
      />
      {selected.size > 0 && (
        <BulkBar
          ids={[...selected]}
          onClear={() => setSelected(NONE)}
          onDone={() => {
            setSelected(NONE);
            restoreFocus();
            answer.reload();
          }}
        />
      )}
    </>
  );
}

/** Enter behind an id opens its job, as soon as it is found. */
function useOpenFound(text: string, isId: boolean, page: JobPage | null): () => void {
  const isWaiting = useRef(false);
  const open = () => {
    const [job] = page?.jobs ?? [];
    if (!isWaiting.current || !isId || job?.id !== text.trim()) return;
    isWaiting.current = false;
    goTo(hashOfJob(job.id));
  };
  useEffect(open, [page, text]);
  return () => {
    isWaiting.current = true;
    setTimeout(() => (isWaiting.current = false), 2_000);
    open();
  };
}

/** Of one name, or of all. */
function useCountsOf(name: string) {
  const overview = useOverview();
  if (name === '') return overview?.totals ?? null;
  return overview?.names.find((one) => one.name === name)?.counts ?? null;
}

function AddButton({ name }: { readonly name: string }) {
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <Button kind="primary" onClick={() => setAdding(true)}>
        <Icon name="plus" />
        Add a job
      </Button>
      {isAdding && (
        <AddJobDialog name={name === '' ? undefined : name} onClose={() => setAdding(false)} />
      )}
    </>
  );
}
