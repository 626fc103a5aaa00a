import { setTimeout as sleep } from 'node:timers/promises';
import { COMMON_USAGE, noWords, readArguments } from '../arguments.js';
import { EXIT, type Command, type CommandIo, type Screen } from '../command.js';
import { parseDuration, type JobScheduler } from '../../core/index.js';
import { orAborted } from '../../core/or-aborted.js';
import { printJson } from '../format/json.js';
import { styleOf } from '../format/style.js';
import { topLines } from '../format/top-lines.js';
import { withStore } from '../joined-store.js';
import { LiveScreen } from '../live-screen.js';
import { readSnapshot, type Snapshot } from '../snapshot.js';
import { UsageError } from '../usage-error.js';

const DEFAULT_EVERY = '2 seconds';

export const topCommand: Command = {
  group: 'Looking',
  purpose: 'a live table: jobs of each name, rates, latency, hosts',
  usage: `top [options]

  --every <duration> how often it is drawn anew ("${DEFAULT_EVERY}")
  --once             once, and no more: also where the answer goes to a file or another program
  --utc              tell times in UTC
${COMMON_USAGE}

q or Ctrl-C leaves.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      every: { type: 'string' },
      once: { type: 'boolean' },
      utc: { type: 'boolean' },
    });
    noWords(positionals);
    const everyMs = parseDuration(values.every ?? DEFAULT_EVERY);
    if (everyMs < 100) throw new UsageError('--every takes 100 ms or more.');
    const { json, once, utc } = values;
    const { screen } = io;
    const draw = (snapshot: Snapshot, width?: number, height?: number): string[] =>
      topLines(snapshot, { style: styleOf(io), utc, width, height });
    return withStore(values, io, 'look', async (scheduler) => {
      if (json) printJson(io, await readSnapshot(scheduler));
      else if (once || !screen) {
        for (const line of draw(await readSnapshot(scheduler), screen?.columns)) io.print(line);
      } else await drawUntilLeft(scheduler, screen, io, everyMs, draw);
      return EXIT.done;
    });
  },
};

type Draw = (snapshot: Snapshot, width: number, height: number) => string[];

/** Until the user leaves. An error ends it with the terminal as it was before. */
async function drawUntilLeft(
  scheduler: JobScheduler,
  screen: Screen,
  { signal }: CommandIo,
  everyMs: number,
  draw: Draw,
): Promise<void> {
  const left = new AbortController();
  const over = AbortSignal.any([signal, left.signal]);
  const live = new LiveScreen(screen, () => left.abort());
  try {
    while (!over.aborted) {
      // Who leaves does not wait for a store that does not answer.
      const snapshot = await orAborted(readSnapshot(scheduler), over);
      if (snapshot) live.show((width, height) => draw(snapshot, width, height));
      await sleep(everyMs, undefined, { signal: over }).catch(() => undefined);
    }
  } finally {
    live.close();
  }
}
