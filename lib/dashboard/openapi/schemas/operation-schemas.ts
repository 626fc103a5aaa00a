import type { Hosts, HostView, SchedulePreview, Schedules, ScheduleView } from '../../api/index.js';
import {
  anything,
  count,
  described,
  flag,
  instant,
  listOf,
  named,
  objectOf,
  orNull,
  text,
  type Schema,
} from '../schema.js';
import { ofSummary } from './job-schemas.js';

const upcoming = {
  upcoming: described(listOf(instant), 'The next five runs.'),
  upcomingInZone: described(listOf(text), 'The same in the words and the time zone of the rule.'),
} satisfies Record<keyof SchedulePreview, Schema>;

export const OPERATION_SCHEMAS: Readonly<Record<string, Schema>> = {
  Host: objectOf<HostView>({
    host: text,
    machine: orNull(text),
    version: text,
    slots: count,
    running: count,
    paused: flag,
    startedAt: instant,
    lastSeenAt: instant,
    names: listOf(
      objectOf<HostView['names'][number]>({
        name: text,
        concurrency: count,
        running: count,
        paused: flag,
      }),
    ),
  }),
  Hosts: objectOf<Hosts>({
    hosts: listOf(named('Host')),
    leases: described(
      listOf(
        objectOf<Hosts['leases'][number]>({
          id: text,
          name: text,
          host: text,
          attempt: count,
          lockedAt: instant,
          expiresAt: orNull(instant),
          progress: anything,
        }),
      ),
      'Of the jobs that run, at most 200, the longest running first.',
    ),
    more: described(flag, 'Whether more than these run.'),
  }),
  Schedule: objectOf<ScheduleView>({
    ...ofSummary,
    ...upcoming,
    repeatTimezone: orNull(text),
    repeatKey: orNull(text),
  }),
  Schedules: objectOf<Schedules>({
    schedules: listOf(named('Schedule')),
    cursor: described(orNull(text), 'For the next page, which may be short; null for none.'),
  }),
  SchedulePreview: objectOf<SchedulePreview>(upcoming),
};
