import { describe, expect, it } from '@jest/globals';
import type { ScheduleView } from '../../../lib/dashboard/api/index.js';
import {
  agendaOf,
  isSameClock,
  titleOfDay,
} from '../../../lib/dashboard/page/views/schedules/agenda.js';
import { aSummary } from './a-job.js';

const schedule = (name: string, ...upcoming: string[]): ScheduleView => ({
  ...aSummary({ id: name, name }),
  repeatTimezone: null,
  repeatKey: null,
  upcoming,
  upcomingInZone: upcoming.map((instant) => `words of ${instant}`),
});

const shown = (schedules: ScheduleView[], zone: string) =>
  agendaOf(schedules, zone).map(({ day, entries }) => [
    day,
    entries.map(({ schedule: { name }, runs }) => `${name} × ${runs.length}`),
  ]);

describe('the calendar of schedules', () => {
  const often = schedule(
    'often',
    '2026-11-22T22:30:00Z',
    '2026-11-22T22:40:00Z',
    '2026-11-22T23:10:00Z',
  );
  const rare = schedule('rare', '2026-11-22T23:20:00Z', '2026-11-29T23:20:00Z');

  it('has the runs of all schedules by day, in order of time, those of one that follow each other together', () => {
    expect(shown([rare, often], 'UTC')).toEqual([
      ['2026-11-22', ['often × 3', 'rare × 1']],
      ['2026-11-29', ['rare × 1']],
    ]);
  });

  it('begins its days at the midnight of the one who looks', () => {
    expect(shown([rare, often], 'Europe/Paris')).toEqual([
      ['2026-11-22', ['often × 2']],
      ['2026-11-23', ['often × 1', 'rare × 1']],
      ['2026-11-30', ['rare × 1']],
    ]);
  });

  it('names days as people do', () => {
    const now = Date.parse('2026-11-22T23:30:00Z');
    expect(titleOfDay('2026-11-22', now, 'UTC')).toBe('Today');
    expect(titleOfDay('2026-11-23', now, 'UTC')).toBe('Tomorrow');
    expect(titleOfDay('2026-11-23', now, 'Europe/Paris')).toBe('Today');
    expect(titleOfDay('2026-11-24', now, 'UTC')).toBe('Tuesday 24 November');
    expect(titleOfDay('2027-01-01', now, 'UTC')).toBe('Friday 1 January 2027');
    expect(titleOfDay('2027-01-01', Date.parse('2026-12-31T12:00:00Z'), 'UTC')).toBe('Tomorrow');
  });

  it('shows the clock of the schedule only where it differs from that of the one who looks', () => {
    const run = { at: Date.parse('2026-11-23T01:00:00Z'), inZone: 'Mon 23 Nov 2026, 02:00 CET' };
    expect(isSameClock(run, 'Europe/Berlin')).toBe(true);
    expect(isSameClock(run, 'UTC')).toBe(false);
  });
});
