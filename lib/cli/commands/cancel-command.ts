import type { JobScheduler } from '../../core/index.js';
import { COMMON_USAGE, readArguments } from '../arguments.js';
import { changePages, reportBulk } from '../bulk.js';
import type { Command } from '../command.js';
import { FILTER_ARGUMENTS, FILTER_USAGE } from '../filter-arguments.js';
import { foundPages } from '../found-jobs.js';
import { changeEach, reportChanges } from '../id-changes.js';
import { withStore } from '../joined-store.js';
import { meantJobs } from '../meant-jobs.js';

export const cancelCommand: Command = {
  group: 'Jobs',
  purpose: 'remove jobs in whatever state; the signals of running ones fire',
  usage: `cancel <id>... | <filter> [options]

${FILTER_USAGE}
  --reason <text>    what the handlers of running ones are told
${COMMON_USAGE}

Exit code 3: there was no such job.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      ...FILTER_ARGUMENTS,
      reason: { type: 'string' },
    });
    const meant = meantJobs(positionals, values);
    const options = values.reason === undefined ? {} : { reason: values.reason };
    const cancelOne = async (scheduler: JobScheduler, id: string): Promise<string> =>
      (await scheduler.cancel(id, options)) > 0 ? 'ok' : 'not-found';
    if (meant.by === 'id') {
      const changes = await withStore(values, io, 'change', (scheduler) =>
        changeEach(meant.ids, io, (id) => cancelOne(scheduler, id)),
      );
      return reportChanges(io, values, changes);
    }
    const { filter } = meant;
    const result = await withStore(values, io, 'change', (scheduler) =>
      changePages(foundPages(scheduler, filter, io.signal), io, (jobs) =>
        // The filter once more: their data may have changed meanwhile.
        scheduler.cancel({ ...filter, ids: jobs.map(({ id }) => id) }, options),
      ),
    );
    return reportBulk(io, values, 'cancelled', result);
  },
};
