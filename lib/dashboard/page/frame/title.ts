import type { Route, View } from '../router.js';

const TITLES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  name: 'Name',
  jobs: 'Jobs',
  job: 'Job',
  dead: 'Dead letters',
  schedules: 'Schedules',
  hosts: 'Hosts',
  unknown: 'Nothing here',
};

/** Of the window: what tells it from others first. */
export function titleOf({ view, subject }: Route): string {
  const title = subject === '' ? TITLES[view] : `${subject} · ${TITLES[view]}`;
  return view === 'jobs' ? title : `${title} · Jobs`;
}
