import {
  InvalidOptionError,
  InvalidScheduleError,
  type FindState,
  type Job,
  type JobScheduler,
} from '../../core/index.js';
import { COMMON_USAGE, noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { EXIT, type Command } from '../command.js';
import { zonedText } from '../format/clock-text.js';
import { shownState } from '../../core/job/shown-state.js';
import { jobDocument } from '../format/job-document.js';
import { printTable, stateCell } from '../format/job-table.js';
import { printJson } from '../format/json.js';
import { spanText } from '../format/span-text.js';
import type { Cell, Column } from '../format/table.js';
import { foundPages } from '../found-jobs.js';
import { withStore } from '../joined-store.js';

/** Where recurring jobs are: those that wait, run, wait for a retry, or have failed and wait for their next run. */
const STATES: readonly FindState[] = ['repeating', 'running', 'retrying'];
const DEFAULT_RUNS = 3;
const MOST_RUNS = 50;

const COLUMNS: readonly Column[] = [
  { title: 'NAME', mayShrink: true },
  { title: 'KEY', mayShrink: true },
  { title: 'RULE', mayShrink: true },
  { title: 'ZONE' },
  { title: 'STATE' },
  { title: 'NEXT RUNS' },
];

export const schedulesCommand: Command = {
  group: 'Looking',
  purpose: 'the recurring jobs and their next runs, in their time zones',
  usage: `schedules [options]

  --name <name>      of this name; several: of one of them
  --runs <n>         how many runs ahead are shown, up to ${MOST_RUNS} (${DEFAULT_RUNS})
  --utc              tell all times in UTC
${COMMON_USAGE}

Exit code 3: there is none.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      name: { type: 'string', multiple: true },
      runs: { type: 'string' },
      utc: { type: 'boolean' },
    });
    noWords(positionals);
    const runs = wholeNumberArgument('runs', values.runs, { max: MOST_RUNS }) ?? DEFAULT_RUNS;
    const { name: names, utc } = values;
    const jobs = await withStore(values, io, 'look', (scheduler) =>
      recurringJobs(scheduler, names, io.signal),
    );
    const zoneOf = (job: Job): string | undefined => (utc ? 'UTC' : job.repeatTimezone);
    const shownRuns = (job: Job): string[] =>
      upcomingRuns(job, runs).map((at) => zonedText(at, zoneOf(job)));
    if (values.json) {
      const schedules = jobs.map((job) => ({
        ...jobDocument(job),
        repeatKey: job.repeatKey ?? null,
        upcoming: upcomingRuns(job, runs),
        upcomingInZone: shownRuns(job),
      }));
      printJson(io, { schedules });
    } else if (jobs.length === 0) io.tell('No recurring job.');
    else
      printTable(
        io,
        COLUMNS,
        jobs.flatMap((job) => rowsOf(job, shownRuns(job))),
      );
    return jobs.length > 0 ? EXIT.done : EXIT.nothing;
  },
};

/** A rule that another writer has left is shown, although nobody understands it. */
function upcomingRuns(job: Job, most: number): Date[] {
  try {
    return job.upcoming(most);
  } catch (error) {
    if (error instanceof InvalidScheduleError || error instanceof InvalidOptionError) return [];
    throw error;
  }
}

/** One row for each run; what is the same for all stands in the first. */
function rowsOf(job: Job, runs: readonly string[]): Cell[][] {
  const [first = '-', ...later] = runs;
  const { repeatInterval: interval = job.attrs.repeatAt } = job;
  const rule = typeof interval === 'number' ? `every ${spanText(interval)}` : String(interval);
  const zone = job.repeatTimezone ?? '(local)';
  const head = [job.name, job.repeatKey ?? '-', rule, zone, stateCell(shownState(job)), first];
  return [head, ...later.map((run) => ['', '', '', '', '', run])];
}

/** Those that run next come first. */
async function recurringJobs(
  scheduler: JobScheduler,
  names: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Job[]> {
  const found = new Map<string, Job>();
  for (const state of STATES) {
    const filter = { state, ...(names && { names }) };
    for await (const page of foundPages(scheduler, filter, signal)) {
      for (const job of page.filter(isRecurring)) found.set(job.id, job);
    }
  }
  signal.throwIfAborted();
  return [...found.values()].toSorted((a, b) => timeOf(a) - timeOf(b));
}

const isRecurring = (job: Job): boolean =>
  job.repeatInterval !== undefined || job.attrs.repeatAt !== undefined;

const timeOf = ({ nextRunAt }: Job): number => nextRunAt?.getTime() ?? Infinity;
