import { COMMON_USAGE, oneWordAtMost, readArguments } from '../arguments.js';
import { EXIT, type Command } from '../command.js';
import { plainText } from '../format/plain-text.js';
import { printJson } from '../format/json.js';
import { withStore } from '../joined-store.js';

const EVERYTHING = 'everything';

export const pauseCommand: Command = {
  group: 'Names',
  purpose: 'start no more jobs of a name, or of any, until resume',
  usage: `pause [name] [options]

  --reason <text>    why, for people
${COMMON_USAGE}

Without a name everything is paused. Jobs that run go on.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, { reason: { type: 'string' } });
    const name = oneWordAtMost(positionals);
    const options = values.reason === undefined ? {} : { reason: values.reason };
    const { running } = await withStore(values, io, 'change', (scheduler) =>
      name === undefined ? scheduler.pause(options) : scheduler.pause(name, options),
    );
    if (values.json) printJson(io, { name: name ?? null, paused: true, running });
    else io.print(`Paused ${plainText(name ?? EVERYTHING)}; ${running} of its jobs run still.`);
    return EXIT.done;
  },
};

export const resumeCommand: Command = {
  group: 'Names',
  purpose: 'take the pause of a name back, or that of everything',
  usage: `resume [name] [options]

${COMMON_USAGE}

Without a name the pause of everything is taken back; names that are paused on their own stay so.
Exit code 3: it was not paused.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {});
    const name = oneWordAtMost(positionals);
    const wasPaused = await withStore(values, io, 'change', (scheduler) => scheduler.resume(name));
    const what = plainText(name ?? EVERYTHING);
    if (values.json) printJson(io, { name: name ?? null, paused: false, wasPaused });
    else if (wasPaused) io.print(`Resumed ${what}.`);
    else io.tell(`${what} was not paused.`);
    return wasPaused ? EXIT.done : EXIT.nothing;
  },
};
