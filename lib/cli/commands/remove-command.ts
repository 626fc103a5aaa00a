import { COMMON_USAGE, readArguments } from '../arguments.js';
import type { Command } from '../command.js';
import { changeEach, reportChanges } from '../id-changes.js';
import { withStore } from '../joined-store.js';
import { UsageError } from '../usage-error.js';

export const removeCommand: Command = {
  group: 'Jobs',
  purpose: 'remove jobs by their ids; see also cancel, clean and dead purge',
  usage: `remove <id>... [options]

${COMMON_USAGE}

Exit code 3: there was no such job.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {});
    if (positionals.length === 0) throw new UsageError('Say which jobs: their ids.');
    const changes = await withStore(values, io, 'change', (scheduler) =>
      changeEach(positionals, io, async (id) =>
        (await scheduler.remove(id)) ? 'ok' : 'not-found',
      ),
    );
    return reportChanges(io, values, changes);
  },
};
