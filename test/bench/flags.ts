import { parseArgs } from 'node:util';
import { type StockKind, STOCK_KINDS } from './roles/stock-up.js';
import { type SystemName, systemNames } from './systems/index.js';

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

export const FLAG_HELP = `
  --jobs N        measured jobs per measurement; slow measurements take a quarter   20000
  --rounds N      rounds that count, after one that warms up                        5
  --payload N     bytes of JSON per job                                             200
  --work N        ms that a handler sleeps                                          0
  --aof           append-only file, synced every second
  --systems A,B   ${systemNames.join(', ')}   all that make sense
  --only TEXT     measurements whose title contains it
  --stored N      growth, queries, dashboard: jobs in the store                     1000000
  --stock A,B     growth: ${STOCK_KINDS.join(', ')}                            finished
  --prof DIR      profile: where the CPU profiles go                                .bench/profiles
  --json FILE     the figures, for programs
`;

export function readFlags(args: string[]): { command: string | undefined; flags: Flags } {
  const { values, positionals } = parseArgs({
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
    },
  });
  return {
    command: positionals[0],
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

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`Expected --${flag} to be a whole number of ${least} or more, got "${text}".`);
}

function members<Name extends string>(flag: string, text: string, known: readonly Name[]): Name[] {
  return text.split(',').map((part) => {
    const name = known.find((one) => one === part);
    if (name) return name;
    throw new Error(`Expected --${flag} to list some of ${known.join(', ')}, got "${part}".`);
  });
}
