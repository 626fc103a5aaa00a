import type { PauseInfo } from '../../../api/index.js';
import { Icon, TimeAgo } from '../../components/index.js';

/** That something is paused: since when, by whom, and why. */
export function PauseNotice(props: { readonly what: string; readonly pause: PauseInfo }) {
  const { what, pause } = props;
  return (
    <div class="notice">
      <Icon name="pause" />
      <p>
        <b>{what} paused</b> <TimeAgo at={pause.at} />
        {pause.by !== null && ` by ${pause.by}`}
        {pause.reason !== null && `: ${pause.reason}`}
      </p>
    </div>
  );
}
