import { repartition } from '../../redis/repartition/repartition.js';
import { MOST_PARTITIONS } from '../../redis/redis-options.js';
import { COMMON_USAGE, noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { EXIT, type Command } from '../command.js';
import { connectionOf } from '../connection-arguments.js';
import { printJson } from '../format/json.js';
import { UsageError } from '../usage-error.js';

export const repartitionCommand: Command = {
  group: 'The store',
  purpose: 'change the number of partitions of a store; stop all workers and producers first',
  usage: `repartition --url <url> --from <n> --to <m>

  --from <n>         how many partitions the store has, 1 to 256
  --to <m>           how many it is to have, 1 to 256
  --dry-run          look whether it can be done, and change nothing
${COMMON_USAGE}

Ctrl-C while it copies leaves the store as it was. A run that was killed is gone on with by the same command. Redis needs room for a second copy of the store.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      from: { type: 'string' },
      to: { type: 'string' },
      'dry-run': { type: 'boolean' },
    });
    noWords(positionals);
    const what = {
      from: partitions('from', values.from),
      to: partitions('to', values.to),
      dryRun: values['dry-run'] ?? false,
    };
    const { json = false } = values;
    const tell = (line: string): void => (json ? io.tell(line) : io.print(line));
    await repartition(connectionOf(values, io), { ...what, signal: io.signal }, tell);
    if (json) printJson(io, what);
    return EXIT.done;
  },
};

function partitions(name: string, text: string | undefined): number {
  const value = wholeNumberArgument(name, text, { max: MOST_PARTITIONS });
  if (value !== undefined) return value;
  throw new UsageError(`--${name} takes a whole number from 1 to ${MOST_PARTITIONS}.`);
}
