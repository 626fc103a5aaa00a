import { COMMON_USAGE, noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { reportBulk } from '../bulk.js';
import { cleanInTurns } from '../clean-in-turns.js';
import type { Command } from '../command.js';
import { withStore } from '../joined-store.js';
import { UsageError } from '../usage-error.js';

export const cleanCommand: Command = {
  group: 'Jobs',
  purpose: 'remove jobs that ended long ago, the oldest first',
  usage: `clean --state <state> --older-than <duration> [options]

  --state <state>    completed, or dead
  --older-than <duration>
                     how long ago they ended, at least, such as "7 days"; 0 for all
  --name <name>      of this name; several: of one of them
  --limit <n>        how many at most (no limit)
${COMMON_USAGE}

Recurring jobs stay. Exit code 3: there was nothing to remove.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      state: { type: 'string' },
      'older-than': { type: 'string' },
      name: { type: 'string', multiple: true },
      limit: { type: 'string' },
    });
    noWords(positionals);
    const olderThan = values['older-than'];
    if (olderThan === undefined)
      throw new UsageError('Say --older-than, such as "7 days"; 0 for all.');
    const limit = wholeNumberArgument('limit', values.limit) ?? Infinity;
    const { name: names } = values;
    const options = { state: endedState(values.state), olderThan, ...(names && { names }) };
    const result = await withStore(values, io, 'change', (scheduler) =>
      cleanInTurns(scheduler, options, limit, io.signal),
    );
    return reportBulk(io, values, 'removed', result);
  },
};

/** The engine says `failed` of dead letters here, as Agenda's kin does; `list` says `dead`. */
function endedState(state: string | undefined): 'completed' | 'failed' {
  if (state === 'completed') return 'completed';
  if (state === 'dead' || state === 'failed') return 'failed';
  throw new UsageError('--state takes completed or dead.');
}
