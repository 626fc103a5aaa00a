import type { Counts, ListState } from '../../../api/index.js';
import { StateIcon, stateTitle } from '../../components/index.js';
import { formatCount, formatShortCount } from '../../format.js';
import { LIST_STATES } from './jobs-query.js';

interface StateTabsProps {
  readonly current: ListState | null;
  /** Null while they are not known. */
  readonly counts: Counts | null;
  readonly hrefOf: (state: ListState | '') => string;
}

/** The states as ways into the list, each with how many jobs there are. */
export function StateTabs({ current, counts, hrefOf }: StateTabsProps) {
  return (
    <nav class="tabs" aria-label="States">
      <ul>
        <li>
          <a href={hrefOf('')} aria-current={current === null ? 'page' : undefined}>
            All
            <Count count={counts?.total} />
          </a>
        </li>
        {LIST_STATES.map((state) => (
          <li key={state}>
            <a href={hrefOf(state)} aria-current={current === state ? 'page' : undefined}>
              <StateIcon state={state} />
              {stateTitle(state)}
              {state !== 'retrying' && <Count count={counts?.[state]} />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Count({ count }: { readonly count: number | undefined }) {
  if (count === undefined) return null;
  return (
    <span class="soft" title={formatCount(count)}>
      {formatShortCount(count)}
    </span>
  );
}
