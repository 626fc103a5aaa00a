import type { FindState } from '../../core/index.js';
import { COMMON_USAGE, noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { EXIT, type Command } from '../command.js';
import { FILTER_ARGUMENTS, FILTER_USAGE, filterOf } from '../filter-arguments.js';
import { jobDocument } from '../format/job-document.js';
import { printJobs } from '../format/job-table.js';
import { printJson } from '../format/json.js';
import { findSome } from '../found-jobs.js';
import { withStore } from '../joined-store.js';

const DEFAULT_LIMIT = 50;
const MOST_JOBS = 10_000;

export const listCommand: Command = {
  group: 'Jobs',
  purpose: 'jobs by state, name, tag and data',
  usage: `list [options]

  --state <state>    scheduled, queued, running, completed, failed, repeating, paused (disabled ones), dead, or
                     retrying
${FILTER_USAGE}
  --limit <n>        how many at most, up to ${MOST_JOBS} (${DEFAULT_LIMIT})
  --cursor <cursor>  go on where a list ended, with the same filter
  --utc              tell times in UTC
${COMMON_USAGE}

Ended jobs come newest first, waiting ones by their time, of one name after the other. Exit code 3: there is none.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      ...FILTER_ARGUMENTS,
      state: { type: 'string' },
      limit: { type: 'string' },
      cursor: { type: 'string' },
      utc: { type: 'boolean' },
    });
    noWords(positionals);
    const limit = wholeNumberArgument('limit', values.limit, { max: MOST_JOBS }) ?? DEFAULT_LIMIT;
    const { state, cursor: from } = values;
    const filter = {
      ...filterOf(values),
      ...(state !== undefined && { state: state as FindState }),
      cursor: from,
    };
    const { jobs, cursor } = await withStore(values, io, 'look', (scheduler) =>
      findSome(scheduler, filter, limit, io.signal),
    );
    if (values.json) printJson(io, { jobs: jobs.map(jobDocument), cursor: cursor ?? null });
    else if (jobs.length === 0) io.tell('No such job.');
    else {
      printJobs(io, jobs, values);
      if (cursor !== undefined) io.tell(`More: --cursor ${cursor}`);
    }
    return jobs.length > 0 ? EXIT.done : EXIT.nothing;
  },
};
