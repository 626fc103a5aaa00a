import { formatDuration } from '../../format.js';
import type { Lane } from './timeline.js';

const HEIGHT = 14;

/** The attempts below each other along one line of time. Its figures stand in the table below it. */
export function JobTimeline({ lanes }: { readonly lanes: readonly Lane[] }) {
  const hasGaps = lanes.some(({ gapMs }) => gapMs !== null);
  return (
    <figure class={hasGaps ? 'timeline' : 'timeline without-gaps'} aria-hidden="true">
      <ol>
        {lanes.map((lane, index) => (
          <li key={index} class={lane.kind}>
            <span class="lane-title">
              {lane.kind === 'requeued' ? '' : lane.attempt} <span class="kind">{lane.kind}</span>
            </span>
            <svg viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" height={HEIGHT}>
              <Bars lane={lane} />
            </svg>
            {hasGaps && (
              <span class="gap">
                {lane.gapMs === null ? '' : `${formatDuration(lane.gapMs)} later`}
              </span>
            )}
          </li>
        ))}
      </ol>
      <figcaption>
        <span class="timeline-key wait">waiting</span>
        <span class="timeline-key run">running</span>
        {hasGaps && <span>Idle times between attempts are shortened.</span>}
      </figcaption>
    </figure>
  );
}

function Bars({ lane }: { readonly lane: Lane }) {
  const { wait, run, mark } = lane;
  return (
    <>
      <rect class="track" x={0} y={HEIGHT / 2 - 0.5} width={1000} height={1} />
      {wait && <rect class="wait" x={wait.x} y={3} width={wait.width} height={HEIGHT - 6} />}
      {run && <rect class="run" x={run.x} y={0} width={run.width} height={HEIGHT} />}
      {mark !== null && <rect class="mark" x={mark} y={0} width={5} height={HEIGHT} />}
    </>
  );
}
