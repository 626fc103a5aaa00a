import { parseArgs } from 'node:util';
import { type StockKind, STOCK_KINDS } from './roles/stock-up.js';
import { type SystemName, systemNames } from './systems/index.js';
import { UsageError } from './usage-error.js';

export interface Flags {
  readonly jobs: number;
  readonly rounds: number;
  readonly payloadBytes: number;
  readonly workMs: number;
  readonly aof: boolean;
  readonly systems: readonly SystemName[];
  readonly only: string;
  readonly stored: number;
  readonly stock: readonly StockKind[];
  readonly prof: string;
  readonly json: string | undefined;
}

export interface CommandLine {
  readonly command: string | undefined;
  readonly help: boolean;
  readonly flags: Flags;
}

export const FLAG_HELP = `
  --jobs N        measured jobs per measurement; slow measurements take fewer       20000
  --rounds N      rounds that count, after one that warms up                        5
  --payload N     bytes of JSON per job                                             200
  --work N        ms that a handler sleeps                                          0
  --aof           append-only file, synced every second
  --systems A,B   ${systemNames.join(', ')}
                  all that make sense
  --only TEXT     measurements whose label contains it; goals: their numbers, as P5,P6
  --stored N      growth, queries, dashboard, goals: jobs in the store              1000000
  --stock A,B     growth: ${STOCK_KINDS.join(', ')}                            finished
  --prof DIR      profile: where the CPU profiles go                                .bench/profiles
  --json FILE     the figures, for programs
  --help          this
`;

/** @throws UsageError */
export function readFlags(args: string[]): CommandLine {
  const { values, positionals } = parsed(args);
  const [command, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`Expected one command, got "${others[0]}" as well.`);
  return {
    command,
    help: values.help,
    flags: {
      jobs: wholeNumber('jobs', values.jobs, 100),
      rounds: wholeNumber('rounds', values.rounds, 1),
      payloadBytes: wholeNumber('payload', values.payload, 0),
      workMs: wholeNumber('work', values.work, 0),
      aof: values.aof,
      systems: values.systems === undefined ? [] : members('systems', values.systems, systemNames),
      only: values.only,
      stored: wholeNumber('stored', values.stored, 0),
      stock: members('stock', values.stock, STOCK_KINDS),
      prof: values.prof,
      json: values.json,
    },
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        jobs: { type: 'string', default: '20000' },
        rounds: { type: 'string', default: '5' },
        payload: { type: 'string', default: '200' },
        work: { type: 'string', default: '0' },
        aof: { type: 'boolean', default: false },
        systems: { type: 'string' },
        only: { type: 'string', default: '' },
        stored: { type: 'string', default: '1000000' },
        stock: { type: 'string', default: 'finished' },
        prof: { type: 'string', default: '.bench/profiles' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(
    `Expected --${flag} to be a whole number of ${least} or more, got "${text}".`,
  );
}

/** @throws UsageError for a part of the text that is none of the known names */
export function members<Name extends string>(
  flag: string,
  text: string,
  known: readonly Name[],
): Name[] {
  return text.split(',').map((part) => {
    const name = known.find((one) => one === part.trim());
    if (name) return name;
    throw new UsageError(`Expected --${flag} to list some of ${known.join(', ')}, got "${part}".`);
  });
}
