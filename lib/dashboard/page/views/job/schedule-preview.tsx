import { useEffect, useState } from 'preact/hooks';
import type { SchedulePreview as Preview } from '../../../api/index.js';
import { absoluteTime } from '../../format.js';
import { useRequest } from '../../use-request.js';

/** Long enough to type on, short enough not to be waited for. */
const PAUSE_MS = 350;

/** When a rule would run, or what is wrong with it, as the server says. */
export function SchedulePreview(props: { readonly interval: string; readonly timezone: string }) {
  const asked = useSettled(JSON.stringify([props.interval, props.timezone]), PAUSE_MS);
  const [interval, timezone] = JSON.parse(asked) as [string, string];
  const { data, failure } = useRequest<Preview>(interval === '' ? null : 'api/schedules/preview', {
    query: { interval, timezone },
  });
  return (
    <div class="schedule-preview" aria-live="polite">
      <h3>Next runs</h3>
      {failure !== null && <p class="error">{failure.message}</p>}
      {failure === null && data !== null && data.upcoming.length === 0 && (
        <p class="hint">It never runs.</p>
      )}
      {failure === null && data !== null && (
        <ol>
          {data.upcoming.map((at, index) => (
            <li key={at}>
              {data.upcomingInZone[index]}
              <span class="hint"> {absoluteTime(at)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** The value, once it has been the same for so long. */
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
