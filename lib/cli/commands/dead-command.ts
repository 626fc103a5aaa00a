import { COMMON_USAGE } from '../arguments.js';
import type { Command, CommandIo, ExitCode } from '../command.js';
import { UsageError } from '../usage-error.js';
import { listDead } from './dead-list.js';
import { purgeDead } from './dead-purge.js';
import { requeueDead } from './dead-requeue.js';

type Action = (args: readonly string[], io: CommandIo) => Promise<ExitCode>;

const ACTIONS: ReadonlyMap<string | undefined, Action> = new Map([
  ['list', listDead],
  ['requeue', requeueDead],
  ['purge', purgeDead],
]);

export const deadCommand: Command = {
  group: 'Dead letters',
  purpose: 'list, requeue or purge jobs that have failed for good',
  usage: `dead list|requeue|purge [options]

  --name <name>      of this name; several: of one of them
  --reason <reason>  why they died: exhausted, unrecoverable, discarded, stalled, expired, or invalid-data
  --older-than <duration>
                     how long ago they died, at least, such as "1 hour"
  --limit <n>        how many at most (list: 50; else no limit)
${COMMON_USAGE}

dead list            those that died last come first
  --cursor <cursor>  go on where a list ended, with the same filter
  --utc              tell times in UTC
dead requeue         brings them back, those that died first come first
  --yes              all of them: needed where no --name and no --reason is given
  --at <when>        when to run: an instant, or words such as "in 10 minutes" (now)
  --keep-attempts    attempts are not counted anew: one more run each
  --per-second <n>   at most so many jobs a second
  --dry-run          only tell how many match
dead purge           removes them for good, those that died first come first
  --yes              all of them: needed where no --name and no --reason is given

Exit code 3: there was none.`,

  async run([action, ...args], io) {
    const act = ACTIONS.get(action);
    if (!act) throw new UsageError('Say what to do with dead letters: list, requeue, or purge.');
    return act(args, io);
  },
};
