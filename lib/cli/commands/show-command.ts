import { setTimeout as sleep } from 'node:timers/promises';
import type { JobScheduler } from '../../core/index.js';
import { COMMON_USAGE, oneWord, readArguments } from '../arguments.js';
import { EXIT, type Command, type CommandIo } from '../command.js';
import { printInspection } from '../format/inspection-text.js';
import { inspectionDocument } from '../format/job-document.js';
import { printJson } from '../format/json.js';
import { plainText } from '../format/plain-text.js';
import { withStore } from '../joined-store.js';
import { UsageError } from '../usage-error.js';

/** How often a job that is followed is looked at. */
const LOOK_EVERY_MS = 500;
const LINES_AT_ONCE = 1_000;

export const showCommand: Command = {
  group: 'Jobs',
  purpose: 'all that is known of a job: data, attempts, lease, failure, log lines',
  usage: `show <id> [options]

  --logs             with the lines that its handler has logged
  --follow           with these, and those that come, until it has ended
  --utc              tell times in UTC
${COMMON_USAGE}

Exit code 3: there is no such job.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      logs: { type: 'boolean' },
      follow: { type: 'boolean' },
      utc: { type: 'boolean' },
    });
    const id = oneWord(positionals, 'which job: its id');
    const { json, logs, follow } = values;
    if (json && follow) throw new UsageError('--follow has no end that --json could wait for.');
    return withStore(values, io, 'look', async (scheduler) => {
      const inspection = await scheduler.inspect(id);
      if (!inspection) {
        if (json) printJson(io, null);
        else io.tell(`There is no job ${plainText(id)}.`);
        return EXIT.nothing;
      }
      if (json) {
        const lines = logs && { logs: await allLines(scheduler, id) };
        printJson(io, { ...inspectionDocument(inspection), ...lines });
        return EXIT.done;
      }
      printInspection(io, inspection, values);
      if (follow) await followLines(scheduler, id, io);
      else if (logs) printLines(io, await allLines(scheduler, id));
      return EXIT.done;
    });
  },
};

async function allLines(scheduler: JobScheduler, id: string): Promise<string[]> {
  const lines: string[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await scheduler.logs(id, { limit: LINES_AT_ONCE, cursor });
    lines.push(...(page?.lines ?? []));
    if (!page?.more) return lines;
    ({ cursor } = page);
  }
}

async function followLines(scheduler: JobScheduler, id: string, io: CommandIo): Promise<void> {
  const { signal } = io;
  for (let cursor: string | undefined; !signal.aborted;) {
    // Asked first: what it logs before its end is read after that.
    const job = await scheduler.get(id);
    const page = await scheduler.logs(id, { limit: LINES_AT_ONCE, cursor });
    printLines(io, page?.lines ?? []);
    cursor = page?.cursor ?? cursor;
    if (page?.more) continue;
    if (!job) io.tell('The job is removed.');
    if (!job || (job.nextRunAt === null && job.state !== 'running')) return;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function printLines(io: CommandIo, lines: readonly string[]): void {
  for (const line of lines) io.print(plainText(line));
}
