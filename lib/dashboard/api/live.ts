import type { Overview } from './overview.js';

/*
 * `GET api/live`: server-sent events, for as long as the page is open. `overview`, whenever something of it has changed,
 * at most once a second; `jobs`, what happened to single jobs, gathered for 250 ms, the newest 500 at most; `ping`
 * every 15 s. A stream begins with the overview, and ends after ten minutes, so that the guards are asked again, or when
 * the store does not answer.
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
