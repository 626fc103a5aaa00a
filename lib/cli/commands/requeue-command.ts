import { COMMON_USAGE, readArguments } from '../arguments.js';
import type { Command } from '../command.js';
import { dataArgument } from '../data-argument.js';
import { changeEach, reportChanges } from '../id-changes.js';
import { withStore } from '../joined-store.js';
import { UsageError } from '../usage-error.js';

export const requeueCommand: Command = {
  group: 'Dead letters',
  purpose: 'bring dead letters back by their ids; see also dead requeue',
  usage: `requeue <id>... [options]

  --data <json>      what they are to work with from now on: JSON, @file, or - for the standard input
  --at <when>        when to run: an instant, or words such as "in 10 minutes" (now)
  --keep-attempts    attempts are not counted anew: one more run each
${COMMON_USAGE}

Exit code 3: none was a dead letter.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      data: { type: 'string' },
      at: { type: 'string' },
      'keep-attempts': { type: 'boolean' },
    });
    if (positionals.length === 0) throw new UsageError('Say which dead letters: their ids.');
    const data = await dataArgument(values.data, io);
    const options = {
      ...(data !== undefined && { data }),
      ...(values.at !== undefined && { runAt: values.at }),
      ...(values['keep-attempts'] && { resetAttempts: false }),
    };
    const changes = await withStore(values, io, 'change', (scheduler) =>
      changeEach(positionals, io, async (id) => {
        const { outcome, holder } = await scheduler.requeue(id, options);
        return holder === undefined ? outcome : `${outcome} by ${holder}`;
      }),
    );
    return reportChanges(io, values, changes);
  },
};
