import type { Counts, ListState } from '../../api/index.js';
import { formatCount } from '../format.js';
import { hashOf } from '../router.js';
import { StateBadge } from './badge.js';
import { Figure } from './figure.js';

const SHOWN = [
  'queued',
  'running',
  'scheduled',
  'repeating',
  'paused',
  'failed',
  'dead',
  'completed',
] as const satisfies readonly ListState[];

/** How many jobs there are in each state, each a link to them. `name`: of one job name. */
export function CountFigures(props: { readonly counts: Counts; readonly name?: string }) {
  return (
    <>
      {SHOWN.map((state) => (
        <Figure
          key={state}
          label={<StateBadge state={state} />}
          value={formatCount(props.counts[state])}
          href={hashOf('jobs', '', { state, name: props.name ?? '' })}
        />
      ))}
    </>
  );
}
