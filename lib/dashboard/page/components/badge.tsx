import type { ComponentChildren } from 'preact';
import type { ListState } from '../../api/index.js';
import { Icon, type IconName } from './icon.js';
import type { Tone } from './tone.js';

/** A few words with a frame. */
export function Badge(props: {
  readonly children: ComponentChildren;
  readonly tone?: Tone;
  readonly icon?: IconName;
}) {
  return (
    <span class={`badge ${props.tone ?? 'neutral'}`}>
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </span>
  );
}

const STATE_ICONS: Readonly<Record<ListState, IconName>> = {
  scheduled: 'clock',
  queued: 'queue',
  running: 'play',
  completed: 'check',
  failed: 'cross',
  repeating: 'repeat',
  paused: 'pause',
  dead: 'dead',
  retrying: 'retry',
};

/** What a job is in: by shape, by word, and by colour. */
export function StateBadge({ state }: { readonly state: ListState }) {
  return (
    <span class={`state ${state}`}>
      <Icon name={STATE_ICONS[state]} />
      {stateTitle(state)}
    </span>
  );
}

/** `Queued` */
export function stateTitle(state: ListState): string {
  return state[0]!.toUpperCase() + state.slice(1);
}

export function StateIcon({ state }: { readonly state: ListState }) {
  return (
    <span class={`state ${state}`}>
      <Icon name={STATE_ICONS[state]} />
    </span>
  );
}
