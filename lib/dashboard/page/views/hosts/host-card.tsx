import type { HostView } from '../../../api/index.js';
import { Badge, TimeAgo } from '../../components/index.js';
import { hashOfName } from '../../router.js';
import { SlotBar } from './slot-bar.js';

const NAMES_AT_ONCE = 12;

/** A worker host: how busy it is, and with what. */
export function HostCard({ host }: { readonly host: HostView }) {
  const { slots, running, paused, names, machine, version } = host;
  return (
    <li class="host-card">
      <h2>
        <code>{host.host}</code>
        {paused && (
          <Badge tone="warning" icon="pause">
            paused
          </Badge>
        )}
      </h2>
      <div class="slots">
        <SlotBar slots={slots} running={running} />
        <span>
          {running} of {slots} slots in use
        </span>
      </div>
      <dl>
        {machine !== null && (
          <div>
            <dt>Machine</dt>
            <dd>{machine}</dd>
          </div>
        )}
        <div>
          <dt>Version</dt>
          <dd>{version}</dd>
        </div>
        <div>
          <dt>Started</dt>
          <dd>
            <TimeAgo at={host.startedAt} />
          </dd>
        </div>
        <div>
          <dt>Last seen</dt>
          <dd>
            <TimeAgo at={host.lastSeenAt} />
          </dd>
        </div>
      </dl>
      <Names names={names} />
    </li>
  );
}

function Names({ names }: Pick<HostView, 'names'>) {
  const busiestFirst = [...names].sort((a, b) => b.running - a.running || compare(a.name, b.name));
  const rest = busiestFirst.slice(NAMES_AT_ONCE);
  return (
    <>
      <NameList names={busiestFirst.slice(0, NAMES_AT_ONCE)} />
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} more names</summary>
          <NameList names={rest} />
        </details>
      )}
    </>
  );
}

function NameList({ names }: Pick<HostView, 'names'>) {
  return (
    <ul class="host-names">
      {names.map(({ name, concurrency, running, paused }) => (
        <li key={name} class={running > 0 ? 'busy' : ''}>
          <a href={hashOfName(name)}>{name}</a>
          <span title="running, of how many at once">
            {paused ? 'paused' : `${running}/${concurrency}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
