import { parseArgs } from 'node:util';
import { MOST_PARTITIONS } from '../redis/redis-options.js';
import { repartition } from '../redis/repartition/repartition.js';
import { CONNECTION_ARGUMENTS, CONNECTION_USAGE, connectionOf } from './connection-arguments.js';
import { UsageError, type Command } from './usage.js';

export const repartitionCommand: Command = {
  purpose: 'change the number of partitions of a store; stop all workers and producers first',
  usage: `repartition --url <url> --from <n> --to <m>

  --from <n>         how many partitions the store has, 1 to 256
  --to <m>           how many it is to have, 1 to 256
  --dry-run          look whether it can be done, and change nothing
${CONNECTION_USAGE}

A run that was killed is gone on with by the same command. Redis needs room for a second copy of the store.`,

  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...CONNECTION_ARGUMENTS,
        from: { type: 'string' },
        to: { type: 'string' },
        'dry-run': { type: 'boolean' },
      },
    });
    const what = {
      from: partitions('from', values.from),
      to: partitions('to', values.to),
      dryRun: values['dry-run'] ?? false,
    };
    await repartition(connectionOf(values, io), what, (line) => io.tell(line));
  },
};

function partitions(name: string, text: string | undefined): number {
  const value = /^\d+$/.test(text ?? '') ? Number(text) : 0;
  if (value >= 1 && value <= MOST_PARTITIONS) return value;
  throw new UsageError(`--${name} takes a whole number from 1 to ${MOST_PARTITIONS}.`);
}
