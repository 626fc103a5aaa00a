import type { StateCounts } from '../../core/index.js';
import { COMMON_USAGE, oneWordAtMost, readArguments } from '../arguments.js';
import { EXIT, type Command, type CommandIo } from '../command.js';
import { printTable } from '../format/job-table.js';
import { printJson } from '../format/json.js';
import type { Cell, Column } from '../format/table.js';
import { withStore } from '../joined-store.js';

/** What is counted as `paused` are the disabled jobs; to people that would look like a paused name. */
const STATES = [
  ['scheduled', 'SCHEDULED'],
  ['queued', 'QUEUED'],
  ['running', 'RUNNING'],
  ['completed', 'COMPLETED'],
  ['failed', 'FAILED'],
  ['dead', 'DEAD'],
  ['repeating', 'REPEATING'],
  ['paused', 'DISABLED'],
  ['total', 'TOTAL'],
] as const satisfies readonly (readonly [keyof StateCounts, string])[];

/** On a narrow screen. */
const MAY_GO: ReadonlySet<string> = new Set(['completed', 'repeating', 'paused', 'scheduled']);

export const countsCommand: Command = {
  group: 'Looking',
  purpose: 'how many jobs there are in each state, by name',
  usage: `counts [name] [options]

${COMMON_USAGE}

failed counts all jobs that failed last, dead those of them that do not run again. Exit code 3: the name has no jobs.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {});
    const name = oneWordAtMost(positionals);
    const counts = await withStore(values, io, 'look', async (scheduler) =>
      name === undefined ? scheduler.counts() : { [name]: await scheduler.counts(name) },
    );
    const total = sumOf(Object.values(counts));
    if (values.json) printJson(io, { names: counts, total });
    else print(io, counts, total);
    return name !== undefined && total.total === 0 ? EXIT.nothing : EXIT.done;
  },
};

function print(
  io: CommandIo,
  counts: Readonly<Record<string, StateCounts>>,
  total: StateCounts,
): void {
  const columns: Column[] = [
    { title: 'NAME', mayShrink: true },
    ...STATES.map(([state, title]) => ({ title, isNumber: true, mayGo: MAY_GO.has(state) })),
  ];
  const rowOf = (name: string, of: StateCounts): Cell[] => [
    name,
    ...STATES.map(([state]): Cell => {
      const isAlarming = state === 'dead' && of.dead > 0;
      return { text: String(of[state]), styles: isAlarming ? ['red'] : [] };
    }),
  ];
  const names = Object.keys(counts).toSorted((a, b) => (a < b ? -1 : 1));
  const rows = names.map((name) => rowOf(name, counts[name]!));
  if (names.length !== 1) rows.push(rowOf('(all)', total));
  printTable(io, columns, rows);
}

function sumOf(all: readonly StateCounts[]): StateCounts {
  const sum = (state: keyof StateCounts): number =>
    all.reduce((total, counts) => total + counts[state], 0);
  return Object.fromEntries(STATES.map(([state]) => [state, sum(state)])) as StateCounts;
}
