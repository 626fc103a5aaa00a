import type { ScheduleView } from '../../../api/index.js';

/** Runs of a schedule that follow each other with no other schedule's run between. */
export interface AgendaEntry {
  readonly schedule: ScheduleView;
  readonly runs: readonly PlannedRun[];
}

export interface PlannedRun {
  /** ms since the epoch. */
  readonly at: number;
  /** In the words and the zone of the schedule. */
  readonly inZone: string;
}

export interface AgendaDay {
  /** Such as `2026-11-23`, in the viewer's zone. */
  readonly day: string;
  readonly entries: readonly AgendaEntry[];
}

/**
 * The runs to come of all schedules, by day of the viewer, in order of time.
 *
 * @param zone - of the viewer; the browser's when left out
 */
export function agendaOf(schedules: readonly ScheduleView[], zone?: string): AgendaDay[] {
  const days: { day: string; entries: { schedule: ScheduleView; runs: PlannedRun[] }[] }[] = [];
  const dayOf = dayNamer(zone);
  for (const { schedule, run } of runsOf(schedules)) {
    const day = dayOf(run.at);
    if (days.at(-1)?.day !== day) days.push({ day, entries: [] });
    const { entries } = days.at(-1)!;
    const last = entries.at(-1);
    if (last?.schedule === schedule) last.runs.push(run);
    else entries.push({ schedule, runs: [run] });
  }
  return days;
}

function runsOf(schedules: readonly ScheduleView[]) {
  return schedules
    .flatMap((schedule) =>
      schedule.upcoming.map((instant, index) => ({
        schedule,
        run: { at: Date.parse(instant), inZone: schedule.upcomingInZone[index] ?? '' },
      })),
    )
    .sort((a, b) => a.run.at - b.run.at);
}

/** Names the day of an instant so that days can be compared as texts. */
export function dayNamer(zone?: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    ...(zone !== undefined && { timeZone: zone }),
  });
  return (at) => format.format(at);
}

/** `Today`, `Tomorrow`, or such as `Monday 23 November`. */
export function titleOfDay(day: string, now: number, zone?: string): string {
  const dayOf = dayNamer(zone);
  if (day === dayOf(now)) return 'Today';
  if (day === dayAfter(dayOf(now))) return 'Tomorrow';
  const isOfThisYear = day.slice(0, 4) === dayOf(now).slice(0, 4);
  return new Intl.DateTimeFormat('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
    ...(!isOfThisYear && { year: 'numeric' }),
  })
    .format(new Date(`${day}T12:00:00Z`))
    .replace(',', '');
}

/** Whether a clock in the schedule's zone shows the same as the viewer's: then one of them is enough. */
export function isSameClock({ at, inZone }: PlannedRun, zone?: string): boolean {
  const format = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...(zone !== undefined && { timeZone: zone }),
  });
  return inZone.includes(format.format(at));
}

function dayAfter(day: string): string {
  const noon = new Date(`${day}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + 1);
  return noon.toISOString().slice(0, 10);
}
