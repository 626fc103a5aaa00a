import type { Job, JobOptions, JobScheduler, Priority } from '../../core/index.js';
import { COMMON_USAGE, oneWord, readArguments, wholeNumberArgument } from '../arguments.js';
import { EXIT, type Command } from '../command.js';
import { dataArgument } from '../data-argument.js';
import { clockText } from '../format/clock-text.js';
import { jobDocument } from '../format/job-document.js';
import { printJson } from '../format/json.js';
import { plainText } from '../format/plain-text.js';
import { withStore } from '../joined-store.js';
import { UsageError } from '../usage-error.js';

const OPTIONS = {
  data: { type: 'string' },
  at: { type: 'string' },
  timezone: { type: 'string' },
  priority: { type: 'string' },
  id: { type: 'string' },
  'idempotency-key': { type: 'string' },
  'job-key': { type: 'string' },
  tag: { type: 'string', multiple: true },
  attempts: { type: 'string' },
  'expires-in': { type: 'string' },
  utc: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

export const enqueueCommand: Command = {
  group: 'Jobs',
  purpose: 'add a job',
  usage: `enqueue <name> [options]

  --data <json>      what it is to work with: JSON, @file, or - for the standard input
  --at <when>        when: an instant, or words such as "in 10 minutes", "tomorrow at 9am" (now)
  --timezone <zone>  in which --at is read, such as Europe/Paris (that of this machine)
  --priority <p>     a number, or lowest, low, normal, high, highest (normal)
  --id <id>          an id of your own: while a job has it, adding it again changes nothing
  --idempotency-key <key>
                     the same by a key of its own, which outlives the job
  --job-key <key>    with which jobs of its name it shares limits per key
  --tag <tag>        a word to find it by; may be repeated
  --attempts <n>     how often it may run because it failed
  --expires-in <duration>
                     it does not start any more after this time
  --utc              tell times in UTC
${COMMON_USAGE}

Prints the id. Exit code 3: there was such a job already, and nothing was changed.
The program does not know your handlers: what their options say of a job as it is added (its key, its priority,
a schema, a version) must be said here.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, OPTIONS);
    const name = oneWord(positionals, 'the name of the job');
    if (values.timezone !== undefined && values.at === undefined) {
      throw new UsageError('--timezone is for --at.');
    }
    const options = jobOptions(values);
    const data = await dataArgument(values.data, io);
    const job = await withStore(values, io, 'change', (scheduler) =>
      added(scheduler, name, data, options, values),
    );
    const isNew = job.created !== false;
    if (values.json) printJson(io, { ...jobDocument(job), created: isNew });
    else {
      io.print(plainText(job.id));
      const due = clockText(values)(job.nextRunAt);
      io.tell(isNew ? `Added, due at ${due}.` : 'There was such a job already.');
    }
    return isNew ? EXIT.done : EXIT.nothing;
  },
};

function jobOptions(values: Values): JobOptions {
  const attempts = wholeNumberArgument('attempts', values.attempts);
  const { id, tag, priority } = values;
  return {
    ...(id !== undefined && { id }),
    ...(values['idempotency-key'] !== undefined && { idempotencyKey: values['idempotency-key'] }),
    ...(values['job-key'] !== undefined && { key: values['job-key'] }),
    ...(values['expires-in'] !== undefined && { expiresIn: values['expires-in'] }),
    ...(tag && { tags: tag }),
    ...(attempts !== undefined && { attempts }),
    ...(priority !== undefined && { priority: priorityOf(priority) }),
  };
}

/** The engine knows the words. */
const priorityOf = (text: string): Priority =>
  /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : (text as Priority);

async function added(
  scheduler: JobScheduler,
  name: string,
  data: unknown,
  options: JobOptions,
  { at, timezone }: Values,
): Promise<Job> {
  if (at === undefined) return scheduler.now(name, data, options);
  return scheduler.schedule(at, name, data, {
    ...options,
    ...(timezone !== undefined && { timezone }),
  });
}
