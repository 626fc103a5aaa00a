import { noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { reportBulk } from '../bulk.js';
import { cleanInTurns } from '../clean-in-turns.js';
import type { CommandIo, ExitCode } from '../command.js';
import { DEAD_ARGUMENTS, deadCriteria, expectMeant } from '../dead-filter.js';
import { withStore } from '../joined-store.js';

export async function purgeDead(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, {
    ...DEAD_ARGUMENTS,
    yes: { type: 'boolean' },
  });
  noWords(positionals);
  const criteria = deadCriteria(values);
  expectMeant(criteria, values);
  const limit = wholeNumberArgument('limit', values.limit) ?? Infinity;
  const options = { olderThan: 0, ...criteria, state: 'failed' } as const;
  const result = await withStore(values, io, 'change', (scheduler) =>
    cleanInTurns(scheduler, options, limit, io.signal),
  );
  return reportBulk(io, values, 'removed', result);
}
