import { useMemo } from 'preact/hooks';
import type { ScheduleView } from '../../../api/index.js';
import { EmptyNote, StateBadge } from '../../components/index.js';
import { absoluteTime, clockTime, timeAgo } from '../../format.js';
import { hashOfJob } from '../../router.js';
import { useNow } from '../../use-now.js';
import { type AgendaEntry, agendaOf, isSameClock, titleOfDay } from './agenda.js';

/** Of runs of one schedule that follow each other. */
const TIMES_AT_ONCE = 5;

/** The runs to come, day by day. */
export function Agenda({ schedules }: { readonly schedules: readonly ScheduleView[] }) {
  const now = useNow();
  const days = useMemo(() => agendaOf(schedules), [schedules]);
  if (days.length === 0) {
    return (
      <EmptyNote title="No run is planned.">All schedules are disabled or have ended.</EmptyNote>
    );
  }
  return (
    <ol class="agenda">
      {days.map(({ day, entries }) => (
        <li key={day}>
          <h3>{titleOfDay(day, now)}</h3>
          <ol>
            {entries.map((entry) => (
              <Entry key={`${entry.runs[0]!.at} ${entry.schedule.id}`} entry={entry} now={now} />
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}

function Entry({ entry, now }: { readonly entry: AgendaEntry; readonly now: number }) {
  const { schedule, runs } = entry;
  const [first, ...later] = runs;
  const isSame = useMemo(() => isSameClock(entry.runs[0]!), [entry]);
  const instant = new Date(first!.at).toISOString();
  return (
    <li class="agenda-entry">
      <time class="agenda-at" dateTime={instant} title={absoluteTime(instant)}>
        {clockOf(first!.at)}
      </time>
      <div class="what">
        <a href={hashOfJob(schedule.id)}>{schedule.name}</a>
        {schedule.repeatKey !== null && <span class="schedule-key">{schedule.repeatKey}</span>}
        {schedule.state === 'running' && <StateBadge state="running" />}
        {!isSame && <span class="in-zone">{first!.inZone}</span>}
        {later.length > 0 && (
          <span class="later">
            then{' '}
            {later
              .slice(0, TIMES_AT_ONCE)
              .map(({ at }) => clockOf(at))
              .join(', ')}
          </span>
        )}
      </div>
      <span class="in">{first!.at <= now ? 'due' : timeAgo(first!.at, now)}</span>
    </li>
  );
}

/** With seconds where the rule has some. */
function clockOf(at: number): string {
  const instant = new Date(at).toISOString();
  const seconds = instant.slice(17, 19);
  return seconds === '00' ? clockTime(instant) : `${clockTime(instant)}:${seconds}`;
}
