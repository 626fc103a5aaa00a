import { FIND_STATES } from '../../core/query/find-query.js';
import { LINES_OF_A_PAGE, MOST_LINES } from '../read/job-logs.js';
import { JOBS_OF_A_PAGE, MOST_JOBS } from '../read/job-list.js';
import { described, listOf, oneOf, text, type Schema } from './schema.js';

/** A parameter in the query, where nothing else is said. */
export interface Parameter {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired?: boolean;
}

export interface Route {
  readonly path: string;
  readonly summary: string;
  readonly query?: readonly Parameter[];
  /** The name of the schema of its body: it is a change. */
  readonly body?: string;
  /** The name of the schema of its answer. */
  readonly answer?: string;
}

const page = (most: number, usual: number): Parameter => ({
  name: 'limit',
  schema: { type: 'integer', minimum: 1, maximum: most, default: usual },
});

const cursor: Parameter = {
  name: 'cursor',
  schema: described(text, 'What the page before brought, with the same filter.'),
};

export const READ_ROUTES: readonly Route[] = [
  { path: '/session', summary: 'Opens a session: the token for changes.', answer: 'Session' },
  { path: '/overview', summary: 'The first view.', answer: 'Overview' },
  {
    path: '/live',
    summary:
      'Server-sent events: `overview` (Overview) when it has changed, at most once a second; `jobs` (what happened ' +
      'to single jobs, a list of id, name and event), gathered for 250 ms, 500 at most; `ping` every 15 seconds.',
  },
  { path: '/names/{name}', summary: 'One job name.', answer: 'NameDetail' },
  {
    path: '/jobs',
    summary: 'A page of jobs.',
    query: [
      { name: 'name', schema: described(listOf(text), 'Any of these names.') },
      { name: 'state', schema: oneOf(...FIND_STATES) },
      {
        name: 'id',
        schema: described(text, 'One job at most; beside it nothing else is asked for.'),
      },
      { name: 'tag', schema: described(listOf(text), 'All of these tags.') },
      { name: 'data', schema: described(text, 'JSON: jobs whose data contains it.') },
      page(MOST_JOBS, JOBS_OF_A_PAGE),
      cursor,
    ],
    answer: 'JobPage',
  },
  { path: '/jobs/{id}', summary: 'All about a job.', answer: 'JobDetail' },
  {
    path: '/jobs/{id}/logs',
    summary: 'What its handler has logged, oldest first.',
    query: [page(MOST_LINES, LINES_OF_A_PAGE), cursor],
    answer: 'LogPage',
  },
  {
    path: '/schedules',
    summary: 'The recurring jobs and their next runs, 100 a page at most.',
    query: [cursor],
    answer: 'Schedules',
  },
  {
    path: '/schedules/preview',
    summary: 'When a rule would run.',
    query: [
      {
        name: 'interval',
        schema: described(text, 'An interval or a cron rule.'),
        isRequired: true,
      },
      { name: 'timezone', schema: described(text, 'IANA name. Left out: that of the process.') },
    ],
    answer: 'SchedulePreview',
  },
  { path: '/hosts', summary: 'Who works, and on what.', answer: 'Hosts' },
  { path: '/openapi.json', summary: 'This document.' },
];

const ofJob = (action: string, summary: string, body = 'EmptyBody'): Route => ({
  path: `/jobs/{id}/${action}`,
  summary,
  body,
  answer: 'Changed',
});

export const CHANGE_ROUTES: readonly Route[] = [
  { path: '/jobs', summary: 'Adds a job.', body: 'AddBody', answer: 'Changed' },
  {
    path: '/jobs/bulk',
    summary: 'The same for up to 200 jobs, each for itself.',
    body: 'BulkBody',
    answer: 'BulkAnswer',
  },
  ofJob('requeue', 'A dead letter runs again.', 'RequeueBody'),
  ofJob('promote', 'What waits for a time ahead runs now.'),
  ofJob('cancel', 'Removes a job that waits or runs; its handler is told to end.', 'CancelBody'),
  ofJob('disable', 'Holds a job back.'),
  ofJob('enable', 'Holds it back no longer.'),
  ofJob('remove', 'Removes a job that does not run.'),
  ofJob('run-again', 'Adds another job with its name, data and options.'),
  ofJob('update', 'Gives it other data or another priority.', 'UpdateBody'),
  ofJob('reschedule', 'Gives it another time.', 'RescheduleBody'),
  ofJob('change-schedule', 'Gives a recurring job another rule.', 'ChangeScheduleBody'),
  { path: '/pause', summary: 'Pauses everything.', body: 'PauseBody', answer: 'Switched' },
  {
    path: '/resume',
    summary: 'Ends the pause of everything.',
    body: 'EmptyBody',
    answer: 'Switched',
  },
  {
    path: '/names/{name}/pause',
    summary: 'Pauses a name.',
    body: 'PauseBody',
    answer: 'Switched',
  },
  {
    path: '/names/{name}/resume',
    summary: 'Ends the pause of a name.',
    body: 'EmptyBody',
    answer: 'Switched',
  },
  {
    path: '/dead/requeue',
    summary: 'Dead letters run again.',
    body: 'DeadBody',
    answer: 'DeadAnswer',
  },
  {
    path: '/dead/purge',
    summary: 'Removes dead letters for good.',
    body: 'DeadBody',
    answer: 'DeadAnswer',
  },
];
