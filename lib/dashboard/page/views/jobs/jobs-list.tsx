import { useMemo, useRef } from 'preact/hooks';
import type { JobPage } from '../../../api/index.js';
import { EmptyNote, FailureNote, Loading, Pager } from '../../components/index.js';
import { hashOf } from '../../router.js';
import type { Asked } from '../../use-request.js';
import { goTo } from '../../use-route.js';
import { JobsTable } from './jobs-table.js';
import { trailTo, type Trail } from './trail.js';
import { useListKeys } from './use-list-keys.js';

interface JobsListProps {
  readonly query: Readonly<Record<string, string>>;
  readonly answer: Asked<JobPage>;
  readonly selected: ReadonlySet<string>;
  readonly onToggle: (id: string) => void;
  readonly onSelect?: (ids: ReadonlySet<string>) => void;
}

/** A page of jobs, or why there is none. */
export function JobsList({ query, answer, selected, onToggle, onSelect }: JobsListProps) {
  const { data, failure, isLoading, reload } = answer;
  const cursor = query['cursor'] ?? '';
  const trail = useTrail(cursor);
  const ids = useMemo(() => (data?.jobs ?? []).map(({ id }) => id), [data]);
  const current = useListKeys(ids, onSelect ? onToggle : ignore);

  const note = failure && <FailureNote failure={failure} onRetry={reload} />;
  if (data === null) return note ?? (isLoading ? <Loading what="jobs" /> : null);
  const pageAt = (at: string) => () => goTo(hashOf('jobs', '', { ...query, cursor: at }));
  const { cursor: next } = data;
  return (
    <>
      {note}
      {data.jobs.length === 0 ? (
        <NoJobs query={query} />
      ) : (
        <JobsTable
          jobs={data.jobs}
          current={current}
          selected={selected}
          onSelect={onSelect}
          isStale={answer.isStale}
        />
      )}
      <Pager
        what="jobs"
        text={trail.length === 0 && cursor !== '' ? 'Later page' : `Page ${trail.length + 1}`}
        onBack={cursor === '' ? undefined : pageAt(trail.at(-1) ?? '')}
        onNext={next === null ? undefined : pageAt(next)}
      />
    </>
  );
}

function NoJobs({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const { state = '', name = '', q = '', cursor = '' } = query;
  if (cursor !== '') return <EmptyNote title="Nothing more on this page." />;
  const isNarrow = state !== '' || name !== '' || q !== '';
  if (!isNarrow) return <EmptyNote title="No jobs yet." />;
  return (
    <EmptyNote title="No job fits.">
      <a href={hashOf('jobs')}>Show all jobs</a>
    </EmptyNote>
  );
}

/** The pages before this one, as far as they were seen. */
function useTrail(cursor: string): Trail {
  const seen = useRef<{ trail: Trail; cursor: string }>({ trail: [], cursor });
  if (seen.current.cursor !== cursor) {
    seen.current = { trail: trailTo(seen.current.trail, seen.current.cursor, cursor), cursor };
  }
  return seen.current.trail;
}

function ignore(): void {}
