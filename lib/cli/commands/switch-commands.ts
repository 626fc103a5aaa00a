import type { Job, JobScheduler } from '../../core/index.js';
import { COMMON_USAGE, readArguments } from '../arguments.js';
import { changePages, reportBulk } from '../bulk.js';
import type { Command } from '../command.js';
import { FILTER_ARGUMENTS, FILTER_USAGE } from '../filter-arguments.js';
import { foundPages } from '../found-jobs.js';
import { changeEach, reportChanges } from '../id-changes.js';
import { withStore } from '../joined-store.js';
import { meantJobs } from '../meant-jobs.js';

export const disableCommand = switchCommand('disable', {
  purpose: 'take jobs out of the line; one that runs ends',
  isToChange: ({ disabled }) => !disabled,
});

export const enableCommand = switchCommand('enable', {
  purpose: 'put disabled jobs back into the line',
  isToChange: ({ disabled }) => disabled,
});

interface Switch {
  readonly purpose: string;
  readonly isToChange: (job: Job) => boolean;
}

function switchCommand(verb: 'disable' | 'enable', { purpose, isToChange }: Switch): Command {
  return {
    group: 'Jobs',
    purpose,
    usage: `${verb} <id>... | <filter> [options]

${FILTER_USAGE}
${COMMON_USAGE}

Exit code 3: there was nothing to ${verb}.`,

    async run(args, io) {
      const { values, positionals } = readArguments(args, FILTER_ARGUMENTS);
      const meant = meantJobs(positionals, values);
      const switchOne = async (scheduler: JobScheduler, id: string): Promise<string> => {
        const job = await scheduler.get(id);
        if (job && !isToChange(job)) return 'unchanged';
        return (await scheduler[verb](id)) > 0 ? 'ok' : 'not-found';
      };
      if (meant.by === 'id') {
        const changes = await withStore(values, io, 'change', (scheduler) =>
          changeEach(meant.ids, io, (id) => switchOne(scheduler, id)),
        );
        return reportChanges(io, values, changes);
      }
      const { filter } = meant;
      const result = await withStore(values, io, 'change', (scheduler) =>
        changePages(foundPages(scheduler, filter, io.signal), io, async (jobs) => {
          const ids = jobs.filter(isToChange).map(({ id }) => id);
          return ids.length === 0 ? 0 : scheduler[verb]({ ...filter, ids });
        }),
      );
      return reportBulk(io, values, `${verb}d`, result);
    },
  };
}
