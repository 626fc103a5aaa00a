import { noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { bulkResultOf, reportBulk } from '../bulk.js';
import type { CommandIo, ExitCode } from '../command.js';
import { DEAD_ARGUMENTS, deadCriteria, expectMeant, withNames } from '../dead-filter.js';
import { withStore } from '../joined-store.js';

export async function requeueDead(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, {
    ...DEAD_ARGUMENTS,
    yes: { type: 'boolean' },
    at: { type: 'string' },
    'keep-attempts': { type: 'boolean' },
    'per-second': { type: 'string' },
    'dry-run': { type: 'boolean' },
  });
  noWords(positionals);
  const criteria = deadCriteria(values);
  const dryRun = values['dry-run'] ?? false;
  if (!dryRun) expectMeant(criteria, values);
  const limit = wholeNumberArgument('limit', values.limit);
  const perSecond = wholeNumberArgument('per-second', values['per-second']);
  const options = {
    signal: io.signal,
    dryRun,
    ...(limit !== undefined && { limit }),
    ...(perSecond !== undefined && { perSecond }),
    ...(values.at !== undefined && { runAt: values.at }),
    ...(values['keep-attempts'] && { resetAttempts: false }),
  };
  const access = dryRun ? 'look' : 'change';
  const result = await withStore(values, io, access, async (scheduler) =>
    scheduler.requeue(await withNames(scheduler, criteria), options),
  );
  if (!dryRun) return reportBulk(io, values, 'brought back', bulkResultOf(result));
  const { matched } = result;
  return reportBulk(io, values, 'would be brought back', {
    ...bulkResultOf(result),
    changed: matched,
  });
}
