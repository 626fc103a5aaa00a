import type { Overview } from '../../../api/index.js';
import { CountFigures, Figure, Figures, OldestWait } from '../../components/index.js';
import { formatCount } from '../../format.js';
import { hashOf } from '../../router.js';

/** All names together, in a row of figures. */
export function Totals({ overview }: { readonly overview: Overview }) {
  const { totals, latencyMs, hosts } = overview;
  return (
    <Figures>
      <CountFigures counts={totals} />
      <Figure label="Oldest wait" value={<OldestWait ms={latencyMs} />} />
      <Figure
        label="Hosts"
        value={formatCount(hosts)}
        href={hashOf('hosts')}
        tone={hosts === 0 ? 'warning' : undefined}
      />
    </Figures>
  );
}
