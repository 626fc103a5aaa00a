import { parseDuration, type Job, type JobScheduler } from '../../core/index.js';
import { noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { EXIT, type CommandIo, type ExitCode } from '../command.js';
import { DEAD_ARGUMENTS, deadCriteria, type DeadCriteria } from '../dead-filter.js';
import { jobDocument } from '../format/job-document.js';
import { printDeadLetters } from '../format/job-table.js';
import { printJson } from '../format/json.js';
import type { FoundSome } from '../found-jobs.js';
import { withStore } from '../joined-store.js';

const DEFAULT_LIMIT = 50;
const MOST_JOBS = 10_000;
const PAGE = 200;

export async function listDead(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, {
    ...DEAD_ARGUMENTS,
    cursor: { type: 'string' },
    utc: { type: 'boolean' },
  });
  noWords(positionals);
  const limit = wholeNumberArgument('limit', values.limit, { max: MOST_JOBS }) ?? DEFAULT_LIMIT;
  const criteria = deadCriteria(values);
  const from = { cursor: values.cursor, limit };
  const { jobs, cursor } = await withStore(values, io, 'look', (scheduler) =>
    findDead(scheduler, criteria, from, io.signal),
  );
  if (values.json) printJson(io, { jobs: jobs.map(jobDocument), cursor: cursor ?? null });
  else if (jobs.length === 0) io.tell('No such dead letter.');
  else {
    printDeadLetters(io, jobs, values);
    if (cursor !== undefined) io.tell(`More: --cursor ${cursor}`);
  }
  return jobs.length > 0 ? EXIT.done : EXIT.nothing;
}

/** Reason and age are no indexes: of each page those that fit are kept. */
async function findDead(
  scheduler: JobScheduler,
  { names, reason, olderThan }: DeadCriteria,
  { cursor: from, limit }: { readonly cursor: string | undefined; readonly limit: number },
  signal: AbortSignal,
): Promise<FoundSome> {
  const diedUntil = olderThan === undefined ? Infinity : Date.now() - ageOf(olderThan);
  const isMeant = (job: Job): boolean =>
    (reason === undefined || job.deadReason === reason) && Number(job.failedAt) <= diedUntil;
  const options = { state: 'dead' as const, ...(names && { names }) };
  const jobs: Job[] = [];
  for (let cursor = from; ;) {
    signal.throwIfAborted();
    const room = limit - jobs.length;
    let page = await scheduler.find({ ...options, limit: PAGE, cursor });
    // A cursor stands behind whole pages, and shorter ones are no parts of longer ones: they may hold other jobs.
    if (page.jobs.filter(isMeant).length > room) {
      page = await scheduler.find({ ...options, limit: room, cursor });
    }
    jobs.push(...page.jobs.filter(isMeant));
    ({ cursor } = page);
    if (cursor === undefined || jobs.length >= limit) return { jobs, cursor };
  }
}

const ageOf = (olderThan: string): number =>
  /^0+$/.test(olderThan) ? 0 : parseDuration(olderThan);
