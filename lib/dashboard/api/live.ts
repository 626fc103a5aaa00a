import type { Overview } from './overview.js';

/*
 * `GET api/live`: server-sent events, for as long as the page is open. `overview`, whenever something of it has changed,
 * at most once a second; `jobs`, what happened to single jobs, gathered for 250 ms; `ping` every 15 s.
 */

export interface LiveEvents {
  readonly overview: Overview;
  readonly jobs: readonly JobNews[];
  readonly ping: { readonly at: string };
}

export interface JobNews {
  readonly id: string;
  readonly name: string;
  readonly event: 'start' | 'progress' | 'success' | 'fail' | 'retry' | 'complete';
}
