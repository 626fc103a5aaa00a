import { COMMON_USAGE, readArguments, wholeNumberArgument } from '../arguments.js';
import { bulkResultOf, reportBulk } from '../bulk.js';
import type { Command } from '../command.js';
import { FILTER_ARGUMENTS, FILTER_USAGE } from '../filter-arguments.js';
import { changeEach, reportChanges } from '../id-changes.js';
import { withStore } from '../joined-store.js';
import { meantJobs } from '../meant-jobs.js';
import { UsageError } from '../usage-error.js';

export const promoteCommand: Command = {
  group: 'Jobs',
  purpose: 'make jobs due now that wait for a time ahead, or for their retry',
  usage: `promote <id>... | <filter> [options]

${FILTER_USAGE}
  --limit <n>        with a filter: how many at most
${COMMON_USAGE}

Exit code 3: none was made due.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      ...FILTER_ARGUMENTS,
      limit: { type: 'string' },
    });
    const meant = meantJobs(positionals, values);
    const limit = wholeNumberArgument('limit', values.limit);
    if (meant.by === 'id') {
      if (limit !== undefined) throw new UsageError('--limit is for a filter.');
      const changes = await withStore(values, io, 'change', (scheduler) =>
        changeEach(meant.ids, io, (id) => scheduler.promote(id)),
      );
      return reportChanges(io, values, changes);
    }
    const options = { signal: io.signal, ...(limit !== undefined && { limit }) };
    const result = await withStore(values, io, 'change', (scheduler) =>
      scheduler.promote(meant.filter, options),
    );
    return reportBulk(io, values, 'made due', bulkResultOf(result));
  },
};
